/*
 * Every base-mode constant of RFC 9180 appendix A (tests/vectors/rfc9180), and what a context must
 * refuse.
 */
#include "crypto/hpke.h"

#include "base/test.h"
#include "crypto/rand.h"

enum { VALUE_MAX = 96 };

/* The section at hand: the last value of each name. */
struct section {
    uint64_t numbers[8];
    uint8_t bytes[16][VALUE_MAX];
    size_t lens[16];
    struct hpke sender, receiver;
    bool open;
};

static const char *const number_names[] = {"kem_id", "kdf_id", "aead_id", "encryption", "export"};
static const char *const byte_names[] = {"info",
                                         "ikmE",
                                         "pkEm",
                                         "skEm",
                                         "ikmR",
                                         "pkRm",
                                         "skRm",
                                         "enc",
                                         "shared_secret",
                                         "base_nonce",
                                         "exporter_secret",
                                         "pt",
                                         "aad",
                                         "ct",
                                         "exporter_context",
                                         "exported_value"};

static size_t index_of(const char *const *names, size_t count, struct slice name)
{
    size_t i = 0;

    while (i < count && !slice_eq_text(name, names[i]))
        i++;
    return i;
}

static uint64_t number(const struct section *s, const char *name)
{
    return s->numbers[index_of(number_names, COUNT_OF(number_names), slice_text(name))];
}

static struct slice value(const struct section *s, const char *name)
{
    size_t i = index_of(byte_names, COUNT_OF(byte_names), slice_text(name));

    return slice_make(s->bytes[i], s->lens[i]);
}

static void assert_same(struct slice a, struct slice b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, b.len);
}

/* Randomness that is what the vector says. */
static void fixed_fill(void *state, void *out, size_t len)
{
    struct slice *left = state;

    assert_true(len <= left->len);
    memcpy(out, left->ptr, len);
    *left = slice_skip(*left, len);
}

/* All of the setup has been read: check it, and open both contexts. */
static void check_setup(struct section *s)
{
    struct slice ephemeral = value(s, "skEm");
    const struct rng rng = {fixed_fill, &ephemeral};
    struct hpke_suite suite;
    struct kem_key key, ephemeral_key;
    struct kem_public enc;
    struct secret32 shared;

    assert_true(hpke_suite_known((unsigned)number(s, "kem_id"), (unsigned)number(s, "kdf_id"),
                                 (unsigned)number(s, "aead_id"), &suite));
    assert_int_equal(kem_derive(suite.kem, value(s, "ikmR"), &key), OK);
    assert_same(kem_public_slice(&key.public), value(s, "pkRm"));
    assert_same(secret32_slice(&key.secret), value(s, "skRm"));
    assert_int_equal(kem_derive(suite.kem, value(s, "ikmE"), &ephemeral_key), OK);
    assert_same(kem_public_slice(&ephemeral_key.public), value(s, "pkEm"));
    assert_same(secret32_slice(&ephemeral_key.secret), value(s, "skEm"));
    assert_int_equal(kem_decap(&key, value(s, "enc"), &shared), OK);
    assert_same(secret32_slice(&shared), value(s, "shared_secret"));

    assert_int_equal(hpke_sender(&s->sender, suite, value(s, "pkRm"), value(s, "info"), &rng, &enc),
                     OK);
    assert_same(kem_public_slice(&enc), value(s, "enc"));
    assert_int_equal(
        hpke_receiver(&s->receiver, suite, &key, kem_public_slice(&enc), value(s, "info")), OK);
    assert_same(SLICE_OF(s->sender.base_nonce.bytes), value(s, "base_nonce"));
    assert_memory_equal(s->receiver.exporter_secret, value(s, "exporter_secret").ptr,
                        value(s, "exporter_secret").len);
    s->open = true;
    kem_wipe(&key);
    kem_wipe(&ephemeral_key);
}

static void check_encryption(struct section *s)
{
    struct slice plain = value(s, "pt"), sealed = value(s, "ct"), aad = value(s, "aad");
    uint8_t out[VALUE_MAX];

    s->sender.sequence = s->receiver.sequence = number(s, "encryption");
    assert_int_equal(hpke_seal(&s->sender, aad, plain, out), OK);
    assert_same(slice_make(out, plain.len + AEAD_TAG_LEN), sealed);
    assert_int_equal(hpke_open(&s->receiver, aad, sealed, out), OK);
    assert_same(slice_make(out, plain.len), plain);
}

static void check_export(struct section *s)
{
    uint8_t out[VALUE_MAX];
    size_t len = (size_t)number(s, "export");

    assert_int_equal(hpke_export(&s->sender, value(s, "exporter_context"), out, len), OK);
    assert_same(slice_make(out, len), value(s, "exported_value"));
    assert_int_equal(hpke_export(&s->receiver, value(s, "exporter_context"), out, len), OK);
    assert_same(slice_make(out, len), value(s, "exported_value"));
}

static void close_section(struct section *s)
{
    if (s->open) {
        hpke_fini(&s->sender);
        hpke_fini(&s->receiver);
    }
    s->open = false;
}

/* Take in one line and check what it completes. */
static void read_line(struct section *s, struct slice line, unsigned *checks)
{
    struct slice text = line, name = slice_trim(slice_cut(&text, '='));
    size_t n = index_of(number_names, COUNT_OF(number_names), name);
    size_t b = index_of(byte_names, COUNT_OF(byte_names), name);

    text = slice_trim(text);
    if (slice_eq_text(name, "suite")) {
        close_section(s);
    } else if (n < COUNT_OF(number_names)) {
        assert_int_equal(slice_u64(text, &s->numbers[n]), OK);
    } else {
        assert_true(b < COUNT_OF(byte_names));
        s->lens[b] = text.len / 2;
        assert_int_equal(hex_read(text, s->bytes[b], s->lens[b]), OK);
    }
    if (slice_eq_text(name, "exporter_secret"))
        check_setup(s);
    else if (slice_eq_text(name, "ct"))
        check_encryption(s);
    else if (slice_eq_text(name, "exported_value"))
        check_export(s);
    else
        return;
    ++*checks;
}

static unsigned check_file(const char *path)
{
    struct section s = {0};
    struct buf file;
    struct slice rest;
    unsigned checks = 0;

    if (!test_read_file(path, &file))
        fail_msg("cannot read %s", path);
    for (rest = buf_slice(&file); rest.len > 0;) {
        struct slice line = slice_trim(slice_cut(&rest, '\n'));

        if (line.len > 0 && line.ptr[0] != '#')
            read_line(&s, line, &checks);
    }
    close_section(&s);
    buf_fini(&file);
    return checks;
}

static void test_published(void **state)
{
    (void)state;
    assert_int_equal(check_file(TEST_VECTORS "/rfc9180/base.txt"), 5 * (1 + 6 + 3));
    assert_int_equal(check_file(TEST_VECTORS "/rfc9180/aes256.txt"), 1 + 6 + 3);
}

static const struct hpke_suite suite = {KEM_X25519, HPKE_HKDF_SHA256, AEAD_AES_256_GCM};

struct ends {
    struct kem_key key;
    struct hpke sender, receiver;
    struct kem_public enc;
};

static void connect(struct ends *e)
{
    assert_int_equal(kem_keygen(suite.kem, &rand_system, &e->key), OK);
    assert_int_equal(hpke_sender(&e->sender, suite, kem_public_slice(&e->key.public),
                                 SLICE_LIT("info"), &rand_system, &e->enc),
                     OK);
    assert_int_equal(
        hpke_receiver(&e->receiver, suite, &e->key, kem_public_slice(&e->enc), SLICE_LIT("info")),
        OK);
}

static void disconnect(struct ends *e)
{
    hpke_fini(&e->sender);
    hpke_fini(&e->receiver);
    kem_wipe(&e->key);
}

/* Messages open in order only; a refused one costs no sequence number. */
static void test_order(void **state)
{
    uint8_t first[20], second[20], out[20];
    struct ends e;

    (void)state;
    connect(&e);
    assert_int_equal(hpke_seal(&e.sender, SLICE_LIT("a"), SLICE_LIT("one"), first), OK);
    assert_int_equal(hpke_seal(&e.sender, SLICE_LIT("a"), SLICE_LIT("two"), second), OK);
    assert_int_equal(hpke_open(&e.receiver, SLICE_LIT("a"), slice_make(second, 19), out),
                     ERR_DECRYPT);
    assert_int_equal(hpke_open(&e.receiver, SLICE_LIT("b"), slice_make(first, 19), out),
                     ERR_DECRYPT);
    assert_int_equal(hpke_open(&e.receiver, SLICE_LIT("a"), slice_make(first, 19), out), OK);
    assert_memory_equal(out, "one", 3);
    assert_int_equal(hpke_open(&e.receiver, SLICE_LIT("a"), slice_make(first, 19), out),
                     ERR_DECRYPT);
    assert_int_equal(hpke_open(&e.receiver, SLICE_LIT("a"), slice_make(second, 19), out), OK);
    assert_memory_equal(out, "two", 3);
    disconnect(&e);
}

/* Another info, key, suite or encapsulation gives another context. */
static void test_binding(void **state)
{
    static const struct hpke_suite others[] = {
        {KEM_X25519, HPKE_HKDF_SHA384, AEAD_AES_256_GCM},
        {KEM_X25519, HPKE_HKDF_SHA256, AEAD_CHACHA20_POLY1305},
    };
    uint8_t sealed[20], out[20];
    struct ends e, f;
    struct hpke h;

    (void)state;
    connect(&e);
    connect(&f);
    assert_int_equal(hpke_seal(&e.sender, SLICE_LIT(""), SLICE_LIT("one"), sealed), OK);
    assert_int_equal(hpke_open(&f.receiver, SLICE_LIT(""), slice_make(sealed, 19), out),
                     ERR_DECRYPT);
    assert_int_equal(hpke_receiver(&h, suite, &e.key, kem_public_slice(&e.enc), SLICE_LIT("inf0")),
                     OK);
    assert_int_equal(hpke_open(&h, SLICE_LIT(""), slice_make(sealed, 19), out), ERR_DECRYPT);
    hpke_fini(&h);
    assert_int_equal(hpke_receiver(&h, suite, &f.key, kem_public_slice(&e.enc), SLICE_LIT("info")),
                     OK);
    assert_int_equal(hpke_open(&h, SLICE_LIT(""), slice_make(sealed, 19), out), ERR_DECRYPT);
    hpke_fini(&h);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_int_equal(
            hpke_receiver(&h, others[i], &e.key, kem_public_slice(&e.enc), SLICE_LIT("info")), OK);
        assert_int_equal(hpke_open(&h, SLICE_LIT(""), slice_make(sealed, 19), out), ERR_DECRYPT);
        hpke_fini(&h);
    }
    disconnect(&e);
    disconnect(&f);
}

static void test_refusals(void **state)
{
    static const struct hpke_suite p256 = {KEM_P256, HPKE_HKDF_SHA256, AEAD_AES_128_GCM};
    struct hpke_suite found;
    uint8_t zeros[32] = {0}, out[20];
    struct ends e;
    struct hpke h;

    (void)state;
    connect(&e);
    assert_int_equal(hpke_receiver(&h, p256, &e.key, kem_public_slice(&e.enc), SLICE_LIT("")),
                     ERR_MISMATCH);
    hpke_fini(&h);
    assert_int_equal(hpke_receiver(&h, suite, &e.key, SLICE_OF(zeros), SLICE_LIT("")),
                     ERR_MALFORMED);
    hpke_fini(&h);
    assert_int_equal(hpke_sender(&h, suite, SLICE_OF(zeros), SLICE_LIT(""), &rand_system, &e.enc),
                     ERR_MALFORMED);
    hpke_fini(&h);
    assert_int_equal(hpke_export(&e.sender, SLICE_LIT("x"), out, 255 * 32 + 1), ERR_RANGE);
    assert_int_equal(hpke_export(&e.sender, SLICE_LIT("x"), out, 1 << 16), ERR_RANGE);
    e.sender.sequence = UINT64_MAX;
    assert_int_equal(hpke_seal(&e.sender, SLICE_LIT(""), SLICE_LIT("x"), out), ERR_LIMIT);
    e.receiver.sequence = UINT64_MAX;
    assert_int_equal(hpke_open(&e.receiver, SLICE_LIT(""), SLICE_OF(out), out), ERR_LIMIT);
    disconnect(&e);
    assert_true(hpke_suite_known(0x20, 1, 2, &found));
    assert_false(hpke_suite_known(0x21, 1, 2, &found)); /* DHKEM(X448) */
    assert_false(hpke_suite_known(0x20, 0, 2, &found));
    assert_false(hpke_suite_known(0x20, 4, 2, &found));
    assert_false(hpke_suite_known(0x20, 1, 0xffff, &found)); /* export-only */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
