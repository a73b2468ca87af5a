#include "ledger/checkpoint.h"

#include "base/b64.h"
#include "base/hex.h"
#include "base/test.h"
#include "codec/json.h"
#include "crypto/merkle.h"

enum { ENTRIES = 300 };

static struct buf text;
static struct arena arena;
static const struct json *vectors; /* NULL without the shared folder */

static int load(void **state)
{
    struct fail fail;

    (void)state;
    arena_init(&arena, 1 << 20);
    if (test_read_shared("data/vectors-ours/log.json", &text))
        return json_parse(buf_slice(&text), &arena, &vectors, &fail);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    arena_fini(&arena);
    buf_fini(&text);
    return 0;
}

static void leaves(struct digest out[ENTRIES])
{
    for (int i = 0; i < ENTRIES; i++) {
        char entry[32];

        snprintf(entry, sizeof entry, "entry %d", i);
        merkle_leaf(slice_text(entry), &out[i]);
    }
}

static void check_hashes(const char *name, const struct merkle_proof *proof)
{
    const struct json *array;
    size_t i = 0;

    assert_int_equal(json_get_array(vectors, name, &array), OK);
    assert_int_equal(array->count, proof->count);
    for (const struct json *e = array->first; e != NULL; e = e->next, i++) {
        struct slice want;
        struct buf hash;

        buf_init(&hash, 32);
        assert_int_equal(json_text(e, &want), OK);
        assert_int_equal(b64_read(want, &hash), OK);
        assert_true(slice_eq(buf_slice(&hash), digest_slice(&proof->hashes[i])));
        buf_fini(&hash);
    }
}

static void test_tree_vectors(void **state)
{
    static struct digest leaf[ENTRIES];
    struct merkle_proof proof;
    struct digest root, want;

    (void)state;
    if (vectors == NULL)
        return;
    leaves(leaf);
    merkle_root_of(leaf, ENTRIES, &root);
    assert_int_equal(json_get_hex(vectors, "root_hex", want.bytes, 32), OK);
    assert_true(digest_eq(&root, &want));
    assert_int_equal(merkle_prove_inclusion_in(leaf, ENTRIES, 123, &proof), OK);
    check_hashes("inclusion_123", &proof);
    assert_int_equal(merkle_prove_consistency_in(leaf, ENTRIES, 100, &proof), OK);
    check_hashes("consistency_100_300", &proof);
}

/* The signer of {"seed", "vkey"}; its vkey must come out as written. */
static void vector_signer(const struct json *o, uint8_t type, struct note_signer *out)
{
    struct secret32 seed;
    struct ed25519_key key;
    struct note_vkey parsed;
    struct slice vkey;
    struct fail fail;
    struct buf again;

    assert_int_equal(json_get_hex(o, "seed", seed.bytes, 32), OK);
    assert_int_equal(json_get_text(o, "vkey", &vkey), OK);
    ed25519_from_seed(&key, &seed);
    assert_int_equal(note_vkey_read(vkey, type, &parsed, &fail), OK);
    assert_int_equal(note_signer_init(out, parsed.name, type, &key), OK);
    buf_init(&again, 1024);
    note_signer_vkey(out, &again);
    assert_true(slice_eq(buf_slice(&again), vkey));
    buf_fini(&again);
}

/* The whole note of the vectors, byte for byte: a log and four witnesses. */
static void test_note_vector(void **state)
{
    static struct note note;
    struct note_signer signer;
    const struct json *log, *witnesses;
    struct digest root;
    struct slice want, origin;
    struct fail fail;
    struct buf out;
    uint64_t size, seen, time = 1790000000; /* of the first; one second more for each next */

    (void)state;
    if (vectors == NULL)
        return;
    buf_init(&out, 4096);
    assert_int_equal(json_get_text(vectors, "origin", &origin), OK);
    assert_int_equal(json_get_u64(vectors, "size", &size), OK);
    assert_int_equal(json_get_hex(vectors, "root_hex", root.bytes, 32), OK);
    assert_int_equal(json_get_text(vectors, "note", &want), OK);
    assert_int_equal(note_parse(want, &note, &fail), OK);
    checkpoint_put(&out, origin, size, &root);
    assert_true(slice_eq(buf_slice(&out), note.text));
    buf_put_text(&out, "\n");
    assert_int_equal(json_get_object(vectors, "log", &log), OK);
    vector_signer(log, NOTE_ED25519, &signer);
    assert_int_equal(note_signer_sign(&signer, note.text, 0, &out), OK);
    assert_int_equal(json_get_array(vectors, "witnesses", &witnesses), OK);
    for (const struct json *w = witnesses->first; w != NULL; w = w->next) {
        struct note_vkey key = {.type = NOTE_COSIGNATURE};

        vector_signer(w, NOTE_COSIGNATURE, &signer);
        assert_int_equal(note_signer_sign(&signer, note.text, time, &out), OK);
        key.name = slice_text(signer.name);
        key.key_id = signer.key_id;
        memcpy(key.public_key, signer.key.public.bytes, 32);
        assert_int_equal(note_verify(&note, &key, &seen), OK);
        assert_int_equal(seen, time++);
    }
    assert_true(slice_eq(buf_slice(&out), want));
    buf_fini(&out);
}

static void test_text(void **state)
{
    static const struct {
        const char *name, *text;
        cocoon_err err;
    } cases[] = {
        {"good", "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", OK},
        {"extension", "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n", OK},
        {"empty", "", ERR_TRUNCATED},
        {"no last newline", "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ERR_TRUNCATED},
        {"no origin", "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", ERR_MALFORMED},
        {"leading zero", "o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", ERR_MALFORMED},
        {"no size", "o\n\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", ERR_MALFORMED},
        {"beyond 63 bits", "o\n9223372036854775808\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
         ERR_MALFORMED},
        {"short root", "o\n1\nAAAA\n", ERR_MALFORMED},
        {"two lines", "o\n1\n", ERR_MALFORMED},
        {"empty extension", "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
         ERR_MALFORMED},
    };
    struct checkpoint c;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (checkpoint_read(slice_text(cases[i].text), &c) != cases[i].err)
            fail_msg("%s", cases[i].name);
}

static void test_vkey_checks(void **state)
{
    struct note_vkey key;
    struct fail fail;

    (void)state;
    assert_int_equal(note_vkey_read(SLICE_LIT("example.com/foo+530d903a+"
                                              "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
                                    NOTE_ED25519, &key, &fail),
                     OK);
    assert_int_equal(note_vkey_read(SLICE_LIT("example.com/foo+530d903a+"
                                              "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
                                    NOTE_COSIGNATURE, &key, &fail),
                     ERR_ALGORITHM);
    assert_int_equal(note_vkey_read(SLICE_LIT("example.com/bar+530d903a+"
                                              "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
                                    NOTE_ED25519, &key, &fail),
                     ERR_MALFORMED);
}

/* A bit of text, time or signature changed: the signature fails; an absent key is missing. */
static void test_signatures(void **state)
{
    static struct note note;
    struct note_signer signer;
    struct ed25519_key key;
    struct secret32 seed = {{1}};
    struct note_vkey vkey = {.name = SLICE_INIT("w"), .type = NOTE_COSIGNATURE};
    struct fail fail;
    struct buf out;
    uint64_t time;

    (void)state;
    ed25519_from_seed(&key, &seed);
    assert_int_equal(note_signer_init(&signer, SLICE_LIT("w"), NOTE_COSIGNATURE, &key), OK);
    memcpy(vkey.public_key, key.public.bytes, 32);
    vkey.key_id = signer.key_id;
    buf_init(&out, 1024);
    buf_put_text(&out, "text\n\n");
    assert_int_equal(note_signer_sign(&signer, SLICE_LIT("text\n"), 5, &out), OK);
    assert_int_equal(note_signer_sign(&signer, SLICE_LIT("text\n"), 9, &out), OK);
    assert_int_equal(note_parse(buf_slice(&out), &note, &fail), OK);
    assert_int_equal(note_verify(&note, &vkey, &time), OK);
    assert_int_equal(time, 9);
    for (size_t at = 0; at < note.signatures[1].len; at++) {
        note.signatures[1].bytes[at] ^= 1;
        assert_int_equal(note_verify(&note, &vkey, &time), ERR_SIGNATURE);
        note.signatures[1].bytes[at] ^= 1;
    }
    note.signatures[1].len--;
    assert_int_equal(note_verify(&note, &vkey, &time), ERR_SIGNATURE);
    note.text = SLICE_LIT("texx\n");
    assert_int_equal(note_verify(&note, &vkey, &time), ERR_SIGNATURE);
    vkey.key_id ^= 1;
    assert_int_equal(note_verify(&note, &vkey, &time), ERR_MISSING);
    assert_int_equal(note_signer_init(&signer, SLICE_LIT("a b"), NOTE_COSIGNATURE, &key),
                     ERR_MALFORMED);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_vectors), cmocka_unit_test(test_note_vector),
        cmocka_unit_test(test_text),         cmocka_unit_test(test_vkey_checks),
        cmocka_unit_test(test_signatures),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
