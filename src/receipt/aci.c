#include "receipt/aci.h"

#include <assert.h>

#include "attest/statement.h"
#include "base/hex.h"
#include "codec/json_wr.h"
#include "receipt/receipt.h"

cocoon_err aci_nonce_read(struct slice text, uint8_t out[32])
{
    return hex_read(text, out, 32);
}

/* Append kind and parts of one piece of evidence. */
static void put_parts(struct json_wr *json, const struct evidence *e)
{
    json_wr_text(json, "kind", e->kind);
    json_wr_object(json, "parts");
    for (size_t i = 0; i < e->count; i++) {
        json_wr_name(json, e->parts[i].name);
        json_wr_b64(json, NULL, e->parts[i].bytes);
    }
    json_wr_close(json);
}

/* Append the member `name`: the part `part` in hex, or null. */
static void put_hex_or_null(struct json_wr *json, const char *name, const struct evidence *e,
                            const char *part)
{
    struct slice bytes;

    if (evidence_find(e, part, &bytes))
        json_wr_hex(json, name, bytes);
    else
        json_wr_null(json, name);
}

/* aci/1 4.2: `quote` in hex as verifiers of this family read it, and everything in our own form. */
static void put_evidence(struct json_wr *json, const struct aci_report *r)
{
    json_wr_object(json, "evidence");
    json_wr_array(json, "gpus");
    for (size_t i = 0; i < r->gpu_count; i++) {
        json_wr_object(json, NULL);
        put_parts(json, &r->gpus[i]);
        json_wr_close(json);
    }
    json_wr_close(json);
    put_parts(json, r->evidence);
    put_hex_or_null(json, "quote", r->evidence, "quote");
    json_wr_close(json);
}

static void put_text_or_null(struct json_wr *json, const char *name, struct slice text)
{
    if (text.len == 0)
        json_wr_null(json, name);
    else
        json_wr_text(json, name, text);
}

static void put_provenance(struct json_wr *json, const struct aci_provenance *p)
{
    json_wr_object(json, "source_provenance");
    put_text_or_null(json, "image_digest", p->image_digest);
    json_wr_null(json, "image_provenance");
    put_text_or_null(json, "repo_commit", p->repo_commit);
    put_text_or_null(json, "repo_url", p->repo_url);
    json_wr_close(json);
}

/* The first half of the report data: the rest is zero, and the report leaves it out. */
static struct slice report_data(const struct aci_report *r, uint8_t bytes[REPORT_DATA_LEN])
{
    report_data_aci(&r->keyset_digest, r->nonce, bytes);
    return slice_make(bytes, 32);
}

cocoon_err aci_report_put(struct buf *out, const struct aci_report *r)
{
    uint8_t bytes[REPORT_DATA_LEN];
    struct json_wr json;

    json_wr_init(&json, out);
    json_wr_object(&json, NULL);
    json_wr_cstr(&json, "api_version", RECEIPT_API_VERSION);
    json_wr_object(&json, "attestation");
    put_evidence(&json, r);
    json_wr_hex(&json, "report_data", report_data(r, bytes));
    put_provenance(&json, &r->provenance);
    json_wr_text(&json, "tee_type", r->tee_type);
    json_wr_raw(&json, "workload_keyset", r->keyset);
    json_wr_close(&json);
    json_wr_object(&json, "service_capabilities");
    json_wr_cstr(&json, "serving", "direct");
    json_wr_array(&json, "supported_e2ee_versions");
    json_wr_close(&json);
    json_wr_close(&json);
    json_wr_sha256(&json, "workload_keyset_digest", digest_slice(&r->keyset_digest));
    json_wr_close(&json);
    return json_wr_end(&json);
}

/* The architecture as NVIDIA's services spell it. */
static const char *gpu_arch(struct slice kind)
{
    if (slice_eq_text(kind, "nvidia-hopper"))
        return "HOPPER";
    return slice_eq_text(kind, "nvidia-blackwell") ? "BLACKWELL" : "LS10";
}

/* What NVIDIA's remote verifier takes: {arch, evidence_list: [{certificate, evidence}], nonce}. */
static void put_nvidia_payload(struct json_wr *json, const struct aci_report *r)
{
    if (r->gpu_count == 0) {
        json_wr_null(json, "nvidia_payload");
        return;
    }
    assert(r->gpu_nonce != NULL);
    json_wr_object(json, "nvidia_payload");
    json_wr_cstr(json, "arch", gpu_arch(r->gpus[0].kind));
    json_wr_array(json, "evidence_list");
    for (size_t i = 0; i < r->gpu_count; i++) {
        struct slice chain = {NULL, 0}, report = {NULL, 0};

        (void)evidence_find(&r->gpus[i], "chain", &chain);
        (void)evidence_find(&r->gpus[i], "report", &report);
        json_wr_object(json, NULL);
        json_wr_b64(json, "certificate", chain);
        json_wr_b64(json, "evidence", report);
        json_wr_close(json);
    }
    json_wr_close(json);
    json_wr_hex(json, "nonce", slice_make(r->gpu_nonce, 32));
    json_wr_close(json);
}

/* The members that the older shape has at its top and again in all_attestations. */
static void put_legacy(struct json_wr *json, const struct aci_report *r,
                       const struct ed25519_public *signer)
{
    uint8_t bytes[REPORT_DATA_LEN];

    json_wr_null(json, "event_log");
    json_wr_cstr(json, "format",
                 "report data binds aci.report_data.v1 over workload_keyset; keys are ed25519");
    json_wr_null(json, "info");
    put_hex_or_null(json, "intel_quote", r->evidence, "quote");
    put_nvidia_payload(json, r);
    json_wr_hex(json, "report_data", report_data(r, bytes));
    if (r->nonce == NULL)
        json_wr_null(json, "request_nonce");
    else
        json_wr_hex(json, "request_nonce", slice_make(r->nonce, 32));
    json_wr_hex(json, "signing_address", ed25519_public_slice(signer));
    json_wr_cstr(json, "signing_algo", "ed25519");
    json_wr_hex(json, "signing_public_key", ed25519_public_slice(signer));
    json_wr_null(json, "tls_cert_fingerprint");
    json_wr_raw(json, "workload_keyset", r->keyset);
    json_wr_sha256(json, "workload_keyset_digest", digest_slice(&r->keyset_digest));
}

cocoon_err aci_legacy_report_put(struct buf *out, const struct aci_report *r,
                                 const struct ed25519_public *signer)
{
    struct json_wr json;

    json_wr_init(&json, out);
    json_wr_object(&json, NULL);
    json_wr_array(&json, "all_attestations");
    json_wr_object(&json, NULL);
    put_legacy(&json, r, signer);
    json_wr_close(&json);
    json_wr_close(&json);
    put_legacy(&json, r, signer);
    json_wr_close(&json);
    return json_wr_end(&json);
}

cocoon_err aci_legacy_signature_put(struct buf *out, const struct digest *request,
                                    const struct digest *response, const struct ed25519_key *key)
{
    struct ed25519_sig signature;
    struct json_wr json;
    struct buf text;

    buf_init(&text, 200);
    hex_put(&text, digest_slice(request));
    buf_put_u8(&text, ':');
    hex_put(&text, digest_slice(response));
    ed25519_sign(key, buf_slice(&text), &signature);
    json_wr_init(&json, out);
    json_wr_object(&json, NULL);
    json_wr_hex(&json, "signature", ed25519_sig_slice(&signature));
    json_wr_hex(&json, "signing_address", ed25519_public_slice(&key->public));
    json_wr_cstr(&json, "signing_algo", "ed25519");
    json_wr_text(&json, "text", buf_slice(&text));
    json_wr_close(&json);
    buf_fini(&text);
    return json_wr_end(&json);
}

void aci_sessions_put(struct buf *out)
{
    buf_put_text(out, "{\"api_version\":\"" RECEIPT_API_VERSION "\",\"sessions\":[]}");
}
