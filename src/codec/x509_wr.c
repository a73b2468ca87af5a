#include "codec/x509_wr.h"

#include "codec/der.h"

/* Write RSASSA-PSS-params: hash, MGF1 with that hash, salt length. */
static void put_pss_params(struct wr *w, struct slice hash_oid, uint64_t salt)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE), part, alg, mgf;

    part = der_open(w, DER_CONTEXT_CONSTRUCTED | 0);
    alg = der_open(w, DER_SEQUENCE);
    der_put(w, DER_OID, hash_oid);
    der_put_null(w);
    der_close(w, alg);
    der_close(w, part);
    part = der_open(w, DER_CONTEXT_CONSTRUCTED | 1);
    mgf = der_open(w, DER_SEQUENCE);
    der_put(w, DER_OID, OID_MGF1);
    alg = der_open(w, DER_SEQUENCE);
    der_put(w, DER_OID, hash_oid);
    der_put_null(w);
    der_close(w, alg);
    der_close(w, mgf);
    der_close(w, part);
    part = der_open(w, DER_CONTEXT_CONSTRUCTED | 2);
    der_put_u64(w, salt);
    der_close(w, part);
    der_close(w, seq);
}

static void put_algorithm(struct wr *w, enum x509_sig sig)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE);

    switch (sig) {
    case X509_ECDSA_SHA256:
        der_put(w, DER_OID, OID_ECDSA_SHA256);
        break;
    case X509_ECDSA_SHA384:
        der_put(w, DER_OID, OID_ECDSA_SHA384);
        break;
    case X509_ED25519:
        der_put(w, DER_OID, OID_ED25519);
        break;
    case X509_RSA_SHA256:
        der_put(w, DER_OID, OID_RSA_SHA256);
        der_put_null(w);
        break;
    case X509_RSA_SHA384:
        der_put(w, DER_OID, OID_RSA_SHA384);
        der_put_null(w);
        break;
    case X509_PSS_SHA256:
        der_put(w, DER_OID, OID_RSA_PSS);
        put_pss_params(w, OID_SHA256, 32);
        break;
    case X509_PSS_SHA384:
        der_put(w, DER_OID, OID_RSA_PSS);
        put_pss_params(w, OID_SHA384, 48);
        break;
    }
    der_close(w, seq);
}

static void put_extension(struct wr *w, const struct x509_new_extension *ext)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE);

    der_put(w, DER_OID, ext->oid);
    if (ext->critical)
        der_put_bool(w, true);
    der_put(w, DER_OCTET_STRING, ext->value);
    der_close(w, seq);
}

static void put_version_and_serial(struct wr *w, struct slice serial)
{
    struct wr_block version = der_open(w, DER_CONTEXT_CONSTRUCTED | 0);

    der_put_u64(w, 2); /* v3 */
    der_close(w, version);
    der_put_uint(w, serial);
}

void x509_put_tbs(struct wr *w, const struct x509_template *t)
{
    struct wr_block tbs = der_open(w, DER_SEQUENCE), block, list;

    put_version_and_serial(w, t->serial);
    put_algorithm(w, t->sig);
    wr_slice(w, t->issuer);
    block = der_open(w, DER_SEQUENCE);
    der_put_time(w, t->not_before);
    der_put_time(w, t->not_after);
    der_close(w, block);
    wr_slice(w, t->subject);
    wr_slice(w, t->spki);
    if (t->count > 0) {
        block = der_open(w, DER_CONTEXT_CONSTRUCTED | 3);
        list = der_open(w, DER_SEQUENCE);
        for (size_t i = 0; i < t->count; i++)
            put_extension(w, &t->extensions[i]);
        der_close(w, list);
        der_close(w, block);
    }
    der_close(w, tbs);
}

void x509_put_signed(struct wr *w, struct slice tbs, enum x509_sig sig, struct slice signature)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE);

    wr_slice(w, tbs);
    put_algorithm(w, sig);
    der_put_bits(w, signature);
    der_close(w, seq);
}

void x509_put_name(struct wr *w, struct slice common_name)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE);
    struct wr_block set = der_open(w, DER_SET);
    struct wr_block attribute = der_open(w, DER_SEQUENCE);

    der_put(w, DER_OID, OID_COMMON_NAME);
    der_put(w, DER_UTF8_STRING, common_name);
    der_close(w, attribute);
    der_close(w, set);
    der_close(w, seq);
}

void x509_put_basic(struct wr *w, bool is_ca, int path)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE);

    if (is_ca)
        der_put_bool(w, true);
    if (is_ca && path >= 0)
        der_put_u64(w, (uint64_t)path);
    der_close(w, seq);
}

void x509_put_usage(struct wr *w, uint16_t usage)
{
    der_put_flags(w, usage);
}

void x509_put_subject_key(struct wr *w, struct slice key_id)
{
    der_put(w, DER_OCTET_STRING, key_id);
}

void x509_put_authority_key(struct wr *w, struct slice key_id)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE);

    der_put(w, DER_CONTEXT | 0, key_id);
    der_close(w, seq);
}

static void put_revoked(struct wr *w, const struct x509_crl_template *t)
{
    struct wr_block list, entry;

    if (t->count == 0)
        return;
    list = der_open(w, DER_SEQUENCE);
    for (size_t i = 0; i < t->count; i++) {
        entry = der_open(w, DER_SEQUENCE);
        der_put_uint(w, t->revoked[i]);
        der_put_time(w, t->this_update);
        der_close(w, entry);
    }
    der_close(w, list);
}

static void put_crl_number(struct wr *w, uint64_t number)
{
    uint8_t room[16];
    struct wr value = wr_init(room, sizeof room);
    struct wr_block block = der_open(w, DER_CONTEXT_CONSTRUCTED | 0);
    struct wr_block list = der_open(w, DER_SEQUENCE);
    struct x509_new_extension ext = {.oid = OID_CRL_NUMBER};

    der_put_u64(&value, number);
    ext.value = slice_make(room, value.len);
    put_extension(w, &ext);
    der_close(w, list);
    der_close(w, block);
}

void x509_put_crl_tbs(struct wr *w, const struct x509_crl_template *t)
{
    struct wr_block tbs = der_open(w, DER_SEQUENCE);

    der_put_u64(w, 1); /* v2 */
    put_algorithm(w, t->sig);
    wr_slice(w, t->issuer);
    der_put_time(w, t->this_update);
    der_put_time(w, t->next_update);
    put_revoked(w, t);
    put_crl_number(w, t->number);
    der_close(w, tbs);
}
