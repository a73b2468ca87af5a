#include "role/log_check.h"

#include <string.h>

#include "base/mem.h"
#include "ledger/checkpoint.h"
#include "role/log_source.h"
#include "sequencer/verify.h"

static const struct rule rule_read = {"log.read", "checkpoint and genesis.json can be read",
                                      "log 1"};
static const struct rule rule_policy = {"log.policy", "the policy's log lines can be read",
                                        "log 1"};
static const struct rule rule_network = {"log.network", "it is the network of the policy", "log 2"};
static const struct rule rule_quorum = {"log.quorum", "the policy's quorum cosigned the checkpoint",
                                        "log 2"};
static const struct rule rule_executed = {
    "log.executed", "every entry executes again, with the same state and root", "log 3"};

/* What was read, and what of the policy counts here. */
struct check_log {
    struct buf genesis, note;
    struct log_source *source;
    struct tlog_policy tlog;
    struct verify_params params;
    struct digest network_id;
};

static cocoon_err open_log(struct check_log *c, const char *where)
{
    cocoon_err err = log_source_open(&c->source, where);

    if (err == OK)
        err = log_source_read(c->source, "genesis.json", &c->genesis);
    if (err == OK)
        err = log_source_read(c->source, "checkpoint", &c->note);
    if (err != OK)
        return err;
    c->params.genesis = buf_slice(&c->genesis);
    c->params.checkpoint = buf_slice(&c->note);
    c->params.source = log_source_tiles(c->source);
    return OK;
}

static cocoon_err read_policy(struct check_log *c, const struct policy *policy, struct result *r)
{
    struct fail fail = {0};
    size_t line;

    if (policy == NULL)
        return OK;
    if (policy->has_network) {
        memcpy(c->network_id.bytes, policy->network_id, sizeof c->network_id.bytes);
        c->params.network_id = &c->network_id;
    }
    if (tlog_policy_read(policy->tlog, &c->tlog, &line, &fail) != OK)
        return result_fail(r, &rule_policy, &fail);
    c->params.policy = &c->tlog;
    return OK;
}

/* Say what held. A failure names the rule that it broke. */
static void report(const struct check_log *c, const struct verify_result *v, struct result *r)
{
    if (c->params.network_id != NULL)
        (void)result_check(r, &rule_network, true, OK);
    else
        result_skip(r, &rule_network, "no policy names a network");
    if (c->params.policy == NULL) {
        result_skip(r, &rule_quorum, "no policy says who must cosign");
    } else {
        struct buf at;
        struct slice text = {0};

        buf_init(&at, 64);
        rfc3339_put(&at, (unix_time)v->cosigned);
        if (arena_copy(r->arena, buf_slice(&at), &text) != OK)
            text = slice_make(NULL, 0);
        buf_fini(&at);
        (void)result_check_detail(r, &rule_quorum, true, OK, text);
    }
    (void)result_check_detail(
        r, &rule_executed, true, OK,
        result_text(r, "%llu entries, %llu blocks, %llu transactions, each signature checked",
                    (unsigned long long)v->size, (unsigned long long)(v->height + 1),
                    (unsigned long long)v->transactions));
}

static void report_failure(const struct fail *fail, struct result *r)
{
    bool of_quorum = fail->code == ERR_QUORUM || fail->code == ERR_UNTRUSTED;

    (void)result_check_detail(
        r, of_quorum ? &rule_quorum : &rule_executed, false, fail->code,
        result_text(r, "%s (entry %zu)", fail->what != NULL ? fail->what : "", fail->offset));
}

void log_check(const char *where, const struct policy *policy, struct result *r)
{
    struct check_log *c = MEM_NEW(struct check_log);
    struct verify_result v;
    struct fail fail = {0};
    cocoon_err err;

    r->policy_applied = true;
    buf_init(&c->genesis, GENESIS_MAX);
    buf_init(&c->note, CHECKPOINT_NOTE_MAX);
    err = open_log(c, where);
    (void)result_check(r, &rule_read, err == OK, err);
    if (err == OK && read_policy(c, policy, r) == OK) {
        if (log_verify(&c->params, &v, &fail) == OK)
            report(c, &v, r);
        else
            report_failure(&fail, r);
    }
    log_source_close(c->source);
    buf_fini(&c->note);
    buf_fini(&c->genesis);
    mem_free(c);
}
