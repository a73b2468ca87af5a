#include "codec/note.h"

#include "base/test.h"

/* The example of c2sp.org/signed-note, with its verifier key. */
static const char example[] = "This is an example message.\n\n"
                              "\xe2\x80\x94 example.com/foo "
                              "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
                              "mFXmRKuwHjG1Yu72IneyaQM=\n";

static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

static cocoon_err parse(const char *text, struct note *out)
{
    struct fail fail = {0};
    cocoon_err err = note_parse(slice_text(text), out, &fail);

    assert_int_equal(fail.code, err);
    return err;
}

static void test_parts(void **state)
{
    static struct note note;

    (void)state;
    assert_int_equal(parse(example, &note), OK);
    assert_true(slice_eq_text(note.text, "This is an example message.\n"));
    assert_int_equal(note.count, 1);
    assert_int_equal(note.signatures[0].key_id, 0x530d903a);
    assert_int_equal(note.signatures[0].len, 64);
    assert_null(note_find(&note, SLICE_LIT("example.com/foo"), 1, NULL));
    assert_null(note_find(&note, SLICE_LIT("example.com/fo"), 0x530d903a, NULL));
    assert_ptr_equal(note_find(&note, SLICE_LIT("example.com/foo"), 0x530d903a, NULL),
                     &note.signatures[0]);
    assert_null(note_find(&note, SLICE_LIT("example.com/foo"), 0x530d903a, &note.signatures[0]));
}

/* The text ends at the last empty line, not at the first. */
static void test_last_empty_line(void **state)
{
    static struct note note;

    (void)state;
    assert_int_equal(parse("a\n\nb\n\n\xe2\x80\x94 n AAAAAAA=\n", &note), OK);
    assert_true(slice_eq_text(note.text, "a\n\nb\n"));
    assert_int_equal(note.signatures[0].len, 1);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name, *text;
        cocoon_err err;
    } cases[] = {
        {"empty", "", ERR_MALFORMED},
        {"no empty line", "a\n\xe2\x80\x94 n AAAAAAA=\n", ERR_MALFORMED},
        {"no signature", "a\n\n", ERR_MISSING},
        {"no last newline", "a\n\n\xe2\x80\x94 n AAAAAAA=", ERR_MALFORMED},
        {"hyphen for a dash", "a\n\n- n AAAAAAA=\n", ERR_MALFORMED},
        {"no name", "a\n\n\xe2\x80\x94  AAAAAAA=\n", ERR_MALFORMED},
        {"plus in the name", "a\n\n\xe2\x80\x94 a+b AAAAAAA=\n", ERR_MALFORMED},
        {"wide space in the name",
         "a\n\n\xe2\x80\x94 a\xc2\xa0"
         "b AAAAAAA=\n",
         ERR_MALFORMED},
        {"no signature bytes", "a\n\n\xe2\x80\x94 n AAAAAA==\n", ERR_MALFORMED},
        {"bad base64", "a\n\n\xe2\x80\x94 n AAAAAAA\n", ERR_MALFORMED},
        {"a word too many", "a\n\n\xe2\x80\x94 n AAAAAAA= x\n", ERR_MALFORMED},
        {"tab in the text", "a\tb\n\n\xe2\x80\x94 n AAAAAAA=\n", ERR_MALFORMED},
        {"not UTF-8", "a\xff\n\n\xe2\x80\x94 n AAAAAAA=\n", ERR_ENCODING},
    };
    static struct note note;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (parse(cases[i].text, &note) != cases[i].err)
            fail_msg("%s", cases[i].name);
}

/* Cut anywhere there is no note; at most what is left of a line of an unknown key is none. */
static void test_truncated(void **state)
{
    static struct note note;
    struct fail fail;

    (void)state;
    for (size_t len = 0; len + 1 < sizeof example - 1; len++)
        assert_int_not_equal(note_parse(slice_make(example, len), &note, &fail), OK);
}

static void test_signatures_limit(void **state)
{
    static struct note note;
    struct fail fail;
    struct buf text;

    (void)state;
    buf_init(&text, NOTE_MAX);
    buf_put_text(&text, "a\n\n");
    for (int i = 0; i < NOTE_SIGNATURES_MAX; i++)
        assert_int_equal(note_put_signature(&text, SLICE_LIT("n"), 7, SLICE_LIT("sig")), OK);
    assert_int_equal(note_parse(buf_slice(&text), &note, &fail), OK);
    assert_int_equal(note.count, NOTE_SIGNATURES_MAX);
    assert_int_equal(note_put_signature(&text, SLICE_LIT("n"), 7, SLICE_LIT("sig")), OK);
    assert_int_equal(note_parse(buf_slice(&text), &note, &fail), ERR_LIMIT);
    buf_fini(&text);
}

/* A signature that is too long for us (post-quantum) is passed over, not an error. */
static void test_long_signature(void **state)
{
    static struct note note;
    static uint8_t sig[2428];
    struct fail fail;
    struct buf text;

    (void)state;
    buf_init(&text, NOTE_MAX);
    buf_put_text(&text, "a\n\n");
    assert_int_equal(note_put_signature(&text, SLICE_LIT("n"), 7, SLICE_OF(sig)), OK);
    assert_int_equal(note_put_signature(&text, SLICE_LIT("m"), 8, SLICE_LIT("x")), OK);
    assert_int_equal(note_parse(buf_slice(&text), &note, &fail), OK);
    assert_int_equal(note.count, 1);
    assert_true(slice_eq_text(note.signatures[0].name, "m"));
    buf_fini(&text);
}

static void test_vkey(void **state)
{
    struct note_vkey key;
    struct fail fail;
    struct buf out;

    (void)state;
    assert_int_equal(note_vkey_parse(slice_text(vkey), &key, &fail), OK);
    assert_int_equal(key.key_id, 0x530d903a);
    assert_int_equal(key.type, NOTE_ED25519);
    buf_init(&out, 256);
    note_vkey_put(&out, &key);
    assert_true(slice_eq_text(buf_slice(&out), vkey));
    buf_fini(&out);
    for (size_t len = 0; len < sizeof vkey - 1; len++)
        assert_int_not_equal(note_vkey_parse(slice_make(vkey, len), &key, &fail), OK);
    assert_int_equal(note_vkey_parse(SLICE_LIT("n+00000000+Aukyeg=="), &key, &fail), ERR_ALGORITHM);
    assert_int_equal(note_vkey_parse(SLICE_LIT("n+0000000G+Aek="), &key, &fail), ERR_MALFORMED);
    assert_int_equal(note_vkey_parse(SLICE_LIT("n+00000000+Aek="), &key, &fail), ERR_MALFORMED);
}

static void test_inputs(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 256);
    note_key_input(&out, SLICE_LIT("name"), NOTE_COSIGNATURE, SLICE_LIT("key"));
    note_cosigned(&out, 1679315147, SLICE_LIT("text\n"));
    assert_true(
        slice_eq_text(buf_slice(&out), "name\n\x04keycosignature/v1\ntime 1679315147\ntext\n"));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_last_empty_line),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_signatures_limit),
        cmocka_unit_test(test_long_signature),
        cmocka_unit_test(test_vkey),
        cmocka_unit_test(test_inputs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
