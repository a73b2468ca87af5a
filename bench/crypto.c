/*
 * What the cryptography costs: CPU time of one operation, each repeated for about a fifth of a
 * second. Prints a table, or with --json one JSON object {"name": microseconds}.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "channel/ohttp.h"
#include "crypto/kdf.h"
#include "crypto/merkle.h"
#include "crypto/rand.h"
#include "crypto/verify.h"
#include "crypto/x25519.h"

enum { NOW = 1800000000, BENCH_NS = 200 * 1000 * 1000 };

static const struct slice message = SLICE_INIT("a message");
static uint8_t text[16384 + AEAD_TAG_LEN];
static struct fail fail;

static void must(cocoon_err err)
{
    if (err != OK) {
        fprintf(stderr, "bench: %s: %s\n", cocoon_err_name(err), fail.what ? fail.what : "");
        exit(1);
    }
}

/* --- hashes --- */

static void bench_sha256_64(void)
{
    struct digest d;

    sha256(slice_make(text, 64), &d);
    text[0] ^= d.bytes[0];
}

static void bench_sha256_16k(void)
{
    struct digest d;

    sha256(slice_make(text, 16384), &d);
    text[0] ^= d.bytes[0];
}

static void bench_hkdf(void)
{
    must(
        hkdf(HASH_SHA256, slice_make(text, 32), slice_make(text, 32), SLICE_LIT("info"), text, 32));
}

static void bench_merkle_push(void)
{
    static struct merkle_frontier f;
    static struct digest leaf;

    leaf.bytes[0]++;
    must(merkle_push(&f, &leaf));
}

/* --- AEAD --- */

static struct aead aeads[AEAD_CHACHA20_POLY1305 + 1];

static void seal(enum aead_alg alg, size_t len)
{
    static uint64_t counter;
    const struct aead_nonce base = {{0}}, nonce = aead_nonce(&base, counter++);

    must(aead_seal(&aeads[alg], &nonce, SLICE_LIT(""), slice_make(text, len), text));
}

static void bench_aes128_120(void)
{
    seal(AEAD_AES_128_GCM, 120);
}

static void bench_aes256_120(void)
{
    seal(AEAD_AES_256_GCM, 120);
}

static void bench_chacha_120(void)
{
    seal(AEAD_CHACHA20_POLY1305, 120);
}

static void bench_aes256_16k(void)
{
    seal(AEAD_AES_256_GCM, 16384);
}

/* --- signatures and key agreement --- */

static struct ed25519_key ed;
static struct ed25519_sig ed_sig;
static struct secret32 scalar;
static struct x25519_public point;

static void bench_ed25519_sign(void)
{
    ed25519_sign(&ed, slice_make(text, 64), &ed_sig);
    text[0]++;
}

static void bench_ed25519_verify(void)
{
    static bool is_signed;

    if (!is_signed)
        ed25519_sign(&ed, message, &ed_sig);
    is_signed = true;
    must(ed25519_verify(&ed.public, message, ed25519_sig_slice(&ed_sig)));
}

static void bench_x25519(void)
{
    struct secret32 out;

    must(x25519_shared(&scalar, &point, &out));
    scalar.bytes[1] ^= out.bytes[0];
}

/* One claim of each kind, made by OpenSSL at the start. */
static struct {
    struct sig_claim claim;
    struct sig_pubkey *ready;
    uint8_t key[512], exponent[8], sig[512];
} claims[3];

static void claim_make(size_t i, EVP_PKEY *pkey, struct sig_key key, enum sig_scheme scheme,
                       enum hash_alg hash, const EVP_MD *md)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = sizeof claims[i].sig;

    EVP_DigestSignInit(ctx, NULL, md, NULL, pkey);
    EVP_DigestSign(ctx, claims[i].sig, &len, message.ptr, message.len);
    claims[i].claim =
        (struct sig_claim){scheme, hash, key, message, slice_make(claims[i].sig, len), "bench"};
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

static void ec_make(size_t i, const char *curve, enum sig_key_kind kind, enum hash_alg hash,
                    const EVP_MD *md)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
    size_t len;

    EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, claims[i].key,
                                    sizeof claims[i].key, &len);
    claim_make(i, pkey, (struct sig_key){kind, slice_make(claims[i].key + 1, len - 1), {NULL, 0}},
               SIG_ECDSA_DER, hash, md);
}

static void rsa_make(size_t i)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
    BIGNUM *n = NULL, *e = NULL;
    struct sig_key key = {.kind = SIG_KEY_RSA};

    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n);
    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e);
    key.a = slice_make(claims[i].key, (size_t)BN_bn2bin(n, claims[i].key));
    key.b = slice_make(claims[i].exponent, (size_t)BN_bn2bin(e, claims[i].exponent));
    claim_make(i, pkey, key, SIG_RSA_PKCS1, HASH_SHA384, EVP_sha384());
    BN_free(n);
    BN_free(e);
}

static void bench_p256_settle(void)
{
    must(sig_settle(&claims[0].claim, &fail));
}

static void bench_p256_ready(void)
{
    must(sig_settle_with(claims[0].ready, &claims[0].claim, &fail));
}

static void bench_p384_ready(void)
{
    must(sig_settle_with(claims[1].ready, &claims[1].claim, &fail));
}

static void bench_rsa4096_ready(void)
{
    must(sig_settle_with(claims[2].ready, &claims[2].claim, &fail));
}

static void bench_claim_digest(void)
{
    struct digest d;

    sig_claim_digest(&claims[1].claim, &d);
}

/* --- HPKE and OHTTP --- */

static const struct hpke_suite suite = {KEM_X25519, HPKE_HKDF_SHA256, AEAD_AES_256_GCM};
static struct kem_key kem;
static struct kem_public enc;

static void bench_hpke_sender(void)
{
    struct hpke h;

    must(hpke_sender(&h, suite, kem_public_slice(&kem.public), SLICE_LIT("info"), &rand_system,
                     &enc));
    hpke_fini(&h);
}

static void bench_hpke_receiver(void)
{
    struct hpke h;

    must(hpke_receiver(&h, suite, &kem, kem_public_slice(&enc), SLICE_LIT("info")));
    hpke_fini(&h);
}

static struct ohttp_keys *keys;
static struct ohttp_signed config;
static struct ohttp_session session;

/* Question and answer of 1 KB each, both ends. */
static void exchange(enum ohttp_format format)
{
    static struct buf wire, plain;
    struct ohttp_client c;
    struct ohttp_gateway g;

    buf_init(&wire, 1 << 20);
    buf_init(&plain, 1 << 20);
    if (format == OHTTP_SESSION && !ohttp_session_usable(&session, NOW)) {
        ohttp_session_fini(&session);
        must(ohttp_session_init(&session, &config, suite, &rand_system, NOW));
    }
    if (format == OHTTP_SESSION)
        must(ohttp_session_next(&session, NOW, &c, &wire));
    else
        must(ohttp_client_init(&c, format, &config.config, suite, &rand_system, &wire));
    must(ohttp_client_seal(&c, slice_make(text, 1024), true, &wire));
    ohttp_gateway_init(&g, format, keys);
    must(ohttp_gateway_open(&g, NOW, buf_slice(&wire), true, &plain, &fail));
    buf_clear(&wire);
    buf_clear(&plain);
    must(ohttp_gateway_seal(&g, &rand_system, slice_make(text, 1024), true, &wire));
    must(ohttp_client_open(&c, buf_slice(&wire), true, &plain, &fail));
    ohttp_client_fini(&c);
    ohttp_gateway_fini(&g);
    buf_fini(&wire);
    buf_fini(&plain);
}

static void bench_ohttp_chunked(void)
{
    exchange(OHTTP_CHUNKED);
}

static void bench_ohttp_session(void)
{
    exchange(OHTTP_SESSION);
}

/* One token's chunk: sealed, received, opened. */
static void bench_ohttp_chunk(void)
{
    static const uint8_t key[32] = {1};
    static struct ohttp_lane out, in;
    static struct ohttp_pending pending;
    static struct buf wire, plain;

    if (out.aead.ctx == NULL) {
        must(aead_init(&out.aead, AEAD_AES_256_GCM, SLICE_OF(key)));
        must(aead_init(&in.aead, AEAD_AES_256_GCM, SLICE_OF(key)));
        ohttp_pending_init(&pending, OHTTP_CHUNK);
        buf_init(&wire, 1 << 16);
        buf_init(&plain, 1 << 16);
    }
    buf_clear(&wire);
    buf_clear(&plain);
    must(ohttp_lane_seal(&out, slice_make(text, 120), false, &wire));
    must(ohttp_lane_open(&in, &pending, buf_slice(&wire), false, &plain, &fail));
}

static void bench_burn(void)
{
    static struct burn_set *set;
    struct burn_id id;

    if (set == NULL)
        set = burn_new(BURN_IDS_MAX);
    rand_fill(id.bytes, sizeof id.bytes);
    must(burn(set, &id));
}

/* --- the runner --- */

static const struct {
    const char *name;
    void (*run)(void);
} rows[] = {
    {"sha256_64B", bench_sha256_64},
    {"sha256_16KiB", bench_sha256_16k},
    {"hkdf_sha256_32B", bench_hkdf},
    {"merkle_push", bench_merkle_push},
    {"aes128gcm_seal_120B", bench_aes128_120},
    {"aes256gcm_seal_120B", bench_aes256_120},
    {"chacha20poly1305_seal_120B", bench_chacha_120},
    {"aes256gcm_seal_16KiB", bench_aes256_16k},
    {"ed25519_sign", bench_ed25519_sign},
    {"ed25519_verify", bench_ed25519_verify},
    {"x25519_shared", bench_x25519},
    {"p256_settle", bench_p256_settle},
    {"p256_settle_key_ready", bench_p256_ready},
    {"p384_settle_key_ready", bench_p384_ready},
    {"rsa4096_settle_key_ready", bench_rsa4096_ready},
    {"claim_digest", bench_claim_digest},
    {"hpke_sender", bench_hpke_sender},
    {"hpke_receiver", bench_hpke_receiver},
    {"ohttp_exchange_chunked_1KiB", bench_ohttp_chunked},
    {"ohttp_exchange_session_1KiB", bench_ohttp_session},
    {"ohttp_chunk_120B_both_ends", bench_ohttp_chunk},
    {"burn_and_16B_random", bench_burn},
};

static void setup(void)
{
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX];
    struct digest keyset = {{0}};

    for (enum aead_alg a = AEAD_AES_128_GCM; a <= AEAD_CHACHA20_POLY1305; a++)
        must(aead_init(&aeads[a], a, slice_make(text, aead_key_len(a))));
    ed25519_keygen(&ed, &rand_system);
    secret32_fill(&scalar, &rand_system);
    x25519_public(&scalar, &point);
    ec_make(0, "P-256", SIG_KEY_P256, HASH_SHA256, EVP_sha256());
    ec_make(1, "P-384", SIG_KEY_P384, HASH_SHA384, EVP_sha384());
    rsa_make(2);
    for (size_t i = 0; i < COUNT_OF(claims); i++)
        must(sig_pubkey_new(&claims[i].claim.key, &claims[i].ready, &fail));
    must(kem_keygen(KEM_X25519, &rand_system, &kem));
    keys = ohttp_keys_new(KEM_X25519, 3600, &rand_system);
    must(ohttp_keys_tick(keys, NOW, NULL));
    ohttp_keys_list(keys, &keyset, list);
    config = list[0];
    must(ohttp_session_init(&session, &config, suite, &rand_system, NOW));
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double microseconds(void (*run)(void))
{
    int64_t start, spent = 0;
    uint64_t count = 0;

    run(); /* fetches, tables, first allocations */
    start = cpu_ns();
    for (uint64_t batch = 1; spent < BENCH_NS; batch *= 2) {
        for (uint64_t i = 0; i < batch; i++)
            run();
        count += batch;
        spent = cpu_ns() - start;
    }
    return (double)spent / (double)count / 1000;
}

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;

    setup();
    if (json)
        printf("{");
    else
        printf("%-32s %12s\n", "operation", "CPU us");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double us = microseconds(rows[i].run);

        if (json)
            printf("%s\"%s\":%.3f", i == 0 ? "" : ",", rows[i].name, us);
        else
            printf("%-32s %12.3f\n", rows[i].name, us);
        fflush(stdout);
    }
    if (json)
        printf("}\n");
    return 0;
}
