/*
 * Algorithms, names and extensions of X.509.
 *
 * AlgorithmIdentifier ::= SEQUENCE { OID, parameters }, where the parameters are
 *   ecdsa-with-SHA*, Ed25519     absent           (RFC 5758 3.2, RFC 8410 3)
 *   sha*WithRSAEncryption        NULL             (RFC 4055 5)
 *   RSASSA-PSS                   hash, MGF1 with that hash, salt as long as it, trailer 1
 *
 * Name ::= SEQUENCE OF SET OF SEQUENCE { OID, string }; a SET's elements ascend (X.690 11.6).
 */
#include "codec/x509_part.h"

enum { SHA256_LEN = 32, SHA384_LEN = 48, ED25519_SIG_LEN = 64, ECDSA_WIDTH_MAX = 48 };

/* Read the hash AlgorithmIdentifier of RSASSA-PSS; parameters are absent or NULL (RFC 4055 2.1). */
static size_t read_pss_hash(struct rd *r)
{
    struct rd seq = der_enter(r, DER_SEQUENCE);
    struct slice oid = der_oid(&seq);

    if (der_more(&seq) && der_take(&seq, DER_NULL).len != 0)
        rd_fail(&seq);
    der_leave(r, &seq);
    if (slice_eq(oid, OID_SHA256))
        return SHA256_LEN;
    return slice_eq(oid, OID_SHA384) ? SHA384_LEN : 0;
}

static bool read_pss(struct rd *alg, enum x509_sig *out)
{
    struct rd seq = der_enter(alg, DER_SEQUENCE);
    struct rd part = der_enter(&seq, DER_CONTEXT_CONSTRUCTED | 0);
    size_t hash = read_pss_hash(&part), mgf_hash;
    struct rd mgf;
    bool trailer;

    der_leave(&seq, &part);
    part = der_enter(&seq, DER_CONTEXT_CONSTRUCTED | 1);
    mgf = der_enter(&part, DER_SEQUENCE);
    if (!slice_eq(der_oid(&mgf), OID_MGF1))
        rd_fail(&mgf);
    mgf_hash = read_pss_hash(&mgf);
    der_leave(&part, &mgf);
    der_leave(&seq, &part);
    part = der_enter(&seq, DER_CONTEXT_CONSTRUCTED | 2);
    if (der_u64(&part) != hash)
        rd_fail(&part);
    der_leave(&seq, &part);
    part = der_enter_if(&seq, DER_CONTEXT_CONSTRUCTED | 3, &trailer);
    if (trailer && der_u64(&part) != 1)
        rd_fail(&part);
    der_leave(&seq, &part);
    der_leave(alg, &seq);
    *out = hash == SHA256_LEN ? X509_PSS_SHA256 : X509_PSS_SHA384;
    return !alg->bad && hash != 0 && hash == mgf_hash;
}

/* Read the content of a signature AlgorithmIdentifier. */
static bool read_sig(struct rd *alg, enum x509_sig *out)
{
    static const struct {
        const struct slice *oid;
        enum x509_sig sig;
        bool has_null;
    } rows[] = {
        {&OID_ECDSA_SHA256, X509_ECDSA_SHA256, false},
        {&OID_ECDSA_SHA384, X509_ECDSA_SHA384, false},
        {&OID_RSA_SHA256, X509_RSA_SHA256, true},
        {&OID_RSA_SHA384, X509_RSA_SHA384, true},
        {&OID_ED25519, X509_ED25519, false},
    };
    struct slice oid = der_oid(alg);

    if (slice_eq(oid, OID_RSA_PSS))
        return read_pss(alg, out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (slice_eq(oid, *rows[i].oid)) {
            *out = rows[i].sig;
            return !rows[i].has_null || der_take(alg, DER_NULL).len == 0;
        }
    return false;
}

/* Tell whether `signature` has the form that `sig` makes. */
static bool signature_ok(enum x509_sig sig, struct slice signature)
{
    uint8_t raw[2 * ECDSA_WIDTH_MAX];

    if (sig == X509_ECDSA_SHA256 || sig == X509_ECDSA_SHA384)
        return der_ecdsa_raw(signature, ECDSA_WIDTH_MAX, raw) == OK;
    if (sig == X509_ED25519)
        return signature.len == ED25519_SIG_LEN;
    return signature.len > 0;
}

cocoon_err x509_take_signed(struct rd *seq, struct x509_signed *out, struct fail *fail)
{
    struct rd alg_outer, alg;

    out->tbs = der_whole(seq, DER_SEQUENCE);
    out->algorithm = der_whole(seq, DER_SEQUENCE);
    out->signature = der_bits(seq);
    if (seq->bad)
        return fail_set(fail, ERR_MALFORMED, seq->at, "signed part, algorithm, signature");
    alg_outer = rd_init(out->algorithm);
    alg = der_enter(&alg_outer, DER_SEQUENCE);
    if (!read_sig(&alg, &out->sig) || rd_end(&alg) != OK)
        return fail_set(fail, ERR_ALGORITHM, out->tbs.len, "signature algorithm");
    if (!signature_ok(out->sig, out->signature))
        return fail_set(fail, ERR_MALFORMED, seq->at - out->signature.len, "form of the signature");
    return OK;
}

cocoon_err x509_read_signed(struct slice der, struct x509_signed *out, struct fail *fail)
{
    struct rd all = rd_init(der);
    struct rd seq = der_enter(&all, DER_SEQUENCE);
    cocoon_err err;

    if (seq.bad)
        return fail_set(fail, ERR_MALFORMED, all.at, "outer SEQUENCE");
    if (rd_end(&all) != OK)
        return fail_set(fail, ERR_TRAILING, all.at, "bytes after the outer SEQUENCE");
    if ((err = x509_take_signed(&seq, out, fail)) != OK)
        return err;
    if (rd_end(&seq) != OK)
        return fail_set(fail, ERR_MALFORMED, seq.at, "signed part, algorithm, signature");
    return OK;
}

bool x509_sig_fits(enum x509_sig sig, enum x509_key_kind kind)
{
    switch (sig) {
    case X509_ECDSA_SHA256:
    case X509_ECDSA_SHA384:
        return kind == X509_KEY_P256 || kind == X509_KEY_P384;
    case X509_RSA_SHA256:
    case X509_RSA_SHA384:
    case X509_PSS_SHA256:
    case X509_PSS_SHA384:
        return kind == X509_KEY_RSA;
    case X509_ED25519:
        return kind == X509_KEY_ED25519;
    }
    return false;
}

/* --- names --- */

/* Tell whether `value` is a DirectoryString or IA5String whose bytes fit its type. */
static bool name_value_ok(const struct der *value)
{
    switch (value->tag) {
    case DER_UTF8_STRING:
        return slice_is_utf8(value->body);
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
        for (size_t i = 0; i < value->body.len; i++)
            if (value->body.ptr[i] >= 0x80)
                return false;
        return true;
    default:
        return false;
    }
}

/* Read one AttributeTypeAndValue. */
static bool read_attribute(struct rd *r, struct slice *oid, struct der *value, struct slice *all)
{
    struct rd seq;

    *all = der_whole(r, DER_SEQUENCE);
    seq = rd_init(*all);
    seq = der_enter(&seq, DER_SEQUENCE);
    *oid = der_oid(&seq);
    *value = der_any(&seq);
    if (rd_end(&seq) != OK)
        rd_fail(r);
    return !r->bad;
}

/* Tell whether `set` holds one attribute or several in ascending order. */
static bool rdn_ok(struct rd *set)
{
    struct slice oid, all, before = {0};
    struct der value;

    do {
        if (!read_attribute(set, &oid, &value, &all) || !name_value_ok(&value))
            return false;
        if (before.len > 0 && slice_cmp(before, all) >= 0)
            return false;
        before = all;
    } while (der_more(set));
    return true;
}

bool x509_name_ok(struct slice name, bool may_be_empty)
{
    struct rd r = rd_init(name);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    if (seq.bad || (!der_more(&seq) && !may_be_empty))
        return false;
    while (der_more(&seq)) {
        struct rd set = der_enter(&seq, DER_SET);

        if (seq.bad || !rdn_ok(&set))
            return false;
    }
    return rd_end(&seq) == OK && rd_end(&r) == OK;
}

bool x509_name_find(struct slice name, struct slice oid, struct slice *text)
{
    struct rd r = rd_init(name);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    while (der_more(&seq)) {
        struct rd set = der_enter(&seq, DER_SET);
        struct slice type, all;
        struct der value;

        while (der_more(&set) && read_attribute(&set, &type, &value, &all))
            if (slice_eq(type, oid)) {
                *text = value.body;
                return true;
            }
    }
    return false;
}

/* otherName ::= [0] { OID, [0] { anything } } */
static bool other_name_ok(struct slice body)
{
    struct rd r = rd_init(body);
    struct rd value;

    (void)der_oid(&r);
    value = der_enter(&r, DER_CONTEXT_CONSTRUCTED | 0);
    (void)der_any(&value);
    der_leave(&r, &value);
    return rd_end(&r) == OK;
}

/* GeneralName, RFC 5280 4.2.1.6. x400Address [3] and ediPartyName [5] are refused. */
static bool general_name_ok(const struct der *name)
{
    switch (name->tag) {
    case DER_CONTEXT_CONSTRUCTED | 0:
        return other_name_ok(name->body);
    case DER_CONTEXT | 1: /* rfc822Name, dNSName, URI, iPAddress */
    case DER_CONTEXT | 2:
    case DER_CONTEXT | 6:
    case DER_CONTEXT | 7:
        return true;
    case DER_CONTEXT_CONSTRUCTED | 4:
        return x509_name_ok(name->body, true);
    default:
        return false;
    }
}

void x509_general_names(struct rd *r, uint8_t tag)
{
    struct rd names = der_enter(r, tag);

    do {
        struct der name = der_any(&names);

        if (!general_name_ok(&name))
            rd_fail(&names);
    } while (der_more(&names));
    der_leave(r, &names);
}

/* --- extensions --- */

bool x509_next_extension(struct rd *list, struct x509_ext *out)
{
    struct rd seq;

    if (!der_more(list))
        return false;
    seq = der_enter(list, DER_SEQUENCE);
    out->oid = der_oid(&seq);
    out->critical = der_is(&seq, DER_BOOLEAN);
    if (out->critical && !der_bool(&seq)) /* X.690 11.5: a default is not encoded */
        rd_fail(&seq);
    out->value = der_take(&seq, DER_OCTET_STRING);
    der_leave(list, &seq);
    return !list->bad;
}

bool x509_find_extension(struct slice list, struct slice oid, struct slice *value)
{
    struct rd r = rd_init(list);
    struct x509_ext ext;

    while (x509_next_extension(&r, &ext))
        if (slice_eq(ext.oid, oid)) {
            *value = ext.value;
            return true;
        }
    return false;
}

cocoon_err x509_each_extension(struct slice list,
                               cocoon_err (*take)(void *owner, const struct x509_ext *ext),
                               void *owner)
{
    struct slice seen[X509_EXTENSIONS_MAX];
    struct rd r = rd_init(list);
    struct x509_ext ext;
    size_t count = 0;
    cocoon_err err = OK;

    while (err == OK && x509_next_extension(&r, &ext)) {
        for (size_t i = 0; i < count; i++)
            if (slice_eq(seen[i], ext.oid))
                return ERR_DUPLICATE;
        if (count == X509_EXTENSIONS_MAX)
            return ERR_LIMIT;
        seen[count++] = ext.oid;
        err = take(owner, &ext);
    }
    if (err != OK)
        return err;
    return count > 0 && rd_end(&r) == OK ? OK : ERR_MALFORMED;
}

cocoon_err x509_read_authority(struct slice value, struct slice *key_id)
{
    struct rd r = rd_init(value);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    *key_id = (struct slice){0};
    if (der_is(&seq, DER_CONTEXT | 0))
        *key_id = der_take(&seq, DER_CONTEXT | 0);
    /* Issuer name and serial may follow, together (RFC 5280 4.2.1.1); neither is used. */
    if (der_is(&seq, DER_CONTEXT_CONSTRUCTED | 1)) {
        x509_general_names(&seq, DER_CONTEXT_CONSTRUCTED | 1);
        (void)der_take(&seq, DER_CONTEXT | 2);
    }
    der_leave(&r, &seq);
    return rd_end(&r) == OK ? OK : ERR_MALFORMED;
}
