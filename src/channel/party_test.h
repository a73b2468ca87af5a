/*
 * For tests: a party with everything it needs to prove itself - account, leaf, keyset, software
 * attester - and the policy that accepts it.
 */
#ifndef CHANNEL_PARTY_TEST_H
#define CHANNEL_PARTY_TEST_H

#include "attest/sim.h"
#include "base/hex.h"
#include "base/test.h"
#include "channel/attested.h"
#include "channel/ratls.h"
#include "crypto/labels.h"
#include "crypto/rand.h"

enum { PARTY_NOW = 1800000000, PARTY_LIFE = 3600 };

struct party {
    struct ed25519_key account, channel_key, root;
    uint8_t id[32];
    struct ratls_leaf leaf;
    struct buf keyset_text;
    struct keyset keyset;
    struct arena arena;
};

static inline struct ed25519_key party_key(uint8_t n)
{
    struct secret32 seed = {{n}};
    struct ed25519_key key;

    ed25519_from_seed(&key, &seed);
    return key;
}

static inline struct slice party_hex(struct party *p, const struct ed25519_public *key)
{
    char *text = arena_new(&p->arena, 65);

    hex_write(ed25519_public_slice(key), text);
    return slice_text(text);
}

/* Make party `n`; its keyset is good until `not_after`. Parties share one development root. */
static inline void party_make(struct party *p, uint8_t n, unix_time not_after)
{
    struct ed25519_key receipt = party_key((uint8_t)(n + 100));

    *p = (struct party){.account = party_key(n), .channel_key = party_key((uint8_t)(n + 50))};
    p->root = party_key(200);
    memcpy(p->id, p->account.public.bytes, 32);
    arena_init(&p->arena, 1 << 24);
    assert_int_equal(ratls_leaf_init(&p->leaf, n % 2 == 0 ? TLS_KEY_P256 : TLS_KEY_ED25519), OK);

    p->keyset.not_after = not_after;
    p->keyset.receipt.keys[p->keyset.receipt.count++] =
        (struct keyset_key){SLICE_LIT("r"), SLICE_LIT("ed25519"), party_hex(p, &receipt.public)};
    p->keyset.e2ee.keys[p->keyset.e2ee.count++] = (struct keyset_key){
        SLICE_LIT("c"), SLICE_LIT(LABEL_ALGO_CHANNEL_SIGNER), party_hex(p, &p->channel_key.public)};
    memcpy(p->keyset.tls[p->keyset.tls_count++].spki_sha256, p->leaf.spki.bytes, 32);
    buf_init(&p->keyset_text, KEYSET_TEXT_MAX);
    assert_int_equal(keyset_put(&p->keyset, &p->keyset_text), OK);
}

static inline void party_free(struct party *p)
{
    ratls_leaf_fini(&p->leaf);
    buf_fini(&p->keyset_text);
    arena_fini(&p->arena);
}

/* Return the attestation of `p`: evidence issued at `now` over `report_data`, with its keyset. */
static inline struct slice party_attest(struct party *p, unix_time now,
                                        const uint8_t report_data[REPORT_DATA_LEN])
{
    uint8_t *bytes = arena_new(&p->arena, SIM_EVIDENCE_LEN);
    struct sim_evidence e = {.issued = now};
    struct evidence item;
    struct attestation a = {.keyset = buf_slice(&p->keyset_text), .items = &item, .count = 1};
    struct slice copy;
    struct buf out;

    memcpy(e.report_data, report_data, REPORT_DATA_LEN);
    sim_make(&e, &p->root, bytes);
    evidence_init(&item, SLICE_LIT("sim"));
    assert_int_equal(
        evidence_add(&item, SLICE_LIT("evidence"), slice_make(bytes, SIM_EVIDENCE_LEN)), OK);
    buf_init(&out, ATTESTATION_MAX);
    assert_int_equal(attestation_put(&out, &a), OK);
    assert_int_equal(arena_copy(&p->arena, buf_slice(&out), &copy), OK);
    buf_fini(&out);
    return copy;
}

/* Fill `policy` so that it accepts what party_attest makes. */
static inline void party_policy(struct policy *policy, struct arena *arena)
{
    static const uint8_t measurement[48];
    struct policy_measure m = {.tee = SLICE_LIT("sim"), .until = INT64_MAX, .count = 1};
    struct ed25519_key root = party_key(200);

    policy_init(policy);
    policy->sim_allowed = true;
    memcpy(policy->sim_root, root.public.bytes, 32);
    m.fields[0] = (struct policy_field){SLICE_LIT("measurement"), SLICE_OF(measurement)};
    assert_int_equal(policy_add_measure(policy, arena, &m), OK);
}

#endif
