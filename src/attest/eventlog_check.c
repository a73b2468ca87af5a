/*
 * Kind tpm-eventlog: every bank is replayed and told; nothing signs it, so nothing is proven.
 *
 * Kind ccel: the log of a TD, in which register 0 is MRTD and 1..4 are RTMR 0..3. With a quote, the
 * replayed RTMR 0, 1 and 2 must be the quote's, whose signatures are checked like any other
 * quote's. RTMR 3 (and RTMR 2 on some systems) may be extended at run time without a log entry, so
 * RTMR 3 is only told.
 *
 * The replay proves digests. For which events the data beside the digest is proven with it is the
 * claim data_authenticated, a list of event numbers; data of others must not be believed.
 */
#include "attest/eventlog_check.h"

#include <stdlib.h>

#include "attest/dcap.h"
#include "base/mem.h"

enum {
    CCEL_MRS = 5,
    RTMRS = 4,
    RTMRS_ENFORCED = 3,
    TYPES_MAX = 64, /* distinct event types told */
};

static const struct rule rule_log = {"eventlog.structure", "the event log is well formed",
                                     "TCG PFP 1.06 10.2"};
static const struct rule rule_bank = {"eventlog.bank", "the log has the bank that is needed",
                                      "TCG PFP 1.06 10.2.1"};
static const struct rule rule_signed = {"eventlog.signed", "signed evidence holds the registers",
                                        "TCG PFP 1.06 10.1"};
static const struct rule rule_rtmr = {"ccel.rtmr", "the log comes to the quote's RTMR 0, 1 and 2",
                                      "UEFI 2.10 38.4"};
static const struct rule rule_tdx = {"ccel.tdx", "the quote is a TD's", "UEFI 2.10 38.4"};

/* What one pass over a log gathers. */
struct pass {
    struct appraisal *a;
    struct eventlog log;
    struct mr_bank banks[EVENTLOG_ALGS_MAX];
    enum hash_alg algs[EVENTLOG_ALGS_MAX];
    bool known[EVENTLOG_ALGS_MAX];
    uint32_t registers; /* bit i: register i occurs */
    uint32_t types[TYPES_MAX];
    size_t type_count;
    struct claim *covered; /* list of event numbers; NULL: not wanted */
};

static cocoon_err pass_open(struct pass *p, struct slice bytes, bool tpm, struct fail *fail)
{
    cocoon_err err = eventlog_open(bytes, &p->log, fail);

    for (size_t i = 0; err == OK && i < p->log.alg_count; i++) {
        p->known[i] = tpm_hash(p->log.algs[i].id, &p->algs[i]);
        if (tpm)
            mr_bank_init_tpm(&p->banks[i], p->algs[i]);
        else
            mr_bank_init(&p->banks[i], p->algs[i]);
    }
    return err;
}

static void note_type(struct pass *p, uint32_t type)
{
    for (size_t i = 0; i < p->type_count; i++)
        if (p->types[i] == type)
            return;
    if (p->type_count < TYPES_MAX)
        p->types[p->type_count++] = type;
}

/* Replay one event into every bank that we know; note whether the strongest covers its data. */
static cocoon_err pass_event(struct pass *p, const struct eventlog_event *e, struct fail *fail)
{
    bool covered = false;
    cocoon_err err;

    for (size_t i = 0; i < p->log.alg_count; i++) {
        if (!p->known[i])
            continue;
        if ((err = mr_bank_replay(&p->banks[i], e, i, fail)) != OK)
            return err;
        covered = p->covered != NULL && e->type != EV_NO_ACTION &&
                  eventlog_data_covered(e, i, p->algs[i]);
    }
    if (covered)
        claim_int(&p->a->result.claims, p->covered, NULL, (int64_t)p->log.events);
    if (e->mr < EVENTLOG_MRS)
        p->registers |= UINT32_C(1) << e->mr;
    note_type(p, e->type);
    return OK;
}

/* Read the log to its end. */
static bool pass_run(struct pass *p, struct slice bytes, bool tpm)
{
    struct eventlog_event e;
    struct fail fail;
    bool end = false;
    cocoon_err err = pass_open(p, bytes, tpm, &fail);

    while (err == OK && !end) {
        err = eventlog_next(&p->log, &e, &end, &fail);
        if (err == OK && !end)
            err = pass_event(p, &e, &fail);
    }
    if (err != OK) {
        (void)result_fail(&p->a->result, &rule_log, &fail);
        return false;
    }
    return result_check(&p->a->result, &rule_log, true, OK);
}

/* Make a pass in the arena of `a`. */
static struct pass *pass_new(struct appraisal *a)
{
    struct pass *p = ARENA_NEW(a->arena, struct pass);

    if (p == NULL)
        (void)result_check(&a->result, &rule_log, false, ERR_NOMEM);
    else
        p->a = a;
    return p;
}

bool eventlog_replay_tpm(struct appraisal *a, struct slice bytes, uint16_t alg, struct claim *in,
                         struct mr_bank *bank)
{
    struct pass *p = pass_new(a);
    size_t index;

    if (p == NULL || !pass_run(p, bytes, true))
        return false;
    claim_word(&a->result.claims, in, "event_log_format",
               p->log.format == EVENTLOG_TCG_1_2 ? "tcg-1.2" : "tcg-2");
    index = eventlog_alg_index(&p->log, alg);
    if (!result_check(&a->result, &rule_bank, index < p->log.alg_count && p->known[index],
                      ERR_MISSING))
        return false;
    *bank = p->banks[index];
    return true;
}

/* --- claims --- */

static int compare_text(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;

    return slice_cmp(*x, *y);
}

/* List numbers as "0x.." in the order of their text. */
static void claim_hex_numbers(struct pass *p, const char *name, const uint32_t *numbers,
                              size_t count)
{
    struct claims *c = &p->a->result.claims;
    struct claim *list = claim_list(c, claims_root(c), name);
    struct slice texts[TYPES_MAX];

    for (size_t i = 0; i < count; i++)
        texts[i] = result_text(&p->a->result, "0x%x", numbers[i]);
    qsort(texts, count, sizeof texts[0], compare_text);
    for (size_t i = 0; i < count; i++)
        claim_text(c, list, NULL, texts[i]);
}

static void claim_algs(struct pass *p)
{
    uint32_t ids[EVENTLOG_ALGS_MAX];

    for (size_t i = 0; i < p->log.alg_count; i++)
        ids[i] = p->log.algs[i].id;
    claim_hex_numbers(p, "algs", ids, p->log.alg_count);
}

static void claim_events(struct pass *p)
{
    struct claims *c = &p->a->result.claims;

    claim_int(c, claims_root(c), "events", (int64_t)p->log.events);
    claim_algs(p);
    claim_hex_numbers(p, "event_types", p->types, p->type_count);
}

static void claim_banks(struct pass *p)
{
    struct claims *c = &p->a->result.claims;
    struct claim *all = claim_map(c, claims_root(c), "replayed");

    for (size_t i = 0; i < p->log.alg_count; i++) {
        struct claim *map;

        if (!p->known[i])
            continue;
        map = claim_map_named(c, all, result_text(&p->a->result, "0x%x", p->log.algs[i].id));
        for (unsigned mr = 0; mr < EVENTLOG_MRS; mr++)
            if ((p->banks[i].touched >> mr & 1) != 0)
                claim_hex_indexed(c, map, mr, mr_bank_value(&p->banks[i], mr));
    }
}

/* --- TPM log alone --- */

static void run_tpm_log(struct appraisal *a, struct slice bytes)
{
    struct pass *p = pass_new(a);

    if (p == NULL)
        return;
    p->covered =
        claim_list(&a->result.claims, claims_root(&a->result.claims), "data_authenticated");
    if (!pass_run(p, bytes, true))
        return;
    claim_events(p);
    claim_banks(p);
    result_skip(&a->result, &rule_signed, "a log alone is signed by nobody");
}

/* --- CCEL --- */

static void claim_registers(struct pass *p)
{
    struct claims *c = &p->a->result.claims;
    struct claim *list = claim_list(c, claims_root(c), "mr_indices");

    for (unsigned i = 0; i < EVENTLOG_MRS; i++)
        if ((p->registers >> i & 1) != 0 && i > 0)
            claim_int(c, list, NULL, i);
}

/* Tell RTMRs of `bank`: all, or those that the log touched. */
static void claim_rtmrs(struct pass *p, const struct mr_bank *bank, bool all)
{
    struct claims *c = &p->a->result.claims;
    struct claim *map = claim_map(c, claims_root(c), "replayed_rtmrs");

    for (unsigned i = 0; i < RTMRS; i++)
        if (all || (bank->touched >> (i + 1) & 1) != 0)
            claim_hex_indexed(c, map, i, mr_bank_value(bank, i + 1));
}

static void compare_rtmrs(struct pass *p, const struct mr_bank *bank, const struct td_report *td)
{
    struct claims *c = &p->a->result.claims;
    struct claim *quoted = claim_map(c, claims_root(c), "quote_rtmrs");
    struct claim *match = claim_map(c, claims_root(c), "match");
    bool good = true;

    for (unsigned i = 0; i < RTMRS; i++) {
        bool same = slice_eq(mr_bank_value(bank, i + 1), td->rtmr[i]);

        claim_hex_indexed(c, quoted, i, td->rtmr[i]);
        claim_bool_indexed(c, match, i, same);
        good &= same || i >= RTMRS_ENFORCED;
    }
    (void)result_check(&p->a->result, &rule_rtmr, good, ERR_MISMATCH);
    claim_hex(c, claims_root(c), "mrtd", td->mr_td);
    claim_hex(c, claims_root(c), "td_attributes", td->td_attributes_raw);
}

static void run_ccel(struct appraisal *a, struct slice bytes)
{
    struct pass *p = pass_new(a);
    struct claims *c = &a->result.claims;
    struct quote quote;
    struct slice quote_bytes;
    size_t index;

    if (p == NULL)
        return;
    p->covered = claim_list(c, claims_root(c), "data_authenticated");
    if (!pass_run(p, bytes, false))
        return;
    claim_events(p);
    claim_registers(p);
    index = eventlog_alg_index(&p->log, TPM_ALG_SHA384);
    if (!result_check(&a->result, &rule_bank,
                      index < p->log.alg_count && p->registers >> CCEL_MRS == 0, ERR_MISSING))
        return;
    if (!evidence_find(a->evidence, "quote", &quote_bytes)) {
        claim_rtmrs(p, &p->banks[index], false);
        result_skip(&a->result, &rule_signed, "no quote was given");
        return;
    }
    claim_rtmrs(p, &p->banks[index], true);
    if (dcap_run(a, quote_bytes, claim_map(c, claims_root(c), "tdx"), &quote) != OK ||
        !result_check(&a->result, &rule_tdx, quote.tee == QUOTE_TDX, ERR_TYPE))
        return;
    compare_rtmrs(p, &p->banks[index], &quote.td);
}

static cocoon_err run(struct appraisal *a)
{
    struct fail fail = {ERR_MISSING, 0, "evidence has no event log"};
    struct slice bytes;

    if (slice_eq_text(a->evidence->kind, "ccel")) {
        if (!evidence_find(a->evidence, "ccel", &bytes))
            return result_fail(&a->result, &rule_log, &fail);
        run_ccel(a, bytes);
        return OK;
    }
    if (!evidence_find(a->evidence, "event_log", &bytes))
        return result_fail(&a->result, &rule_log, &fail);
    run_tpm_log(a, bytes);
    return OK;
}

static const char *const kinds[] = {"tpm-eventlog", "ccel", NULL};
const struct verifier verifier_eventlog = {.kinds = kinds, .run = run};
