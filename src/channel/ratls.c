/*
 * The leaf (docs/spec/channel.md 2):
 *
 *   serial      16 random bytes, the first bit clear and the next set
 *   issuer      = subject: one common name
 *   key         P-256 (ecdsa-with-SHA256) or Ed25519
 *   extensions  basicConstraints (critical, no CA), keyUsage (critical, digitalSignature), and with
 *               an attestation
 *                 2.23.133.5.4.9       the CMW record
 *                 1.3.6.1.5.5.7.1.35   OCTET STRING holding the same CMW record
 *
 * CMW record: CBOR [ media type (text), attestation (bytes), 4 ], where 4 says "evidence".
 */
#include "channel/ratls.h"

#include <assert.h>

#include "attest/chain.h"
#include "attest/statement.h"
#include "codec/cbor.h"
#include "codec/der.h"
#include "codec/x509_wr.h"

#define MEDIA_TYPE SLICE_LIT("application/vnd.cocoon.attestation+cbor")

enum {
    CMW_EVIDENCE = 1 << 2, /* indicator bits: reference values, endorsements, evidence, results */
    SERIAL_LEN = 16,
    NAME_MAX = 128,
    SPKI_MAX = 128,
    SIGNATURE_MAX = 80,
    EXTENSIONS_MAX = 4,
    OVERHEAD = 1024,           /* all of a leaf but the attestation */
    CHECK_ARENA = 1024 * 1024, /* parsing one keyset and its attestation */
};

cocoon_err ratls_leaf_init(struct ratls_leaf *leaf, enum tls_key_kind kind)
{
    struct buf spki;
    cocoon_err err;

    *leaf = (struct ratls_leaf){.key = NULL};
    buf_init(&leaf->cert, RATLS_CERT_MAX);
    buf_init(&spki, SPKI_MAX);
    err = tls_key_new(&leaf->key, kind);
    if (err == OK)
        err = tls_key_spki(leaf->key, &spki);
    if (err == OK)
        sha256(buf_slice(&spki), &leaf->spki);
    buf_fini(&spki);
    return err;
}

void ratls_leaf_fini(struct ratls_leaf *leaf)
{
    tls_key_free(leaf->key);
    buf_fini(&leaf->cert);
    *leaf = (struct ratls_leaf){.key = NULL};
}

/* --- making a certificate --- */

/* The pieces of a leaf while it is made; `values` holds what the extensions point to. */
struct draft {
    struct x509_new_extension extensions[EXTENSIONS_MAX];
    size_t count;
    struct buf cmw;   /* the CMW record */
    struct buf boxed; /* the same as OCTET STRING */
    uint8_t small[64];
    uint8_t name[NAME_MAX];
    uint8_t serial[SERIAL_LEN];
    struct buf spki;
};

static void add_extension(struct draft *d, struct slice oid, bool critical, struct slice value)
{
    assert(d->count < EXTENSIONS_MAX);
    d->extensions[d->count++] = (struct x509_new_extension){oid, critical, value};
}

/* Put the attestation into both of its wrappers. */
static cocoon_err add_attestation(struct draft *d, struct slice attestation)
{
    struct wr w;
    struct slice boxed;
    uint8_t *room;
    cocoon_err err;

    if (attestation.len == 0)
        return OK;
    cbor_put_array(&d->cmw, 3);
    cbor_put_text(&d->cmw, MEDIA_TYPE);
    cbor_put_bytes(&d->cmw, attestation);
    cbor_put_uint(&d->cmw, CMW_EVIDENCE);
    if ((err = buf_ok(&d->cmw)) != OK)
        return err;
    room = buf_extend(&d->boxed, d->cmw.len + 8); /* 8: the largest DER header */
    if (room == NULL)
        return ERR_LIMIT;
    w = wr_init(room, d->cmw.len + 8);
    der_put(&w, DER_OCTET_STRING, buf_slice(&d->cmw));
    if ((err = wr_end(&w, &boxed)) != OK)
        return err;
    add_extension(d, OID_DICE_EVIDENCE, false, buf_slice(&d->cmw));
    add_extension(d, OID_CMW, false, boxed);
    return OK;
}

static void add_fixed(struct draft *d)
{
    struct wr w = wr_init(d->small, sizeof d->small);
    size_t basic;

    x509_put_basic(&w, false, -1);
    basic = w.len;
    x509_put_usage(&w, X509_DIGITAL_SIGNATURE);
    assert(!w.over);
    add_extension(d, OID_BASIC_CONSTRAINTS, true, slice_make(d->small, basic));
    add_extension(d, OID_KEY_USAGE, true, slice_skip(slice_make(d->small, w.len), basic));
}

/* Sign `tbs` and make the whole the leaf's certificate; on error it keeps the one it has. */
static cocoon_err sign_leaf(struct ratls_leaf *leaf, struct slice tbs, enum x509_sig sig)
{
    size_t room = tbs.len + OVERHEAD;
    struct buf signature, cert;
    struct slice der;
    uint8_t *at;
    struct wr w;
    cocoon_err err;

    buf_init(&signature, SIGNATURE_MAX);
    buf_init(&cert, RATLS_CERT_MAX);
    err = tls_key_sign(leaf->key, tbs, &signature);
    at = err == OK ? buf_extend(&cert, room) : NULL;
    if (err == OK && at == NULL)
        err = ERR_LIMIT;
    if (err == OK) {
        w = wr_init(at, room);
        x509_put_signed(&w, tbs, sig, buf_slice(&signature));
        err = wr_end(&w, &der);
    }
    if (err == OK) {
        cert.len = der.len;
        buf_fini(&leaf->cert);
        leaf->cert = cert;
    } else {
        buf_fini(&cert);
    }
    buf_fini(&signature);
    return err;
}

/* Write TBSCertificate from the finished draft, and sign it. */
static cocoon_err finish_leaf(struct ratls_leaf *leaf, struct draft *d, struct slice name,
                              unix_time not_before, unix_time not_after)
{
    enum x509_sig sig = tls_key_kind(leaf->key) == TLS_KEY_P256 ? X509_ECDSA_SHA256 : X509_ED25519;
    struct x509_template t = {.sig = sig,
                              .serial = SLICE_OF(d->serial),
                              .issuer = name,
                              .subject = name,
                              .not_before = not_before,
                              .not_after = not_after,
                              .spki = buf_slice(&d->spki),
                              .extensions = d->extensions,
                              .count = d->count};
    size_t room = d->cmw.len + d->boxed.len + OVERHEAD;
    struct slice tbs = {NULL, 0};
    struct buf memory;
    uint8_t *at;
    struct wr w;
    cocoon_err err = ERR_LIMIT;

    buf_init(&memory, RATLS_CERT_MAX);
    at = buf_extend(&memory, room);
    if (at != NULL) {
        w = wr_init(at, room);
        x509_put_tbs(&w, &t);
        err = wr_end(&w, &tbs);
    }
    if (err == OK)
        err = sign_leaf(leaf, tbs, sig);
    buf_fini(&memory);
    return err;
}

cocoon_err ratls_leaf_certify(struct ratls_leaf *leaf, struct slice common_name,
                              struct slice attestation, unix_time now, unix_time life,
                              const struct rng *rng)
{
    struct draft d = {.count = 0};
    struct wr w = wr_init(d.name, sizeof d.name);
    struct slice name;
    cocoon_err err;

    if (life <= 0 || life > RATLS_LIFE_MAX)
        return ERR_RANGE;
    buf_init(&d.cmw, ATTESTATION_MAX + OVERHEAD);
    buf_init(&d.boxed, ATTESTATION_MAX + 2 * OVERHEAD);
    buf_init(&d.spki, SPKI_MAX);
    rng_fill(rng, d.serial, sizeof d.serial);
    d.serial[0] = (d.serial[0] & 0x3f) | 0x40; /* positive, and always of one length */
    x509_put_name(&w, common_name);
    err = wr_end(&w, &name);
    add_fixed(&d);
    if (err == OK)
        err = add_attestation(&d, attestation);
    if (err == OK)
        err = tls_key_spki(leaf->key, &d.spki);
    if (err == OK)
        err = finish_leaf(leaf, &d, name, now - RATLS_BACKDATE, now + life);
    buf_fini(&d.cmw);
    buf_fini(&d.boxed);
    buf_fini(&d.spki);
    return err;
}

/* --- checking one --- */

/* Take the attestation out of a CMW record. */
static cocoon_err unwrap(struct slice cmw, struct slice *attestation)
{
    struct cbor_rd c = cbor_rd_init(cmw, CBOR_SORTED);
    bool ours = cbor_rd_array(&c) == 3 && slice_eq(cbor_rd_text(&c), MEDIA_TYPE);

    *attestation = cbor_rd_bytes(&c);
    ours = ours && cbor_rd_uint(&c) == CMW_EVIDENCE;
    if (c.err != OK)
        return c.err;
    return ours ? cbor_rd_end(&c) : ERR_UNSUPPORTED;
}

/* Find the attestation in either extension; in both it must be the same. */
static cocoon_err find_attestation(const struct x509_cert *cert, struct slice *out)
{
    struct slice dice = {0}, boxed, cmw = {0};
    bool has_dice = x509_extension(cert, OID_DICE_EVIDENCE, &dice);
    bool has_cmw = x509_extension(cert, OID_CMW, &boxed);

    if (has_cmw) {
        struct rd r = rd_init(boxed);

        cmw = der_take(&r, DER_OCTET_STRING);
        if (rd_end(&r) != OK)
            return ERR_MALFORMED;
    }
    if (has_dice && has_cmw && !slice_eq(dice, cmw))
        return ERR_MISMATCH;
    *out = (struct slice){0};
    return has_dice || has_cmw ? unwrap(has_dice ? dice : cmw, out) : OK;
}

static cocoon_err check_form(const struct x509_cert *cert, unix_time now, struct fail *fail)
{
    struct sig_claim claim = chain_claim(&cert->key, cert->sig, cert->tbs, cert->signature);

    if (!x509_self_issued(cert) || cert->is_ca)
        return fail_set(fail, ERR_RULE, 0, "not a self-signed leaf");
    if (cert->has_usage && (cert->usage & X509_DIGITAL_SIGNATURE) == 0)
        return fail_set(fail, ERR_RULE, 0, "the leaf's key may not sign");
    if (cert->not_after - cert->not_before > RATLS_LIFE_MAX + RATLS_BACKDATE)
        return fail_set(fail, ERR_RULE, 0, "the leaf lives too long");
    /* No other kind of key can be signed by either; sig_settle sees that key and scheme agree. */
    if (cert->sig != (cert->key.kind == X509_KEY_P256 ? X509_ECDSA_SHA256 : X509_ED25519))
        return fail_set(fail, ERR_ALGORITHM, 0, "neither P-256 with SHA-256 nor Ed25519");
    if (x509_valid_at(cert, now, fail) != OK)
        return fail->code;
    return sig_settle(&claim, fail);
}

/* Check that the attested keyset is in force and lists `spki`. */
static cocoon_err check_keyset(struct slice attestation, const struct digest *spki, unix_time now,
                               struct fail *fail)
{
    struct attestation a;
    struct keyset keyset;
    struct arena arena;
    cocoon_err err;

    arena_init(&arena, CHECK_ARENA);
    err = attestation_read(attestation, &arena, &a, fail);
    if (err == OK)
        err = keyset_read(a.keyset, &arena, &keyset, fail);
    if (err == OK)
        err = keyset_valid_at(&keyset, now, fail);
    if (err == OK && !keyset_has_tls(&keyset, spki->bytes, (struct slice){0}))
        err = fail_set(fail, ERR_MISMATCH, 0, "the attested keyset does not list the leaf's key");
    arena_fini(&arena);
    return err;
}

cocoon_err ratls_check(struct slice der, unix_time now, struct ratls_peer *out, struct fail *fail)
{
    struct x509_cert cert;
    cocoon_err err;

    *out = (struct ratls_peer){.not_after = 0};
    if (der.len > RATLS_CERT_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the leaf is too large");
    err = x509_parse(der, &cert, fail);
    if (err == OK)
        err = check_form(&cert, now, fail);
    if (err != OK)
        return err;
    chain_spki_digest(&cert, &out->spki);
    out->not_after = cert.not_after;
    err = find_attestation(&cert, &out->attestation);
    if (err != OK)
        return fail_set(fail, err, 0, "the leaf's attestation extensions");
    return out->attestation.len == 0 ? OK : check_keyset(out->attestation, &out->spki, now, fail);
}

cocoon_err ratls_appraise(const struct ratls_peer *peer, const struct policy *policy, unix_time now,
                          struct arena *arena, struct obligation_cache *cache,
                          struct keyset *keyset, struct attestation_answer *answer)
{
    uint8_t report_data[REPORT_DATA_LEN];
    struct attestation_question q = {.policy = policy,
                                     .now = now,
                                     .report_data = SLICE_OF(report_data),
                                     .arena = arena,
                                     .cache = cache};
    struct attestation a;
    struct fail fail;
    cocoon_err err;

    *answer = (struct attestation_answer){.err = ERR_MISSING};
    if (peer->attestation.len == 0)
        return ERR_MISSING;
    err = attestation_read(peer->attestation, arena, &a, &fail);
    if (err == OK)
        err = keyset_read(a.keyset, arena, keyset, &fail);
    if (err == OK)
        err = keyset_valid_at(keyset, now, &fail);
    if (err != OK)
        return answer->err = err;
    report_data_aci(&keyset->digest, NULL, report_data);
    err = attestation_appraise(&a, &q, answer);
    if (keyset->not_after < answer->valid_until)
        answer->valid_until = keyset->not_after;
    return err;
}
