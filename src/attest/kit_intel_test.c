#include "attest/kit_intel_test.h"

#include "attest/quote.h"
#include "base/hex.h"
#include "base/test.h"
#include "codec/der.h"
#include "crypto/hash.h"

enum { KEY_ROOT, KEY_CA, KEY_PCK, KEY_SIGNER, KEY_AK, KEY_STRANGER, TEXT_MAX = 64 * 1024 };

static const uint8_t td_attributes_good[8] = {0, 0, 0, 0x10, 0, 0, 0, 0};
static const uint8_t xfam_good[8] = {0xe7, 0x02, 0x06, 0, 0, 0, 0, 0};
static const uint8_t svn_good[16] = {5, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};

static const char zeros_48[] = "000000000000000000000000000000000000000000000000"
                               "000000000000000000000000000000000000000000000000";
static const char qe_mrsigner_good[] =
    "0404040404040404040404040404040404040404040404040404040404040404";

const struct kit_key *intel_root_key(void)
{
    return kit_key(KIT_P256, KEY_ROOT);
}

const struct kit_key *intel_stranger_key(void)
{
    return kit_key(KIT_P256, KEY_STRANGER);
}

struct intel_world intel_tdx(void)
{
    const struct intel_window month = {INTEL_NOW - 15 * INTEL_DAY, INTEL_NOW + 15 * INTEL_DAY};
    const struct intel_window years = {INTEL_NOW - 900 * INTEL_DAY, INTEL_NOW + 900 * INTEL_DAY};

    return (struct intel_world){
        .now = INTEL_NOW,
        .quote = {.version = 4, .tee = QUOTE_TDX, .body_type = 2, .cert_type = 5},
        .td = {.tee_tcb_svn = SLICE_OF(svn_good),
               .td_attributes = SLICE_OF(td_attributes_good),
               .xfam = SLICE_OF(xfam_good)},
        .qe = {.isv_prod_id = 2, .isv_svn = 6},
        .pck_name = "Intel SGX PCK Certificate",
        .ca_name = "Intel SGX PCK Platform CA",
        .root_name = "Intel SGX Root CA",
        .fmspc = "00112233aabb",
        .pce_id = "0000",
        .components = 5,
        .pce_svn = 11,
        .pck = years,
        .ca = years,
        .root = years,
        .root_crl = month,
        .pck_crl = month,
        .pck_crl_issuer = "Intel SGX PCK Platform CA",
        .tcb_id = "TDX",
        .tcb_fmspc = "00112233AABB",
        .tcb_pce_id = "0000",
        .signer_name = "Intel SGX TCB Signing",
        .tcb_version = 3,
        .evaluation = 20,
        .qe_evaluation = 19,
        .tcb = month,
        .qe_window = month,
        .signer = years,
        .levels = {{5, 11, 3, "UpToDate", "2026-06-01T00:00:00Z", NULL},
                   {4, 10, 2, "OutOfDate", "2025-06-01T00:00:00Z", "INTEL-SA-00002"},
                   {1, 5, 1, "Revoked", "2024-06-01T00:00:00Z", "INTEL-SA-00001"}},
        .modules = {{"TDX_01", NULL, NULL, NULL, {5, "UpToDate", "2026-05-01T00:00:00Z", NULL}},
                    {"TDX_02", NULL, NULL, NULL, {1, "UpToDate", "2026-05-01T00:00:00Z", NULL}}},
        .qe_id = "TD_QE",
        .qe_mrsigner = qe_mrsigner_good,
        .qe_attributes = "11000000000000000000000000000000",
        .qe_attributes_mask = "fbffffffffffffff0000000000000000",
        .qe_misc = "00000000",
        .qe_misc_mask = "ffffffff",
        .qe_prod_id = 2,
        .qe_levels = {{6, "UpToDate", "2026-04-01T00:00:00Z", NULL},
                      {4, "OutOfDate", "2025-04-01T00:00:00Z", "INTEL-SA-00003"}},
    };
}

struct intel_world intel_tdx_v5(void)
{
    struct intel_world w = intel_tdx();

    w.quote.version = 5;
    w.quote.body_type = 3;
    w.td.tee_tcb_svn2 = SLICE_OF(svn_good);
    return w;
}

struct intel_world intel_sgx(void)
{
    struct intel_world w = intel_tdx();

    w.quote = (struct kit_quote){.version = 3, .tee = QUOTE_SGX, .body_type = 1, .cert_type = 5};
    w.qe.isv_prod_id = 1;
    w.qe_prod_id = 1;
    w.qe_id = "QE";
    w.tcb_id = "SGX";
    return w;
}

static const struct kit_key *or_key(const struct kit_key *key, unsigned index)
{
    return key != NULL ? key : kit_key(KIT_P256, index);
}

/* --- PCK certificate --- */

static void put_item(struct wr *w, const char *oid, size_t oid_len)
{
    der_put(w, DER_OID, slice_make(oid, oid_len));
}

#define SGX_ARC "\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01"

static void put_octets(struct wr *w, char arc, struct slice bytes)
{
    struct wr_block item = der_open(w, DER_SEQUENCE);
    char oid[] = SGX_ARC "\x00";

    oid[9] = arc;
    put_item(w, oid, 10);
    der_put(w, DER_OCTET_STRING, bytes);
    der_close(w, item);
}

static void put_tcb_item(struct wr *w, unsigned index, unsigned value)
{
    struct wr_block item = der_open(w, DER_SEQUENCE);
    char oid[] = SGX_ARC "\x02\x00";

    oid[10] = (char)index;
    put_item(w, oid, 11);
    der_put_u64(w, value);
    der_close(w, item);
}

static void put_tcb(struct wr *w, const struct intel_world *world)
{
    static const uint8_t cpu_svn[16] = {0};
    struct wr_block item = der_open(w, DER_SEQUENCE), list, last;

    put_item(w, SGX_ARC "\x02", 10);
    list = der_open(w, DER_SEQUENCE);
    for (unsigned i = 1; i <= 16; i++)
        put_tcb_item(w, i, world->components - (world->component_low == i));
    put_tcb_item(w, 17, world->pce_svn);
    last = der_open(w, DER_SEQUENCE);
    put_item(w, SGX_ARC "\x02\x12", 11);
    der_put(w, DER_OCTET_STRING, SLICE_OF(cpu_svn));
    der_close(w, last);
    der_close(w, list);
    der_close(w, item);
}

static struct slice pck_extension(const struct intel_world *world, uint8_t *room, size_t size)
{
    static const uint8_t ppid[16] = {1};
    uint8_t fmspc[6], pce_id[2];
    struct wr w = wr_init(room, size);
    struct wr_block all = der_open(&w, DER_SEQUENCE), item;
    struct slice out;

    assert_int_equal(hex_read(slice_text(world->fmspc), fmspc, 6), OK);
    assert_int_equal(hex_read(slice_text(world->pce_id), pce_id, 2), OK);
    put_octets(&w, 1, SLICE_OF(ppid));
    put_tcb(&w, world);
    put_octets(&w, 3, SLICE_OF(pce_id));
    put_octets(&w, 4, SLICE_OF(fmspc));
    item = der_open(&w, DER_SEQUENCE);
    put_item(&w, SGX_ARC "\x05", 10);
    der_put(&w, DER_ENUMERATED, SLICE_LIT("\0"));
    der_close(&w, item);
    der_close(&w, all);
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static struct slice root_cert(const struct intel_world *w, struct arena *arena)
{
    const struct kit_cert root = {.subject = w->root_name,
                                  .issuer = w->root_name,
                                  .key = intel_root_key(),
                                  .signer = intel_root_key(),
                                  .serial = INTEL_SERIAL_ROOT,
                                  .from = w->root.from,
                                  .until = w->root.until,
                                  .ca = true};

    return kit_cert(arena, &root);
}

static struct slice ca_cert(const struct intel_world *w, struct arena *arena)
{
    const struct kit_cert ca = {.subject = w->ca_name,
                                .issuer = w->root_name,
                                .key = kit_key(KIT_P256, KEY_CA),
                                .signer = or_key(w->ca_issuer_key, KEY_ROOT),
                                .serial = INTEL_SERIAL_CA,
                                .from = w->ca.from,
                                .until = w->ca.until,
                                .ca = true};

    return kit_cert(arena, &ca);
}

static struct slice pck_cert(const struct intel_world *w, struct arena *arena)
{
    uint8_t room[2048];
    const struct x509_new_extension sgx = {.oid = SLICE_INIT(SGX_ARC),
                                           .value = pck_extension(w, room, sizeof room)};
    const struct kit_cert pck = {.subject = w->pck_name,
                                 .issuer = w->ca_name,
                                 .key = kit_key(KIT_P256, KEY_PCK),
                                 .signer = or_key(w->pck_issuer_key, KEY_CA),
                                 .serial = INTEL_SERIAL_PCK,
                                 .from = w->pck.from,
                                 .until = w->pck.until,
                                 .ca = w->pck_is_ca,
                                 .more = &sgx,
                                 .more_count = !w->no_extension};

    return kit_cert(arena, &pck);
}

static struct slice signer_chain(const struct intel_world *w, struct arena *arena)
{
    const struct kit_cert signer = {.subject = w->signer_name,
                                    .issuer = w->root_name,
                                    .key = kit_key(KIT_P256, KEY_SIGNER),
                                    .signer = intel_root_key(),
                                    .serial = INTEL_SERIAL_SIGNER,
                                    .from = w->signer.from,
                                    .until = w->signer.until};
    const struct slice certs[] = {kit_cert(arena, &signer), root_cert(w, arena)};

    return kit_pem(arena, certs, 2);
}

/* --- quote --- */

static struct slice qe_report(const struct intel_world *w, struct arena *arena)
{
    static const uint8_t attributes[16] = {0x11};
    struct kit_sgx_report qe = w->qe;
    const struct slice parts[] = {kit_key(KIT_P256, KEY_AK)->raw, w->quote.qe_auth};
    uint8_t *data = kit_copy(arena, kit_fill(arena, 0, 64));
    struct digest digest;

    sha256_parts(parts, 2, &digest);
    memcpy(data, digest.bytes, sizeof digest.bytes);
    data[0] ^= w->qe_binding_wrong;
    data[63] ^= w->qe_tail_set;
    qe.report_data = slice_make(data, 64);
    if (qe.attributes.ptr == NULL)
        qe.attributes = SLICE_OF(attributes);
    return kit_sgx_report(arena, &qe);
}

static struct slice make_quote(const struct intel_world *w, struct arena *arena)
{
    const struct slice certs[] = {pck_cert(w, arena), ca_cert(w, arena), root_cert(w, arena)};
    struct kit_quote q = w->quote;

    q.body = q.tee == QUOTE_TDX ? kit_td_report(arena, &w->td, q.body_type)
                                : kit_sgx_report(arena, &w->sgx);
    q.cert_data = kit_pem(arena, certs, 3);
    q.attestation_key = kit_key(KIT_P256, KEY_AK)->raw;
    q.qe_report = qe_report(w, arena);
    q.qe_signature = kit_sign_raw(arena, or_key(w->qe_signer, KEY_PCK), q.qe_report);
    q.signature = kit_sign_raw(arena, or_key(w->quote_signer, KEY_AK), kit_quote_signed(arena, &q));
    return kit_quote(arena, &q);
}

/* --- JSON --- */

static void put_time(struct buf *out, const char *name, unix_time t)
{
    buf_printf(out, "\"%s\":\"", name);
    rfc3339_put(out, t);
    buf_put_text(out, "\",");
}

static void put_verdict(struct buf *out, const char *status, const char *date, const char *advisory)
{
    buf_printf(out, "\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", date, status);
    if (advisory != NULL)
        buf_printf(out, ",\"advisoryIDs\":[\"%s\"]", advisory);
}

static void put_svn_levels(struct buf *out, const struct intel_svn_level *levels, size_t count)
{
    buf_put_text(out, "\"tcbLevels\":[");
    for (size_t i = 0; i < count && levels[i].status != NULL; i++) {
        buf_printf(out, "%s{\"tcb\":{\"isvsvn\":%u},", i > 0 ? "," : "", levels[i].isv_svn);
        put_verdict(out, levels[i].status, levels[i].date, levels[i].advisory);
        buf_put_u8(out, '}');
    }
    buf_put_u8(out, ']');
}

static void put_module(struct buf *out, const struct intel_module *m)
{
    buf_printf(out, "\"mrsigner\":\"%s\",\"attributes\":\"%s\",\"attributesMask\":\"%s\"",
               m->mrsigner != NULL ? m->mrsigner : zeros_48,
               m->attributes != NULL ? m->attributes : "0000000000000000",
               m->mask != NULL ? m->mask : "ffffffffffffffff");
}

static void put_components(struct buf *out, const char *name, unsigned svn)
{
    buf_printf(out, "\"%s\":[", name);
    for (int i = 0; i < 16; i++)
        buf_printf(out, "%s{\"svn\":%u}", i > 0 ? "," : "", svn);
    buf_put_text(out, "]");
}

static void put_level(struct buf *out, const struct intel_world *w, const struct intel_level *l)
{
    buf_put_text(out, "{\"tcb\":{");
    if (w->tcb_version == 2)
        for (int i = 1; i <= 16; i++)
            buf_printf(out, "\"sgxtcbcomp%02dsvn\":%u%s", i, l->sgx, i < 16 ? "," : "");
    else
        put_components(out, "sgxtcbcomponents", l->sgx);
    if (w->tcb_version > 2 && strcmp(w->tcb_id, "TDX") == 0) {
        buf_put_u8(out, ',');
        put_components(out, "tdxtcbcomponents", l->tdx);
    }
    buf_printf(out, ",\"pcesvn\":%u},", l->pce);
    put_verdict(out, l->status, l->date, l->advisory);
    buf_put_u8(out, '}');
}

static void put_modules(struct buf *out, const struct intel_world *w)
{
    const char *comma = "";

    buf_put_text(out, "\"tdxModule\":{");
    put_module(out, &w->module);
    buf_put_text(out, "},\"tdxModuleIdentities\":[");
    for (size_t i = 0; i < INTEL_MODULES; i++) {
        if (w->modules[i].id == NULL)
            continue;
        buf_printf(out, "%s{\"id\":\"%s\",", comma, w->modules[i].id);
        put_module(out, &w->modules[i]);
        buf_put_u8(out, ',');
        put_svn_levels(out, &w->modules[i].level, 1);
        buf_put_u8(out, '}');
        comma = ",";
    }
    buf_put_text(out, "],");
}

static void put_tcb_info(struct buf *out, const struct intel_world *w)
{
    buf_put_u8(out, '{');
    if (w->tcb_version > 2)
        buf_printf(out, "\"id\":\"%s\",", w->tcb_id);
    buf_printf(out, "\"version\":%u,", w->tcb_version);
    put_time(out, "issueDate", w->tcb.from);
    put_time(out, "nextUpdate", w->tcb.until);
    buf_printf(out,
               "\"fmspc\":\"%s\",\"pceId\":\"%s\",\"tcbType\":0,\"tcbEvaluationDataNumber\":%u,",
               w->tcb_fmspc, w->tcb_pce_id, w->evaluation);
    if (strcmp(w->tcb_id, "TDX") == 0)
        put_modules(out, w);
    buf_put_text(out, "\"tcbLevels\":[");
    for (size_t i = 0; i < INTEL_LEVELS && w->levels[i].status != NULL; i++) {
        buf_put_text(out, i > 0 ? "," : "");
        put_level(out, w, &w->levels[i]);
    }
    buf_put_text(out, "]}");
}

static void put_qe_identity(struct buf *out, const struct intel_world *w)
{
    buf_printf(out, "{\"id\":\"%s\",\"version\":2,", w->qe_id);
    put_time(out, "issueDate", w->qe_window.from);
    put_time(out, "nextUpdate", w->qe_window.until);
    buf_printf(out, "\"tcbEvaluationDataNumber\":%u,", w->qe_evaluation);
    buf_printf(out, "\"miscselect\":\"%s\",\"miscselectMask\":\"%s\",", w->qe_misc,
               w->qe_misc_mask);
    buf_printf(out, "\"attributes\":\"%s\",\"attributesMask\":\"%s\",", w->qe_attributes,
               w->qe_attributes_mask);
    buf_printf(out, "\"mrsigner\":\"%s\",\"isvprodid\":%u,", w->qe_mrsigner, w->qe_prod_id);
    put_svn_levels(out, w->qe_levels, INTEL_LEVELS);
    buf_put_u8(out, '}');
}

/* Write {"<name>": body, "signature": hex}. */
static struct slice signed_json(const struct intel_world *w, struct arena *arena, const char *name,
                                void (*put)(struct buf *, const struct intel_world *),
                                const struct kit_key *signer)
{
    struct slice copy = {NULL, 0};
    struct buf body, all;

    buf_init(&body, TEXT_MAX);
    buf_init(&all, TEXT_MAX);
    put(&body, w);
    buf_printf(&all, "{\"%s\":", name);
    buf_put(&all, buf_slice(&body));
    buf_put_text(&all, ",\"signature\":\"");
    hex_put(&all, kit_sign_raw(arena, signer, buf_slice(&body)));
    buf_put_text(&all, "\"}");
    assert_int_equal(buf_ok(&all), OK);
    assert_int_equal(arena_copy(arena, buf_slice(&all), &copy), OK);
    buf_fini(&all);
    buf_fini(&body);
    return copy;
}

/* --- together --- */

static void add(const struct intel_world *w, struct evidence *e, const char *name,
                struct slice bytes)
{
    if (w->without == NULL || strcmp(w->without, name) != 0)
        assert_int_equal(evidence_add(e, slice_text(name), bytes), OK);
}

static struct slice make_crl(struct arena *arena, const char *issuer, const struct kit_key *signer,
                             struct intel_window window, unsigned revoked)
{
    const struct kit_crl crl = {issuer, signer, window.from, window.until, revoked};

    return kit_crl(arena, &crl);
}

void intel_build(const struct intel_world *w, struct arena *arena, struct evidence *e)
{
    const char *kind = w->quote.tee == QUOTE_SGX ? "sgx-v3"
                       : w->quote.version == 4   ? "tdx-v4"
                                                 : "tdx-v5";

    evidence_init(e, slice_text(kind));
    add(w, e, "quote", make_quote(w, arena));
    add(w, e, "root_crl",
        make_crl(arena, w->root_name, or_key(w->root_crl_signer, KEY_ROOT), w->root_crl,
                 w->root_crl_revokes));
    add(w, e, "pck_crl",
        make_crl(arena, w->pck_crl_issuer, or_key(w->pck_crl_signer, KEY_CA), w->pck_crl,
                 w->pck_crl_revokes));
    add(w, e, "tcb_info",
        signed_json(w, arena, "tcbInfo", put_tcb_info, or_key(w->tcb_signer, KEY_SIGNER)));
    add(w, e, "tcb_chain", signer_chain(w, arena));
    add(w, e, "qe_identity",
        signed_json(w, arena, "enclaveIdentity", put_qe_identity,
                    or_key(w->qe_id_signer, KEY_SIGNER)));
    add(w, e, "qe_chain", signer_chain(w, arena));
}
