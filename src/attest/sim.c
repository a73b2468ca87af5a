/*
 * Simulated evidence, docs/spec/sim.md. Layout: sim.h.
 *
 * Rules: 1 the form; 2 the root is the one the policy names (there is no other anchor, so without a
 * policy this fails); 3 issued not in the future and not more than a day ago; 4 the root's
 * signature. The result is marked simulated whatever comes out.
 */
#include "attest/sim.h"

#include <assert.h>
#include <string.h>

#include "attest/policy.h"
#include "base/rd.h"
#include "base/wr.h"

#define MAGIC SLICE_LIT("CNSIM1\0\0")

static const struct rule rule_form = {"sim.form", "the evidence is well formed", "sim 1"};
static const struct rule rule_root = {"sim.root", "the development root is the policy's", "sim 2"};
static const struct rule rule_issued = {"sim.issued", "issued within the last day", "sim 2"};
static const struct rule rule_signature = {"sim.signature", "the root signed the evidence",
                                           "sim 2"};

enum { LIFE = 24 * 3600 };

cocoon_err sim_parse(struct slice bytes, struct sim_evidence *out, struct fail *fail)
{
    struct rd r = rd_init(bytes);
    uint64_t issued;
    cocoon_err err;

    if (!slice_eq(rd_slice(&r, MAGIC.len), MAGIC))
        return fail_set(fail, r.bad ? ERR_TRUNCATED : ERR_VERSION, 0, "not simulated evidence");
    *out = (struct sim_evidence){.flags = rd_u32be(&r)};
    out->svn = rd_u32be(&r);
    rd_copy(&r, out->measurement, sizeof out->measurement);
    rd_copy(&r, out->report_data, sizeof out->report_data);
    rd_copy(&r, out->host_data, sizeof out->host_data);
    rd_copy(&r, out->root, sizeof out->root);
    issued = rd_u64be(&r);
    out->signature = rd_slice(&r, ED25519_SIG_LEN);
    err = rd_end(&r);
    if (err != OK)
        return fail_set(fail, err, r.at, "length of simulated evidence");
    if ((out->flags & ~(uint32_t)SIM_DEBUG) != 0)
        return fail_set(fail, ERR_MALFORMED, MAGIC.len, "unknown flags");
    if (issued > (uint64_t)SIM_TIME_MAX)
        return fail_set(fail, ERR_RANGE, SIM_SIGNED_LEN - 8, "time of issue");
    out->issued = (unix_time)issued;
    return OK;
}

void sim_make(const struct sim_evidence *e, const struct ed25519_key *root,
              uint8_t out[SIM_EVIDENCE_LEN])
{
    struct wr w = wr_init(out, SIM_EVIDENCE_LEN);
    struct ed25519_sig sig;
    struct slice done;
    cocoon_err err;

    assert(e->issued >= 0 && e->issued <= SIM_TIME_MAX);
    wr_slice(&w, MAGIC);
    wr_u32be(&w, e->flags);
    wr_u32be(&w, e->svn);
    wr_slice(&w, SLICE_OF(e->measurement));
    wr_slice(&w, SLICE_OF(e->report_data));
    wr_slice(&w, SLICE_OF(e->host_data));
    wr_slice(&w, ed25519_public_slice(&root->public));
    wr_u64be(&w, (uint64_t)e->issued);
    ed25519_sign(root, slice_make(out, SIM_SIGNED_LEN), &sig);
    wr_slice(&w, ed25519_sig_slice(&sig));
    err = wr_end(&w, &done);
    assert(err == OK && done.len == SIM_EVIDENCE_LEN);
    (void)err;
}

/* Add the claims; their bytes are those of the evidence, which outlives the result. */
static void add_claims(struct result *r, const struct sim_evidence *e)
{
    struct claims *c = &r->claims;
    struct claim *root = claims_root(c);

    claim_word(c, root, "tee", "sim");
    claim_bool(c, root, "debug", (e->flags & SIM_DEBUG) != 0);
    claim_int(c, root, "svn", e->svn);
    claim_hex(c, root, "measurement", SLICE_OF(e->measurement));
    claim_hex(c, root, "host_data", SLICE_OF(e->host_data));
    claim_hex(c, root, "report_data", SLICE_OF(e->report_data));
    claim_hex(c, root, "root", SLICE_OF(e->root));
    claim_time(c, root, "issued", e->issued);
}

static void check_rules(struct appraisal *a, const struct sim_evidence *e)
{
    const struct policy *p = a->policy;
    unix_time skew = p == NULL ? 0 : p->clock_skew;
    bool known = p != NULL && p->sim_allowed && memcmp(p->sim_root, e->root, 32) == 0;

    (void)result_check(&a->result, &rule_root, known, ERR_UNTRUSTED);
    if (e->issued > a->now + skew)
        (void)result_check(&a->result, &rule_issued, false, ERR_NOT_YET_VALID);
    else
        (void)result_check(&a->result, &rule_issued, a->now - e->issued <= LIFE, ERR_EXPIRED);
    result_until(&a->result, e->issued + LIFE);
}

static cocoon_err run(struct appraisal *a)
{
    struct sim_evidence *e = ARENA_NEW(a->arena, struct sim_evidence);
    struct sig_claim claim = {.scheme = SIG_ED25519, .hash = HASH_SHA512};
    struct slice bytes = {0};
    struct fail fail;

    a->result.simulated = true;
    if (e == NULL)
        return ERR_NOMEM;
    if (!evidence_find(a->evidence, "evidence", &bytes)) {
        (void)result_check(&a->result, &rule_form, false, ERR_MISSING);
        return ERR_MISSING;
    }
    if (sim_parse(bytes, e, &fail) != OK)
        return result_fail(&a->result, &rule_form, &fail);
    (void)result_check(&a->result, &rule_form, true, OK);
    a->result.report_data = SLICE_OF(e->report_data);
    add_claims(&a->result, e);
    check_rules(a, e);
    claim.key = (struct sig_key){.kind = SIG_KEY_ED25519, .a = SLICE_OF(e->root)};
    claim.message = slice_sub(bytes, 0, SIM_SIGNED_LEN);
    claim.signature = e->signature;
    obligation_add(&a->obligations, &rule_signature, &claim);
    return OK;
}

static const char *const kinds[] = {"sim", NULL};

const struct verifier verifier_sim = {.kinds = kinds, .run = run};
