/*
 * The root contract: what its owners propose, approve and put into force.
 *
 *   propose   by an owner; counts as the first approval
 *   approve   by another owner
 *   execute   by anyone, once enough owners approved and the delay has passed
 *
 * With enough approvals at once and no delay, proposing or approving executes. What takes away
 * (revoke, cancel) has no delay; what adds has the delay in force when the last approval came.
 * Owners who left since do not count any more.
 */
#include <assert.h>
#include <string.h>

#include "ledger/action.h"
#include "ledger/exec.h"

static const struct slice no_id;

static cocoon_err get_owners(struct exec *x, struct record_owners *out)
{
    struct slice value;
    cocoon_err err = state_get(x->state, RECORD_OWNERS, no_id, &value);

    return err == OK && record_get_owners(value, out) == OK ? OK : ERR_CORRUPT;
}

static bool is_owner(const struct record_owners *owners, const uint8_t key[32])
{
    for (uint8_t i = 0; i < owners->count; i++)
        if (memcmp(owners->keys[i], key, 32) == 0)
            return true;
    return false;
}

/* Read a proposal; its action borrows from the arena, not from the record that will change. */
static cocoon_err get_proposal(struct exec *x, struct slice id, struct record_proposal *out,
                               struct fail *fail)
{
    struct slice value;
    cocoon_err err = state_get(x->state, RECORD_PROPOSAL, id, &value);

    if (err == ERR_ABSENT)
        return fail_set(fail, ERR_ABSENT, 83, "there is no such proposal");
    if (err == OK)
        err = arena_copy(x->scratch, value, &value);
    if (err != OK)
        return err;
    return record_get_proposal(value, out) == OK ? OK : ERR_CORRUPT;
}

static void put_proposal(struct exec *x, struct slice id, const struct record_proposal *p)
{
    struct wr w = exec_wr(x);

    record_put_proposal(&w, p);
    exec_put(x, RECORD_PROPOSAL, id, &w);
}

/* Put what may be put once: absent so far, and not born revoked. */
static cocoon_err put_once(struct exec *x, const struct action *a, uint64_t revoked_at,
                           struct fail *fail)
{
    struct slice value;
    cocoon_err err = state_get(x->state, a->type, a->id, &value);

    if (err == OK)
        return fail_set(fail, ERR_EXISTS, 0, "this was put before; it can only be revoked");
    if (err != ERR_ABSENT)
        return err;
    if (revoked_at != 0)
        return fail_set(fail, ERR_RULE, 0, "what is put cannot be revoked already");
    state_put(x->state, a->type, a->id, a->value);
    return OK;
}

static cocoon_err put_params(struct exec *x, const struct action *a)
{
    if (record_get_params(a->value, &x->params) != OK)
        return ERR_CORRUPT;
    state_put(x->state, RECORD_PARAMS, no_id, a->value);
    return OK;
}

static cocoon_err do_put(struct exec *x, const struct action *a, struct fail *fail)
{
    struct record_release *release = ARENA_NEW(x->scratch, struct record_release);
    struct record_model model;
    struct record_engine engine;
    struct record_witness witness;

    if (release == NULL)
        return ERR_NOMEM;
    if (a->type == RECORD_PARAMS)
        return put_params(x, a);
    if (a->type == RECORD_OWNERS) {
        state_put(x->state, RECORD_OWNERS, no_id, a->value);
        return OK;
    }
    if (a->type == RECORD_RELEASE && record_get_release(a->value, release) == OK)
        return put_once(x, a, release->revoked_at, fail);
    if (a->type == RECORD_MODEL && record_get_model(a->value, &model) == OK)
        return put_once(x, a, model.revoked_at, fail);
    if (a->type == RECORD_ENGINE && record_get_engine(a->value, &engine) == OK)
        return put_once(x, a, engine.revoked_at, fail);
    if (a->type == RECORD_WITNESS && record_get_witness(a->value, &witness) == OK)
        return put_once(x, a, witness.revoked_at, fail);
    return ERR_CORRUPT;
}

/* Set the moment of revocation. It can be moved forward by revoking again, never back. */
static cocoon_err revoke_at(const struct exec *x, const struct action *a, uint64_t *revoked_at,
                            struct fail *fail)
{
    uint64_t at = a->at == 0 || a->at < x->now ? x->now : a->at;

    if (*revoked_at != 0 && *revoked_at <= at)
        return fail_set(fail, ERR_REVOKED, 0, "revoked already");
    *revoked_at = at;
    return OK;
}

static cocoon_err revoke_value(struct exec *x, const struct action *a, struct slice value,
                               struct wr *w, struct fail *fail)
{
    struct record_release *release = ARENA_NEW(x->scratch, struct record_release);
    struct record_model model;
    struct record_engine engine;
    struct record_witness witness;
    cocoon_err err = ERR_CORRUPT;

    if (release == NULL)
        return ERR_NOMEM;
    if (a->type == RECORD_RELEASE && record_get_release(value, release) == OK) {
        err = revoke_at(x, a, &release->revoked_at, fail);
        record_put_release(w, release);
    } else if (a->type == RECORD_MODEL && record_get_model(value, &model) == OK) {
        err = revoke_at(x, a, &model.revoked_at, fail);
        record_put_model(w, &model);
    } else if (a->type == RECORD_ENGINE && record_get_engine(value, &engine) == OK) {
        err = revoke_at(x, a, &engine.revoked_at, fail);
        record_put_engine(w, &engine);
    } else if (a->type == RECORD_WITNESS && record_get_witness(value, &witness) == OK) {
        err = revoke_at(x, a, &witness.revoked_at, fail);
        record_put_witness(w, &witness);
    }
    return err;
}

static cocoon_err do_revoke(struct exec *x, const struct action *a, struct fail *fail)
{
    struct wr w = exec_wr(x);
    struct slice value;
    cocoon_err err = state_get(x->state, a->type, a->id, &value);

    if (err == ERR_ABSENT)
        return fail_set(fail, ERR_ABSENT, 0, "there is nothing to revoke");
    if (err == OK)
        err = revoke_value(x, a, value, &w, fail);
    if (err == OK)
        exec_put(x, a->type, a->id, &w);
    return err;
}

static cocoon_err do_cancel(struct exec *x, const struct action *a, struct fail *fail)
{
    struct record_proposal other;
    cocoon_err err = get_proposal(x, a->id, &other, fail);

    if (err != OK)
        return err;
    if (other.status != PROPOSAL_OPEN && other.status != PROPOSAL_READY)
        return fail_set(fail, ERR_RULE, 0, "the proposal is closed");
    other.status = PROPOSAL_CANCELED;
    put_proposal(x, a->id, &other);
    return OK;
}

static cocoon_err do_rules(struct exec *x, const struct action *a, struct fail *fail)
{
    struct wr w = exec_wr(x);

    if (a->rules <= x->network.rules)
        return fail_set(fail, ERR_RULE, 0, "rules do not go back");
    if (a->height <= x->height)
        return fail_set(fail, ERR_RULE, 0, "new rules start at a later block");
    if (rules_find(a->rules) == NULL)
        return fail_set(fail, ERR_VERSION, 0, "this program does not know these rules");
    x->network.next_rules = a->rules;
    x->network.next_height = a->height;
    record_put_network(&w, &x->network);
    exec_put(x, RECORD_NETWORK, no_id, &w);
    return OK;
}

static cocoon_err do_action(struct exec *x, struct slice bytes, struct fail *fail)
{
    struct action a;

    if (action_read(bytes, &a) != OK)
        return ERR_CORRUPT;
    switch (a.kind) {
    case ACTION_PUT:
        return do_put(x, &a, fail);
    case ACTION_REVOKE:
        return do_revoke(x, &a, fail);
    case ACTION_CANCEL:
        return do_cancel(x, &a, fail);
    case ACTION_RULES:
        return do_rules(x, &a, fail);
    }
    return ERR_CORRUPT;
}

/* Count the approvals of those who are owners now. */
static uint8_t approvals(const struct record_proposal *p, const struct record_owners *owners)
{
    uint8_t count = 0;

    for (uint8_t i = 0; i < p->count; i++)
        count = (uint8_t)(count + is_owner(owners, p->approvals[i]));
    return count;
}

/* Note that enough owners approved, and since when it may be executed. */
static void make_ready(const struct exec *x, const struct record_owners *owners,
                       struct record_proposal *p)
{
    struct action a;
    bool urgent = action_read(p->action, &a) == OK && action_is_urgent(&a);

    if (p->status == PROPOSAL_OPEN && approvals(p, owners) >= owners->threshold) {
        p->status = PROPOSAL_READY;
        p->ready_at = x->now + (urgent ? 0 : owners->delay);
    }
}

/* Execute `p` if its time has come; store it either way. */
static cocoon_err settle(struct exec *x, struct slice id, struct record_proposal *p,
                         struct fail *fail)
{
    bool due = p->status == PROPOSAL_READY && p->ready_at <= x->now;

    if (due)
        p->status = PROPOSAL_DONE;
    put_proposal(x, id, p);
    return due ? do_action(x, p->action, fail) : OK;
}

cocoon_err rule_propose(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct record_proposal p = {.status = PROPOSAL_OPEN, .made_at = x->now, .count = 1};
    struct record_owners owners;
    struct action a;
    cocoon_err err;

    if ((err = get_owners(x, &owners)) != OK)
        return err;
    if (!is_owner(&owners, tx->account.bytes))
        return fail_set(fail, ERR_UNAUTHORIZED, 39, "only an owner proposes");
    if ((err = action_read(tx->body, &a)) != OK)
        return fail_set(fail, err, 83, "not an action of the root contract");
    memcpy(p.approvals[0], tx->account.bytes, 32);
    p.action = tx->body;
    make_ready(x, &owners, &p);
    return settle(x, digest_slice(&x->id), &p, fail);
}

/* Add `key` to the approvals, which stay in order. */
static cocoon_err add_approval(struct record_proposal *p, const uint8_t key[32], struct fail *fail)
{
    uint8_t at = 0;

    while (at < p->count && memcmp(p->approvals[at], key, 32) < 0)
        at++;
    if (at < p->count && memcmp(p->approvals[at], key, 32) == 0)
        return fail_set(fail, ERR_DUPLICATE, 39, "this owner has approved already");
    if (p->count == OWNERS_MAX)
        return fail_set(fail, ERR_LIMIT, 39, "too many approvals");
    memmove(p->approvals[at + 1], p->approvals[at], 32 * (size_t)(p->count - at));
    memcpy(p->approvals[at], key, 32);
    p->count++;
    return OK;
}

cocoon_err rule_approve(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct record_proposal p;
    struct record_owners owners;
    cocoon_err err;

    if (tx->body.len != 32)
        return fail_set(fail, ERR_MALFORMED, 79, "an approval names one proposal");
    if ((err = get_owners(x, &owners)) != OK)
        return err;
    if (!is_owner(&owners, tx->account.bytes))
        return fail_set(fail, ERR_UNAUTHORIZED, 39, "only an owner approves");
    if ((err = get_proposal(x, tx->body, &p, fail)) != OK)
        return err;
    if (p.status != PROPOSAL_OPEN && p.status != PROPOSAL_READY)
        return fail_set(fail, ERR_RULE, 83, "the proposal is closed");
    if ((err = add_approval(&p, tx->account.bytes, fail)) != OK)
        return err;
    make_ready(x, &owners, &p);
    return settle(x, tx->body, &p, fail);
}

cocoon_err rule_execute(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct record_proposal p;
    struct record_owners owners;
    cocoon_err err;

    if (tx->body.len != 32)
        return fail_set(fail, ERR_MALFORMED, 79, "an execution names one proposal");
    if ((err = get_proposal(x, tx->body, &p, fail)) != OK)
        return err;
    if ((err = get_owners(x, &owners)) != OK)
        return err;
    if (p.status != PROPOSAL_READY)
        return fail_set(fail, ERR_RULE, 83, "the proposal is not ready");
    if (approvals(&p, &owners) < owners.threshold)
        return fail_set(fail, ERR_UNAUTHORIZED, 83, "those who approved are owners no more");
    if (p.ready_at > x->now)
        return fail_set(fail, ERR_NOT_YET_VALID, 83, "the proposal's delay has not passed");
    return settle(x, tx->body, &p, fail);
}
