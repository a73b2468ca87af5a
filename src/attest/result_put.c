/*
 * The transcript as people and programs read it.
 *
 *   PASS  tdx.attributes.debug  the TD is not debuggable [TDX ABI 3.4.1] - detail
 *   ...
 *   claim tee_attested: asserted (hardware_proven)
 *   SIMULATED: ...
 *   VERIFIED (31 passed, 0 skipped)
 *
 * Details may quote what evidence says, so everything but printable ASCII is escaped.
 */
#include <string.h>

#include "attest/render.h"
#include "attest/result.h"

static const char *const status_words[] = {
    [CHECK_PASS] = "PASS",
    [CHECK_FAIL] = "FAIL",
    [CHECK_SKIP] = "SKIP",
    [CHECK_INFO] = "INFO",
};

static void put_check_text(const struct check *check, struct buf *out)
{
    const struct rule *rule = check->rule;

    buf_printf(out, "%s  %s  %s", status_words[check->status], rule->id, rule->text);
    if (rule->section != NULL)
        buf_printf(out, " [%s]", rule->section);
    if (check->status == CHECK_FAIL)
        buf_printf(out, " - %s", cocoon_err_text(check->err));
    if (check->detail.len > 0) {
        buf_put_text(out, check->status == CHECK_FAIL ? ": " : " - ");
        render_escaped(out, check->detail);
    }
    if (check->status == CHECK_FAIL && check->offset > 0)
        buf_printf(out, " (at byte %zu)", check->offset);
    buf_put_u8(out, '\n');
}

static void put_aci_text(const struct result *r, struct buf *out)
{
    for (unsigned i = 0; i < ACI_CLAIMS; i++) {
        const struct aci_state *state = &r->aci[i];

        if (state->status == ACI_UNKNOWN)
            continue;
        buf_printf(out, "claim %s: %s (%s)\n", aci_claim_name((enum aci_claim)i),
                   aci_status_name(state->status), aci_source_name(state->source));
    }
}

static void put_verdict_text(const struct result *r, struct buf *out)
{
    static const char *const words[] = {
        [VERDICT_NOT_VERIFIED] = "NOT VERIFIED",
        [VERDICT_PARTIAL] = "PARTIAL",
        [VERDICT_VERIFIED] = "VERIFIED",
    };
    enum verdict verdict = result_verdict(r);

    if (r->simulated)
        buf_put_text(out, "SIMULATED: made by the software attester; nothing here is protected\n");
    if (verdict == VERDICT_VERIFIED && !r->policy_applied) {
        if (r->skipped > 0)
            buf_printf(out, "%zu checks skipped\n", r->skipped);
        buf_put_text(out, "EVIDENCE VALID, no policy applied\n");
        return;
    }
    buf_printf(out, "%s%s (%zu passed, %zu failed, %zu skipped)\n", words[verdict],
               r->simulated ? " SIMULATED" : "", r->passed, r->failed, r->skipped);
}

void result_put_text(const struct result *r, struct buf *out)
{
    for (const struct check *check = r->first; check != NULL; check = check->next)
        put_check_text(check, out);
    put_aci_text(r, out);
    put_verdict_text(r, out);
}

static void put_time(struct json_wr *w, const char *name, unix_time t)
{
    struct buf text;

    buf_init(&text, 64);
    rfc3339_put(&text, t);
    json_wr_text(w, name, buf_slice(&text));
    buf_fini(&text);
}

static void put_check_json(const struct check *check, struct json_wr *w)
{
    json_wr_object(w, NULL);
    json_wr_cstr(w, "id", check->rule->id);
    json_wr_cstr(w, "status", status_words[check->status]);
    json_wr_cstr(w, "text", check->rule->text);
    if (check->rule->section != NULL)
        json_wr_cstr(w, "section", check->rule->section);
    if (check->detail.len > 0)
        render_text(w, "detail", check->detail);
    if (check->status == CHECK_FAIL) {
        json_wr_cstr(w, "error", cocoon_err_name(check->err));
        json_wr_u64(w, "offset", check->offset);
    }
    json_wr_close(w);
}

static void put_aci_json(const struct result *r, struct json_wr *w)
{
    json_wr_object(w, "aci_claims");
    for (unsigned i = 0; i < ACI_CLAIMS; i++) {
        json_wr_object(w, aci_claim_name((enum aci_claim)i));
        json_wr_cstr(w, "status", aci_status_name(r->aci[i].status));
        if (r->aci[i].source != ACI_NO_SOURCE)
            json_wr_cstr(w, "source", aci_source_name(r->aci[i].source));
        json_wr_close(w);
    }
    json_wr_close(w);
}

static void put_head_json(const struct result *r, struct json_wr *w)
{
    static const char *const words[] = {
        [VERDICT_NOT_VERIFIED] = "fail",
        [VERDICT_PARTIAL] = "partial",
        [VERDICT_VERIFIED] = "pass",
    };

    json_wr_cstr(w, "verdict", words[result_verdict(r)]);
    json_wr_bool(w, "simulated", r->simulated);
    json_wr_bool(w, "policy_applied", r->policy_applied);
    put_time(w, "at", r->at);
    if (r->valid_until != INT64_MAX)
        put_time(w, "valid_until", r->valid_until);
    if (r->err != OK)
        json_wr_cstr(w, "error", cocoon_err_name(r->err));
    json_wr_u64(w, "passed", r->passed);
    json_wr_u64(w, "failed", r->failed);
    json_wr_u64(w, "skipped", r->skipped);
}

void result_put_json(const struct result *r, struct buf *out)
{
    struct json_wr w;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    put_head_json(r, &w);
    json_wr_array(&w, "checks");
    for (const struct check *check = r->first; check != NULL; check = check->next)
        put_check_json(check, &w);
    json_wr_close(&w);
    json_wr_name(&w, SLICE_LIT("claims"));
    claims_write(&r->claims, &w);
    put_aci_json(r, &w);
    json_wr_close(&w);
    if (json_wr_end(&w) != OK)
        out->over = true;
}
