/*
 * Project Wycheproof's test vectors for every primitive that has them, read from the shared data
 * folder. Each set prints how many good cases were accepted, how many bad ones refused, and how
 * many lie outside what the module takes at all (another nonce or key length), which the test
 * asserts is by their length alone.
 */
#include <openssl/opensslv.h>

#include "base/test.h"
#include "codec/json.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/mlkem768.h"
#include "crypto/verify.h"
#include "crypto/x25519.h"

enum { BYTES_MAX = 1024 * 1024, ARENA_MAX = 256 * 1024 * 1024 };

enum answer { ACCEPTED, REFUSED, OUTSIDE };

/* One case within its group. */
struct wycheproof_case {
    const struct json *group, *test;
    struct arena *arena;
};

typedef enum answer wycheproof_check(const struct wycheproof_case *c);

/* Return the bytes of the hex string member `name` of `object`. */
static struct slice hex_of(const struct wycheproof_case *c, const struct json *object,
                           const char *name)
{
    struct slice text;
    uint8_t *out;

    assert_int_equal(json_get_text(object, name, &text), OK);
    out = arena_new(c->arena, text.len / 2 + 1);
    assert_non_null(out);
    assert_int_equal(hex_read(text, out, text.len / 2), OK);
    return slice_make(out, text.len / 2);
}

static struct slice bytes(const struct wycheproof_case *c, const char *name)
{
    return hex_of(c, c->test, name);
}

/* Return the bytes of a number that may carry a sign byte: without leading zeros. */
static struct slice number_of(const struct wycheproof_case *c, const struct json *object,
                              const char *name)
{
    struct slice s = hex_of(c, object, name);

    while (s.len > 0 && s.ptr[0] == 0)
        s = slice_skip(s, 1);
    return s;
}

/* --- the runner --- */

struct tally {
    unsigned accepted, refused, acceptable, outside;
};

static void run_case(const struct wycheproof_case *c, wycheproof_check *check, struct tally *t)
{
    enum answer answer = check(c);
    struct slice result;
    uint64_t id;

    assert_int_equal(json_get_text(c->test, "result", &result), OK);
    assert_int_equal(json_get_u64(c->test, "tcId", &id), OK);
    if (answer == OUTSIDE)
        t->outside++;
    else if (slice_eq_text(result, "acceptable"))
        t->acceptable++;
    else if (slice_eq_text(result, "valid") != (answer == ACCEPTED))
        fail_msg("case %u is %.*s, and was %s", (unsigned)id, (int)result.len, result.ptr,
                 answer == ACCEPTED ? "accepted" : "refused");
    else if (answer == ACCEPTED)
        t->accepted++;
    else
        t->refused++;
}

/* Run all of `name`; return its tally, all zero when the folder is not there. */
static struct tally run(const char *name, wycheproof_check *check)
{
    struct tally t = {0};
    const struct json *root, *groups, *tests;
    struct arena arena;
    struct buf file;
    struct fail fail;
    char path[128];

    snprintf(path, sizeof path, "data/wycheproof/%s.json", name);
    if (!test_read_shared(path, &file))
        return t;
    arena_init(&arena, ARENA_MAX);
    assert_int_equal(json_parse(buf_slice(&file), &arena, &root, &fail), OK);
    assert_int_equal(json_get_array(root, "testGroups", &groups), OK);
    for (const struct json *g = groups->first; g != NULL; g = g->next) {
        assert_int_equal(json_get_array(g, "tests", &tests), OK);
        for (const struct json *c = tests->first; c != NULL; c = c->next)
            run_case(&(struct wycheproof_case){g, c, &arena}, check, &t);
    }
    print_message("%s: %u accepted, %u refused, %u acceptable, %u outside\n", name, t.accepted,
                  t.refused, t.acceptable, t.outside);
    arena_fini(&arena);
    buf_fini(&file);
    return t;
}

static void expect(struct tally t, unsigned accepted, unsigned refused, unsigned outside)
{
    if (t.accepted + t.refused + t.outside + t.acceptable == 0)
        return; /* skipped, and said so */
    assert_int_equal(t.accepted, accepted);
    assert_int_equal(t.refused, refused);
    assert_int_equal(t.outside, outside);
}

/* --- AEAD: opening the sealed text, and sealing the plaintext to the same bytes --- */

static enum answer check_aead(const struct wycheproof_case *c, enum aead_alg alg)
{
    struct slice key = bytes(c, "key"), iv = bytes(c, "iv"), aad = bytes(c, "aad");
    struct slice plain = bytes(c, "msg"), ct = bytes(c, "ct"), tag = bytes(c, "tag");
    uint8_t *sealed = arena_new(c->arena, ct.len + AEAD_TAG_LEN);
    uint8_t *out = arena_new(c->arena, ct.len + AEAD_TAG_LEN);
    struct aead_nonce nonce;
    enum answer answer;
    struct aead a;

    if (key.len != aead_key_len(alg) || iv.len != AEAD_NONCE_LEN)
        return OUTSIDE;
    assert_int_equal(tag.len, AEAD_TAG_LEN);
    memcpy(nonce.bytes, iv.ptr, iv.len);
    if (ct.len > 0)
        memcpy(sealed, ct.ptr, ct.len);
    memcpy(sealed + ct.len, tag.ptr, tag.len);
    assert_int_equal(aead_init(&a, alg, key), OK);
    answer = aead_open(&a, &nonce, aad, slice_make(sealed, ct.len + tag.len), out) == OK ? ACCEPTED
                                                                                         : REFUSED;
    if (answer == ACCEPTED) {
        assert_true(slice_eq(slice_make(out, ct.len), plain));
        assert_int_equal(aead_seal(&a, &nonce, aad, plain, out), OK);
        assert_memory_equal(out, sealed, ct.len + AEAD_TAG_LEN);
    }
    aead_fini(&a);
    return answer;
}

static enum answer check_gcm(const struct wycheproof_case *c)
{
    return check_aead(c, bytes(c, "key").len == 16 ? AEAD_AES_128_GCM : AEAD_AES_256_GCM);
}

static enum answer check_chacha(const struct wycheproof_case *c)
{
    return check_aead(c, AEAD_CHACHA20_POLY1305);
}

static void test_aead(void **state)
{
    (void)state;
    expect(run("aes_gcm_test", check_gcm), 79, 54, 183);
    expect(run("chacha20_poly1305_test", check_chacha), 256, 60, 9);
}

/* --- HKDF --- */

static enum answer check_hkdf(const struct wycheproof_case *c)
{
    struct slice okm = bytes(c, "okm");
    uint8_t *out;
    uint64_t size;

    assert_int_equal(json_get_u64(c->test, "size", &size), OK);
    out = arena_new(c->arena, (size_t)size);
    if (hkdf(HASH_SHA256, bytes(c, "salt"), bytes(c, "ikm"), bytes(c, "info"), out, (size_t)size) !=
        OK)
        return REFUSED;
    return slice_eq(slice_make(out, (size_t)size), okm) ? ACCEPTED : REFUSED;
}

static void test_hkdf(void **state)
{
    (void)state;
    expect(run("hkdf_sha256_test", check_hkdf), 83, 3, 0);
}

/* --- X25519: an output of zero is refused, anything else must be right --- */

static enum answer check_x25519(const struct wycheproof_case *c)
{
    struct slice shared = bytes(c, "shared");
    struct secret32 secret, out, zero = {{0}};
    struct x25519_public peer;
    bool is_zero = slice_eq(shared, secret32_slice(&zero));

    memcpy(secret.bytes, bytes(c, "private").ptr, sizeof secret.bytes);
    memcpy(peer.bytes, bytes(c, "public").ptr, sizeof peer.bytes);
    if (x25519_shared(&secret, &peer, &out) != OK) {
        assert_true(is_zero);
        return REFUSED;
    }
    assert_true(slice_eq(secret32_slice(&out), shared));
    return ACCEPTED;
}

static void test_x25519(void **state)
{
    struct tally t = run("x25519_test", check_x25519);

    (void)state;
    expect(t, 264, 0, 0); /* the other 254 are "acceptable": twists, small orders, non-canonical */
}

/* --- signatures --- */

static enum answer settle(struct sig_claim claim, const struct wycheproof_case *c)
{
    struct fail fail = {0};

    claim.message = bytes(c, "msg");
    claim.signature = bytes(c, "sig");
    return sig_settle(&claim, &fail) == OK ? ACCEPTED : REFUSED;
}

static const struct json *public_key(const struct wycheproof_case *c)
{
    return json_find(c->group, "publicKey");
}

static enum answer check_ecdsa(const struct wycheproof_case *c, enum sig_key_kind kind,
                               enum hash_alg hash)
{
    struct slice point = hex_of(c, public_key(c), "uncompressed");
    struct sig_claim claim = {.scheme = SIG_ECDSA_DER, .hash = hash};

    claim.key = (struct sig_key){.kind = kind, .a = slice_skip(point, 1)};
    return settle(claim, c);
}

static enum answer check_p256(const struct wycheproof_case *c)
{
    return check_ecdsa(c, SIG_KEY_P256, HASH_SHA256);
}

static enum answer check_p384(const struct wycheproof_case *c)
{
    return check_ecdsa(c, SIG_KEY_P384, HASH_SHA384);
}

static enum answer check_ed25519(const struct wycheproof_case *c)
{
    struct sig_claim claim = {.scheme = SIG_ED25519, .hash = HASH_SHA512};

    claim.key = (struct sig_key){.kind = SIG_KEY_ED25519, .a = hex_of(c, public_key(c), "pk")};
    return settle(claim, c);
}

static enum answer check_pss(const struct wycheproof_case *c)
{
    struct sig_claim claim = {.scheme = SIG_RSA_PSS, .hash = HASH_SHA384};

    claim.key = (struct sig_key){.kind = SIG_KEY_RSA,
                                 .a = number_of(c, public_key(c), "modulus"),
                                 .b = number_of(c, public_key(c), "publicExponent")};
    return settle(claim, c);
}

static void test_signatures(void **state)
{
    (void)state;
    expect(run("ecdsa_secp256r1_sha256_test", check_p256), 174, 310, 0);
    expect(run("ecdsa_secp384r1_sha384_test", check_p384), 194, 310, 0);
    expect(run("ed25519_test", check_ed25519), 88, 63, 0);
    expect(run("rsa_pss_4096_sha384_mgf1_48_test", check_pss), 95, 46, 0);
}

/* --- ML-KEM-768, half of X-Wing --- */

#if OPENSSL_VERSION_NUMBER >= 0x30500000L
static enum answer check_mlkem(const struct wycheproof_case *c)
{
    struct slice seed = bytes(c, "seed"), enc = bytes(c, "c"), expected = bytes(c, "K");
    uint8_t *public = arena_new(c->arena, MLKEM768_PUBLIC_LEN);
    struct secret32 shared;

    if (seed.len != MLKEM768_SEED_LEN || enc.len != MLKEM768_ENC_LEN)
        return OUTSIDE; /* the types leave no room for it */
    assert_int_equal(mlkem768_public(seed.ptr, public), OK);
    if (json_find(c->test, "ek") != NULL)
        assert_true(slice_eq(slice_make(public, MLKEM768_PUBLIC_LEN), bytes(c, "ek")));
    assert_int_equal(mlkem768_decap(seed.ptr, enc, &shared), OK);
    return slice_eq(secret32_slice(&shared), expected) ? ACCEPTED : REFUSED;
}

static void test_mlkem(void **state)
{
    (void)state;
    expect(run("mlkem_768_test", check_mlkem), 153, 0, 40);
}
#else
static void test_mlkem(void **state)
{
    (void)state;
    fprintf(stderr, "SKIPPED: ML-KEM (needs OpenSSL 3.5)\n");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aead),   cmocka_unit_test(test_hkdf),
        cmocka_unit_test(test_x25519), cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_mlkem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
