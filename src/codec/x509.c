/*
 * Certificates, RFC 5280 section 4.
 *
 *   Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, BIT STRING }
 *   TBSCertificate ::= SEQUENCE {
 *       [0] { INTEGER 2 }              version 3, nothing else
 *       INTEGER                        serial, not negative, at most 20 bytes
 *       AlgorithmIdentifier            the same bytes as outside
 *       Name                           issuer, not empty
 *       SEQUENCE { Time, Time }        notBefore <= notAfter
 *       Name                           subject
 *       SubjectPublicKeyInfo           P-256, P-384, RSA, Ed25519
 *       [3] { SEQUENCE OF Extension }  optional; unique identifiers [1], [2] are refused }
 *
 * Extensions that are understood, and may therefore be critical: basicConstraints, keyUsage,
 * extKeyUsage, subjectAltName (its form only: nobody is identified by it here). Extensions that
 * restrict a certificate in ways that are not applied here are refused even when not critical:
 * nameConstraints, policyConstraints, inhibitAnyPolicy, proxyCertInfo.
 */
#include "codec/x509.h"

#include "codec/x509_part.h"

enum { RSA_BITS_MAX = 8192, POINT_P256 = 65, POINT_P384 = 97, ED25519_LEN = 32 };

/* --- keys --- */

static bool read_point(struct x509_key *key, struct slice bits, size_t len)
{
    if (bits.len != len || bits.ptr[0] != 0x04) /* RFC 5480 2.2: uncompressed only */
        return false;
    key->raw = slice_skip(bits, 1);
    return true;
}

static bool read_rsa(struct x509_key *key, struct slice bits)
{
    struct rd r = rd_init(bits);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    key->modulus = der_uint(&seq);
    key->exponent = der_uint(&seq);
    der_leave(&r, &seq);
    return rd_end(&r) == OK && key->modulus.len <= RSA_BITS_MAX / 8;
}

/* Read what follows the algorithm's OID, and the key bits, for the kinds of keys we know. */
static cocoon_err read_key(struct x509_key *key, struct rd *alg, struct slice bits)
{
    struct slice oid = der_oid(alg), curve;

    if (slice_eq(oid, OID_ED25519)) {
        key->kind = X509_KEY_ED25519;
        key->raw = bits;
        return bits.len == ED25519_LEN ? OK : ERR_MALFORMED;
    }
    if (slice_eq(oid, OID_RSA)) {
        key->kind = X509_KEY_RSA;
        return der_take(alg, DER_NULL).len == 0 && read_rsa(key, bits) ? OK : ERR_MALFORMED;
    }
    if (!slice_eq(oid, OID_EC))
        return ERR_ALGORITHM;
    curve = der_oid(alg);
    if (slice_eq(curve, OID_P256)) {
        key->kind = X509_KEY_P256;
        return read_point(key, bits, POINT_P256) ? OK : ERR_MALFORMED;
    }
    key->kind = X509_KEY_P384;
    if (!slice_eq(curve, OID_P384))
        return ERR_ALGORITHM;
    return read_point(key, bits, POINT_P384) ? OK : ERR_MALFORMED;
}

cocoon_err x509_key_parse(struct slice spki, struct x509_key *out, struct fail *fail)
{
    struct rd r = rd_init(spki);
    struct rd seq = der_enter(&r, DER_SEQUENCE);
    struct rd alg = der_enter(&seq, DER_SEQUENCE);
    struct slice bits = der_bits(&seq);
    cocoon_err err;

    *out = (struct x509_key){.spki = spki};
    der_leave(&r, &seq);
    if (rd_end(&r) != OK)
        return fail_set(fail, ERR_MALFORMED, r.at, "SubjectPublicKeyInfo");
    err = read_key(out, &alg, bits);
    if (err == OK && rd_end(&alg) != OK)
        err = ERR_MALFORMED;
    return err == OK ? OK : fail_set(fail, err, 0, "public key");
}

/* --- extensions --- */

static bool read_basic(struct x509_cert *cert, struct slice value)
{
    struct rd r = rd_init(value);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    cert->has_basic = true;
    if (der_more(&seq)) {
        cert->is_ca = der_bool(&seq);
        if (!cert->is_ca) /* X.690 11.5: a default is not encoded */
            rd_fail(&seq);
    }
    if (der_more(&seq)) { /* RFC 5280 4.2.1.9: of a CA only, so behind the TRUE */
        uint64_t path = der_u64(&seq);

        cert->path_max = path < X509_CHAIN_MAX ? (int)path : X509_CHAIN_MAX;
    }
    der_leave(&r, &seq);
    return rd_end(&r) == OK;
}

static bool read_usage(struct x509_cert *cert, struct slice value)
{
    struct rd r = rd_init(value);

    cert->has_usage = true;
    cert->usage = der_flags(&r);
    return rd_end(&r) == OK && cert->usage != 0;
}

static bool read_subject_key(struct x509_cert *cert, struct slice value)
{
    struct rd r = rd_init(value);

    cert->subject_key_id = der_take(&r, DER_OCTET_STRING);
    return rd_end(&r) == OK && cert->subject_key_id.len > 0;
}

static bool read_authority_key(struct x509_cert *cert, struct slice value)
{
    return x509_read_authority(value, &cert->authority_key_id) == OK;
}

static bool read_purposes(struct x509_cert *cert, struct slice value)
{
    struct rd r = rd_init(value);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    cert->ext_key_usage = seq.all;
    do
        (void)der_oid(&seq);
    while (der_more(&seq));
    der_leave(&r, &seq);
    return rd_end(&r) == OK;
}

static bool read_alt_name(struct x509_cert *cert, struct slice value)
{
    struct rd r = rd_init(value);

    (void)cert;
    x509_general_names(&r, DER_SEQUENCE);
    return rd_end(&r) == OK;
}

/* DistributionPoint ::= SEQUENCE { [0] { [0] GeneralNames } }: reasons and another issuer would
 * make a list speak for less, or for others. */
static bool read_crl_points(struct x509_cert *cert, struct slice value)
{
    struct rd r = rd_init(value);
    struct rd points = der_enter(&r, DER_SEQUENCE);

    (void)cert;
    do {
        struct rd point = der_enter(&points, DER_SEQUENCE);
        struct rd name = der_enter(&point, DER_CONTEXT_CONSTRUCTED | 0);

        x509_general_names(&name, DER_CONTEXT_CONSTRUCTED | 0);
        der_leave(&point, &name);
        der_leave(&points, &point);
    } while (der_more(&points));
    der_leave(&r, &points);
    return rd_end(&r) == OK;
}

static cocoon_err take_extension(void *owner, const struct x509_ext *ext)
{
    static const struct {
        const struct slice *oid;
        bool (*read)(struct x509_cert *cert, struct slice value); /* NULL: refused */
        bool may_be_critical;
    } known[] = {
        {&OID_BASIC_CONSTRAINTS, read_basic, true},
        {&OID_KEY_USAGE, read_usage, true},
        {&OID_EXT_KEY_USAGE, read_purposes, true},
        {&OID_SUBJECT_ALT_NAME, read_alt_name, true},
        {&OID_SUBJECT_KEY_ID, read_subject_key, false},
        {&OID_AUTHORITY_KEY_ID, read_authority_key, false},
        {&OID_CRL_POINTS, read_crl_points, false},
        {&OID_NAME_CONSTRAINTS, NULL, false},
        {&OID_POLICY_CONSTRAINTS, NULL, false},
        {&OID_INHIBIT_ANY_POLICY, NULL, false},
        {&OID_PROXY_CERT_INFO, NULL, false},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_eq(ext->oid, *known[i].oid)) {
            if (known[i].read == NULL || (ext->critical && !known[i].may_be_critical))
                return ERR_UNSUPPORTED;
            return known[i].read(owner, ext->value) ? OK : ERR_MALFORMED;
        }
    return ext->critical ? ERR_UNSUPPORTED : OK;
}

/* --- certificates --- */

static void read_version_and_serial(struct rd *tbs, struct x509_cert *out, uint64_t *version)
{
    bool present;
    struct rd inner = der_enter_if(tbs, DER_CONTEXT_CONSTRUCTED | 0, &present);

    *version = present ? der_u64(&inner) : 0; /* v1 is the default */
    der_leave(tbs, &inner);
    out->serial = der_uint(tbs);
}

static void read_validity(struct rd *tbs, struct x509_cert *out)
{
    struct rd seq = der_enter(tbs, DER_SEQUENCE);

    out->not_before = der_time(&seq);
    out->not_after = der_time(&seq);
    if (out->not_before > out->not_after)
        rd_fail(&seq);
    der_leave(tbs, &seq);
}

static cocoon_err read_extensions(struct rd *tbs, struct x509_cert *out)
{
    bool present;
    struct rd inner = der_enter_if(tbs, DER_CONTEXT_CONSTRUCTED | 3, &present);

    if (!present)
        return OK;
    out->extensions = der_take(&inner, DER_SEQUENCE);
    der_leave(tbs, &inner);
    return tbs->bad ? ERR_MALFORMED : x509_each_extension(out->extensions, take_extension, out);
}

/* Read TBSCertificate. Offsets in `fail` are into the content of the tbs. */
static cocoon_err read_tbs(struct rd *tbs, struct x509_cert *out, struct slice algorithm,
                           struct fail *fail)
{
    struct slice spki;
    uint64_t version;
    cocoon_err err;

    read_version_and_serial(tbs, out, &version);
    if (!tbs->bad && version != 2)
        return fail_set(fail, ERR_VERSION, 0, "certificate version is not 3");
    if (!slice_eq(der_whole(tbs, DER_SEQUENCE), algorithm) && !tbs->bad)
        return fail_set(fail, ERR_MALFORMED, tbs->at, "inner and outer algorithm differ");
    out->issuer = der_whole(tbs, DER_SEQUENCE);
    read_validity(tbs, out);
    out->subject = der_whole(tbs, DER_SEQUENCE);
    spki = der_whole(tbs, DER_SEQUENCE);
    if (tbs->bad || out->serial.len > X509_SERIAL_MAX)
        return fail_set(fail, ERR_MALFORMED, tbs->at, "serial, validity or a name");
    if (!x509_name_ok(out->issuer, false) || !x509_name_ok(out->subject, true))
        return fail_set(fail, ERR_MALFORMED, tbs->at, "issuer or subject name");
    err = x509_key_parse(spki, &out->key, fail);
    if (err != OK)
        return err;
    err = read_extensions(tbs, out);
    if (err == OK && rd_end(tbs) != OK)
        err = ERR_MALFORMED;
    return err == OK ? OK : fail_set(fail, err, tbs->at, "extensions");
}

cocoon_err x509_parse(struct slice der, struct x509_cert *out, struct fail *fail)
{
    struct x509_signed parts;
    struct rd r, tbs;
    cocoon_err err = x509_read_signed(der, &parts, fail);

    if (err != OK)
        return err;
    *out = (struct x509_cert){.der = der,
                              .tbs = parts.tbs,
                              .sig = parts.sig,
                              .signature = parts.signature,
                              .path_max = -1};
    r = rd_init(parts.tbs);
    tbs = der_enter(&r, DER_SEQUENCE);
    return read_tbs(&tbs, out, parts.algorithm, fail);
}

bool x509_extension(const struct x509_cert *cert, struct slice oid, struct slice *value)
{
    return x509_find_extension(cert->extensions, oid, value);
}

bool x509_has_purpose(const struct x509_cert *cert, struct slice purpose)
{
    struct rd r = rd_init(cert->ext_key_usage);

    while (der_more(&r))
        if (slice_eq(der_oid(&r), purpose))
            return true;
    return false;
}

/*
 * DistributionPoint ::= SEQUENCE { [0] { [0] GeneralNames } ... }: the first name that is a URI
 * ([6]). Anything else there is passed over.
 */
static bool point_url(struct rd *points, struct slice *url)
{
    struct rd point = der_enter(points, DER_SEQUENCE);
    struct rd name = der_enter(&point, DER_CONTEXT_CONSTRUCTED | 0);
    struct rd names = der_enter(&name, DER_CONTEXT_CONSTRUCTED | 0);

    while (der_more(&names)) {
        struct der item = der_any(&names);

        if (!names.bad && item.tag == (DER_CONTEXT | 6)) {
            *url = item.body;
            return true;
        }
    }
    return false;
}

bool x509_crl_url(const struct x509_cert *cert, struct slice *url)
{
    struct slice value;
    struct rd r, points;

    if (!x509_extension(cert, OID_CRL_POINTS, &value))
        return false;
    r = rd_init(value);
    points = der_enter(&r, DER_SEQUENCE);
    while (der_more(&points))
        if (point_url(&points, url))
            return true;
    return false;
}

bool x509_self_issued(const struct x509_cert *cert)
{
    return slice_eq(cert->issuer, cert->subject);
}

cocoon_err x509_valid_at(const struct x509_cert *cert, unix_time now, struct fail *fail)
{
    if (now < cert->not_before)
        return fail_set(fail, ERR_NOT_YET_VALID, 0, "certificate is not valid yet");
    if (now > cert->not_after)
        return fail_set(fail, ERR_EXPIRED, 0, "certificate has expired");
    return OK;
}

cocoon_err x509_issued_by(const struct x509_cert *cert, const struct x509_cert *issuer, int below,
                          struct fail *fail)
{
    if (!slice_eq(cert->issuer, issuer->subject))
        return fail_set(fail, ERR_MISMATCH, 0, "issuer name is not the subject of the issuer");
    if (cert->authority_key_id.len > 0 && issuer->subject_key_id.len > 0 &&
        !slice_eq(cert->authority_key_id, issuer->subject_key_id))
        return fail_set(fail, ERR_MISMATCH, 0, "authority key identifier is another key's");
    if (!issuer->is_ca)
        return fail_set(fail, ERR_RULE, 0, "issuer is no certificate authority");
    if (issuer->has_usage && (issuer->usage & X509_KEY_CERT_SIGN) == 0)
        return fail_set(fail, ERR_RULE, 0, "issuer's key may not sign certificates");
    if (issuer->path_max >= 0 && below > issuer->path_max)
        return fail_set(fail, ERR_RULE, 0, "path is longer than the issuer allows");
    if (!x509_sig_fits(cert->sig, issuer->key.kind))
        return fail_set(fail, ERR_ALGORITHM, 0, "issuer's key does not fit the algorithm");
    return OK;
}

/* --- chains --- */

static cocoon_err read_pem_chain(struct slice text, struct arena *arena, struct x509_cert *out,
                                 size_t max, size_t *count, struct fail *fail)
{
    struct slice ders[X509_CHAIN_MAX];
    size_t limit = max < X509_CHAIN_MAX ? max : X509_CHAIN_MAX;
    cocoon_err err = pem_read(text, "CERTIFICATE", arena, ders, limit, count, fail);

    for (size_t i = 0; err == OK && i < *count; i++)
        err = x509_parse(ders[i], &out[i], fail);
    return err;
}

cocoon_err x509_read_chain(struct slice pem_or_der, struct arena *arena, struct x509_cert *out,
                           size_t max, size_t *count, struct fail *fail)
{
    if (slice_starts(pem_or_der, SLICE_LIT("-")))
        return read_pem_chain(pem_or_der, arena, out, max, count, fail);
    if (max == 0)
        return fail_set(fail, ERR_LIMIT, 0, "certificate chain");
    *count = 1;
    return x509_parse(pem_or_der, &out[0], fail);
}
