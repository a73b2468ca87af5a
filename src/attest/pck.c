/*
 * SEQUENCE OF SEQUENCE { OID, value }, arcs below 1.2.840.113741.1.13.1:
 *
 *   .1  PPID                  OCTET STRING 16
 *   .2  TCB                   SEQUENCE OF { OID, value }
 *       .2.1 .. .2.16         component security versions, INTEGER 0..255
 *       .2.17                 PCE security version, INTEGER 0..65535
 *       .2.18                 CPUSVN, OCTET STRING 16
 *   .3  PCE-ID                OCTET STRING 2
 *   .4  FMSPC                 OCTET STRING 6
 *   .5  SGX type              ENUMERATED
 *   .6  platform instance id  OCTET STRING 16       (Platform CA only)
 *   .7  configuration         SEQUENCE OF { OID, BOOLEAN }: .7.1 dynamic platform, .7.2 cached
 * keys, .7.3 SMT enabled      (Platform CA only)
 *
 * Every item stands at most once; .1 to .5 and all of .2 must stand. An arc that is not listed is
 * passed over: Intel has added arcs before.
 *
 * Source: Intel SGX PCK Certificate and Certificate Revocation List Profile Specification.
 */
#include "attest/pck.h"

#include "codec/der.h"

enum {
    ARC_PPID = 1,
    ARC_TCB = 2,
    ARC_PCEID = 3,
    ARC_FMSPC = 4,
    ARC_SGX_TYPE = 5,
    ARC_INSTANCE = 6,
    ARC_CONFIGURATION = 7,
    ARC_PCE_SVN = 17,
    ARC_CPU_SVN = 18,
    ARCS_REQUIRED =
        1 << ARC_PPID | 1 << ARC_TCB | 1 << ARC_PCEID | 1 << ARC_FMSPC | 1 << ARC_SGX_TYPE,
    ARCS_TCB = (1 << (ARC_CPU_SVN + 1)) - 2,
};

/* 1.2.840.113741.1.13.1, and its branches .2 and .7 */
static const struct slice oid_sgx = SLICE_INIT("\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01");
static const struct slice oid_tcb = SLICE_INIT("\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01\x02");
static const struct slice oid_conf = SLICE_INIT("\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01\x07");

/*
 * Read the OID of an item and return its arc below `parent`; 0 if it stands elsewhere. All arcs in
 * use are below 128, so one byte each.
 */
static unsigned read_arc(struct rd *r, struct slice parent)
{
    struct slice oid = der_oid(r);

    if (oid.len != parent.len + 1 || !slice_starts(oid, parent))
        return 0;
    return oid.ptr[oid.len - 1];
}

/* Note in `*seen` that `arc` stands here; a second time is an error. */
static void mark(struct rd *r, unsigned arc, uint32_t *seen)
{
    if (arc == 0 || arc > 31)
        return;
    if ((*seen >> arc & 1) != 0)
        rd_fail(r);
    *seen |= UINT32_C(1) << arc;
}

static struct slice read_octets(struct rd *r, size_t len)
{
    struct slice s = der_take(r, DER_OCTET_STRING);

    if (s.len != len)
        rd_fail(r);
    return s;
}

static uint16_t read_number(struct rd *r, uint64_t max)
{
    uint64_t value = der_u64(r);

    if (value > max)
        rd_fail(r);
    return (uint16_t)value;
}

static void read_tcb_item(struct rd *r, struct pck_extension *out, uint32_t *seen)
{
    struct rd item = der_enter(r, DER_SEQUENCE);
    unsigned arc = read_arc(&item, oid_tcb);

    mark(&item, arc, seen);
    if (arc >= 1 && arc <= PCK_COMPONENTS)
        out->components[arc - 1] = (uint8_t)read_number(&item, UINT8_MAX);
    else if (arc == ARC_PCE_SVN)
        out->pce_svn = read_number(&item, UINT16_MAX);
    else if (arc == ARC_CPU_SVN)
        out->cpu_svn = read_octets(&item, 16);
    else
        (void)der_any(&item);
    der_leave(r, &item);
}

static void read_tcb(struct rd *r, struct pck_extension *out)
{
    struct rd tcb = der_enter(r, DER_SEQUENCE);
    uint32_t seen = 0;

    while (der_more(&tcb))
        read_tcb_item(&tcb, out, &seen);
    if ((seen & ARCS_TCB) != ARCS_TCB)
        rd_fail(&tcb);
    der_leave(r, &tcb);
}

static void read_configuration(struct rd *r, struct pck_extension *out)
{
    struct rd list = der_enter(r, DER_SEQUENCE);
    uint32_t seen = 0;

    out->has_configuration = true;
    while (der_more(&list)) {
        struct rd item = der_enter(&list, DER_SEQUENCE);
        unsigned arc = read_arc(&item, oid_conf);
        bool yes = der_bool(&item);

        mark(&item, arc, &seen);
        if (arc == 1)
            out->dynamic_platform = yes;
        else if (arc == 2)
            out->cached_keys = yes;
        else if (arc == 3)
            out->smt_enabled = yes;
        der_leave(&list, &item);
    }
    der_leave(r, &list);
}

static void read_item(struct rd *r, struct pck_extension *out, uint32_t *seen)
{
    struct rd item = der_enter(r, DER_SEQUENCE);
    unsigned arc = read_arc(&item, oid_sgx);

    mark(&item, arc, seen);
    if (arc == ARC_PPID)
        out->ppid = read_octets(&item, 16);
    else if (arc == ARC_TCB)
        read_tcb(&item, out);
    else if (arc == ARC_PCEID)
        out->pce_id = read_octets(&item, PCK_PCEID_SIZE);
    else if (arc == ARC_FMSPC)
        out->fmspc = read_octets(&item, PCK_FMSPC_SIZE);
    else if (arc == ARC_SGX_TYPE)
        out->sgx_type = der_enumerated(&item);
    else if (arc == ARC_INSTANCE)
        out->platform_instance_id = read_octets(&item, 16);
    else if (arc == ARC_CONFIGURATION)
        read_configuration(&item, out);
    else
        (void)der_any(&item);
    der_leave(r, &item);
}

cocoon_err pck_extension_read(const struct x509_cert *cert, struct pck_extension *out,
                              struct fail *fail)
{
    struct slice value;
    struct rd r, list;
    uint32_t seen = 0;

    *out = (struct pck_extension){0};
    if (!x509_extension(cert, oid_sgx, &value))
        return fail_set(fail, ERR_MISSING, 0, "PCK certificate has no SGX extension");
    r = rd_init(value);
    list = der_enter(&r, DER_SEQUENCE);
    while (der_more(&list))
        read_item(&list, out, &seen);
    der_leave(&r, &list);
    if (rd_end(&r) != OK)
        return fail_set(fail, ERR_MALFORMED, list.at,
                        "PCK certificate: SGX extension not well formed");
    if ((seen & ARCS_REQUIRED) != ARCS_REQUIRED)
        return fail_set(fail, ERR_MISSING, 0, "PCK certificate: SGX extension lacks an item");
    return OK;
}
