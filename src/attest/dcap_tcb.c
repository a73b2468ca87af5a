/*
 * TCB status (Intel QVL 4.1.2.5.1, 4.1.2.5.2).
 *
 *   platform     the highest level of TCB info that the PCK certificate's components and, for TDX,
 *                the TD report's TEE_TCB_SVN meet
 *   TDX module   where TEE_TCB_SVN[1], its major version, is not 0: the module identity of that
 *                version, and in it the highest level with isvsvn <= TEE_TCB_SVN[0]
 *   QE           the highest level of QE identity with isvsvn <= the QE's
 *
 * tcb_status.c joins the three. The advisories are those of all levels together, the date the
 * oldest. No level at all is a failure, not a status: Intel knows nothing about such a platform.
 *
 * TD report 1.5 carries TEE_TCB_SVN2, the platform's version now, beside the one at launch. The
 * TD's memory was set up by the old one, so launch decides, and "relaunch advised" says that the
 * new one would do.
 *
 * A status other than UpToDate is a claim here; what it costs is the policy's business.
 */
#include "attest/dcap.h"

#include <assert.h>
#include <stdlib.h>

enum { LEVELS_JOINED = 3, MODULE_MAJOR = 1, MODULE_MINOR = 0 };

static const struct rule rule_module = {"tdx.module", "the TDX module is one that TCB info knows",
                                        "Intel QVL 4.1.2.5.12"};
static const struct rule rule_module_signer = {"tdx.module.signer",
                                               "the TDX module is signed by Intel (MRSIGNERSEAM)",
                                               "Intel QVL 4.1.2.5.12.1"};
static const struct rule rule_module_attributes = {
    "tdx.module.attributes", "SEAM attributes are zero and as TCB info has them",
    "Intel QVL 4.1.2.5.12.2"};
static const struct rule rule_qe_attributes = {"dcap.qe.attributes",
                                               "the QE's attributes are as QE identity has them",
                                               "Intel QVL 4.1.2.9.5-6"};
static const struct rule rule_qe_signer = {
    "dcap.qe.signer", "the QE is Intel's by signer and product", "Intel QVL 4.1.2.9.7-8"};
static const struct rule rule_tcb_level = {
    "dcap.tcb.level", "TCB info has a level for the platform", "Intel QVL 4.1.2.5.18"};
static const struct rule rule_module_level = {
    "tdx.module.level", "TCB info has a level for the TDX module", "Intel QVL 4.1.2.5.2.2"};
static const struct rule rule_qe_level = {"dcap.qe.level", "QE identity has a level for the QE",
                                          "Intel QVL 4.1.2.9.9"};
/* What one version of the platform comes to. */
struct verdicts {
    const struct tcb_verdict *platform, *module, *qe; /* module NULL: none of its own */
    enum tcb_status status;
};

/* --- what module and enclave are --- */

/* Intel demands that SEAM attributes be zero, whatever the mask says. */
static bool seam_attributes_ok(struct slice have, const struct tdx_module *m)
{
    for (size_t i = 0; i < have.len; i++)
        if ((have.ptr[i] & m->attributes_mask[i]) != m->attributes[i])
            return false;
    return slice_is_zero(have);
}

/* Find the identity that the TDX module of `svn` must have; NULL if there is none. */
static const struct tdx_module *find_module(const struct dcap *d, struct slice svn)
{
    if (svn.ptr[MODULE_MAJOR] > 0)
        return tcb_info_module(d->tcb, svn.ptr[MODULE_MAJOR]);
    return d->tcb->has_module ? &d->tcb->module : NULL;
}

static bool check_module(struct dcap *d)
{
    const struct td_report *td = &d->quote.td;
    struct result *r = &d->a->result;
    const struct tdx_module *m = find_module(d, td->tee_tcb_svn);
    bool good;

    if (!result_check(r, &rule_module, m != NULL, ERR_ABSENT))
        return false;
    good = result_check(r, &rule_module_signer, slice_eq(td->mrsigner_seam, SLICE_OF(m->mrsigner)),
                        ERR_MISMATCH);
    good &= result_check(r, &rule_module_attributes, seam_attributes_ok(td->seam_attributes, m),
                         ERR_MISMATCH);
    return good;
}

static bool check_qe(struct dcap *d)
{
    struct result *r = &d->a->result;
    bool good = result_check(r, &rule_qe_attributes, qe_identity_attributes_ok(d->qe, &d->quote.qe),
                             ERR_MISMATCH);

    good &=
        result_check(r, &rule_qe_signer, qe_identity_signer_ok(d->qe, &d->quote.qe), ERR_MISMATCH);
    return good;
}

/* --- levels --- */

/* Find the levels for TEE TCB version `svn` (empty: SGX). False, and lines in the transcript, if
 * one is missing. */
static bool find_levels(struct dcap *d, struct slice svn, struct verdicts *out)
{
    const struct tcb_level *platform = tcb_info_match(d->tcb, &d->pck, svn);
    const struct tcb_svn_level *qe =
        tcb_svn_match(d->qe->levels, d->qe->level_count, d->quote.qe.isv_svn);
    struct result *r = &d->a->result;
    bool good = result_check(r, &rule_tcb_level, platform != NULL, ERR_ABSENT);

    if (!good)
        claim_word(&r->claims, d->claims, "error", "TCB level not matched");
    good &= result_check(r, &rule_qe_level, qe != NULL, ERR_ABSENT);
    *out = (struct verdicts){.platform = platform == NULL ? NULL : &platform->verdict,
                             .qe = qe == NULL ? NULL : &qe->verdict};
    if (svn.len > 0 && svn.ptr[MODULE_MAJOR] > 0) {
        const struct tdx_module *m = find_module(d, svn);
        const struct tcb_svn_level *level =
            m == NULL ? NULL : tcb_svn_match(m->levels, m->level_count, svn.ptr[MODULE_MINOR]);

        good &= result_check(r, m == NULL ? &rule_module : &rule_module_level, level != NULL,
                             ERR_ABSENT);
        out->module = level == NULL ? NULL : &level->verdict;
    }
    return good;
}

static void join(struct verdicts *v)
{
    v->status = tcb_status_join(v->platform->status, v->qe->status);
    if (v->module != NULL)
        v->status = tcb_status_join(v->status, v->module->status);
}

/* --- claims --- */

static int compare_advisories(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;

    return slice_cmp(*x, *y);
}

/* List the advisories of all three levels, sorted, each once. */
static void claim_advisories(struct dcap *d, struct claim *in, const struct verdicts *v)
{
    const struct tcb_verdict *const levels[LEVELS_JOINED] = {v->platform, v->module, v->qe};
    struct slice all[LEVELS_JOINED * ADVISORIES_MAX];
    struct claims *c = &d->a->result.claims;
    struct claim *list = claim_list(c, in, "advisory_ids");
    size_t count = 0;

    for (size_t i = 0; i < LEVELS_JOINED; i++) {
        if (levels[i] == NULL || levels[i]->advisories == NULL)
            continue;
        for (const struct json *id = levels[i]->advisories->first; id != NULL; id = id->next)
            all[count++] = id->text;
    }
    qsort(all, count, sizeof all[0], compare_advisories);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !slice_eq(all[i], all[i - 1]))
            claim_text(c, list, NULL, all[i]);
}

static unix_time oldest_date(const struct verdicts *v)
{
    unix_time date = v->platform->date < v->qe->date ? v->platform->date : v->qe->date;

    return v->module != NULL && v->module->date < date ? v->module->date : date;
}

static void claim_status(struct dcap *d, struct claim *in, const struct verdicts *v)
{
    struct claims *c = &d->a->result.claims;

    claim_word(c, in, "tcb_status", tcb_status_name(v->status));
    claim_advisories(d, in, v);
    claim_time(c, in, "tcb_date", oldest_date(v));
}

static void claim_detail(struct dcap *d, const struct verdicts *v)
{
    struct claims *c = &d->a->result.claims;
    struct claim *detail = claim_map(c, d->claims, "status_detail");

    claim_word(c, detail, "platform", tcb_status_name(v->platform->status));
    if (v->module != NULL)
        claim_word(c, detail, "tdx_module", tcb_status_name(v->module->status));
    claim_word(c, detail, "qe", tcb_status_name(v->qe->status));
}

/* What the PCK certificate says, and which collateral was used. */
static void claim_platform(struct dcap *d)
{
    struct claims *c = &d->a->result.claims;
    struct claim *components = claim_list(c, d->claims, "sgx_comp");
    struct claim *list;
    struct slice ca;

    for (size_t i = 0; i < PCK_COMPONENTS; i++)
        claim_int(c, components, NULL, d->pck.components[i]);
    claim_hex(c, d->claims, "fmspc", d->pck.fmspc);
    claim_int(c, d->claims, "pce_svn", d->pck.pce_svn);
    claim_int(c, d->claims, "qe_isvsvn", d->quote.qe.isv_svn);
    if (x509_name_find(d->pck_chain[1].subject, OID_COMMON_NAME, &ca))
        claim_text(c, d->claims, "ca", ca);
    list = claim_list(c, d->claims, "tcb_eval_num");
    claim_int(c, list, NULL, (int64_t)d->tcb->evaluation);
    claim_int(c, list, NULL, (int64_t)d->qe->evaluation);
    list = claim_list(c, d->claims, "collateral_window");
    claim_time(c, list, NULL, d->from);
    claim_time(c, list, NULL, d->until);
}

/* --- together --- */

/* Judge the version now beside the one at launch. False if Intel has no level for it. */
static bool check_current(struct dcap *d, struct verdicts *launch)
{
    struct claims *c = &d->a->result.claims;
    struct verdicts current;

    if (d->quote.td.tee_tcb_svn2.len == 0)
        return true;
    if (!find_levels(d, d->quote.td.tee_tcb_svn2, &current))
        return false;
    join(&current);
    claim_status(d, claim_map(c, d->claims, "current"), &current);
    claim_status(d, claim_map(c, d->claims, "launch"), launch);
    launch->status = tcb_status_relaunch(launch->status, current.status);
    return true;
}

void dcap_check_tcb(struct dcap *d)
{
    bool is_tdx = d->quote.tee == QUOTE_TDX;
    struct verdicts v;
    bool good = check_qe(d);

    claim_platform(d);
    if (is_tdx)
        good &= check_module(d);
    good &= find_levels(d, d->quote.td.tee_tcb_svn, &v);
    if (!good)
        return;
    join(&v);
    if (!check_current(d, &v))
        return;
    claim_status(d, d->claims, &v);
    claim_detail(d, &v);
}
