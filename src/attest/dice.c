/*
 * 2.23.133.5.4.1    CompositeDeviceID ::= SEQUENCE { version INTEGER, deviceID
 * SubjectPublicKeyInfo, fwid FWID }                     Hopper, LS10 2.23.133.5.4.1.1  DiceTcbInfo
 * ::= SEQUENCE { [0] vendor, [1] model, [2] version, [3] svn, [4] layer, [5] index, [6] SEQUENCE OF
 * FWID, [7] flags, [8] vendorInfo, [9] type }, all optional           Blackwell FWID ::= SEQUENCE {
 * hashAlg OID, digest OCTET STRING }
 *
 * Of several FWIDs the first is that of the firmware that is attested to.
 *
 * Source: TCG DICE Attestation Architecture 1.1, section 6.1; RIoT composite device id.
 */
#include "attest/dice.h"

#include "codec/der.h"

enum { TAG_FWIDS = DER_CONTEXT_CONSTRUCTED | 6 };

static const struct slice oid_composite = SLICE_INIT("\x67\x81\x05\x05\x04\x01");
static const struct slice oid_tcb_info = SLICE_INIT("\x67\x81\x05\x05\x04\x01\x01");

/* Read one FWID; an unknown hash yields an empty slice without an error. */
static struct slice read_fwid(struct rd *r)
{
    struct rd seq = der_enter(r, DER_SEQUENCE);
    struct slice alg = der_oid(&seq);
    struct slice digest = der_take(&seq, DER_OCTET_STRING);

    der_leave(r, &seq);
    if (!slice_eq(alg, OID_SHA384) || digest.len != DICE_FWID_SIZE)
        return (struct slice){NULL, 0};
    return digest;
}

static struct slice read_composite(struct rd *seq)
{
    (void)der_u64(seq);
    (void)der_whole(seq, DER_SEQUENCE);
    return read_fwid(seq);
}

static struct slice read_tcb_info(struct rd *seq)
{
    struct slice first = {NULL, 0};
    bool present;
    struct rd list;

    while (der_more(seq) && !der_is(seq, TAG_FWIDS))
        (void)der_any(seq);
    list = der_enter_if(seq, TAG_FWIDS, &present);
    if (present)
        first = read_fwid(&list);
    while (der_more(&list))
        (void)read_fwid(&list);
    if (present)
        der_leave(seq, &list);
    while (der_more(seq))
        (void)der_any(seq);
    return first;
}

cocoon_err dice_fwid(const struct x509_cert *cert, bool *present, struct slice *fwid,
                     struct fail *fail)
{
    struct slice value;
    struct rd all, seq;
    bool composite = x509_extension(cert, oid_composite, &value);

    *present = composite || x509_extension(cert, oid_tcb_info, &value);
    *fwid = (struct slice){NULL, 0};
    if (!*present)
        return OK;
    all = rd_init(value);
    seq = der_enter(&all, DER_SEQUENCE);
    *fwid = composite ? read_composite(&seq) : read_tcb_info(&seq);
    der_leave(&all, &seq);
    if (rd_end(&all) != OK)
        return fail_set(fail, ERR_MALFORMED, seq.at, "device certificate: DICE extension");
    if (fwid->len != DICE_FWID_SIZE)
        return fail_set(fail, ERR_ALGORITHM, 0, "device certificate: FWID is not SHA-384");
    return OK;
}
