#include "base/test.h"
#include "ledger/kit_test.h"

static struct kit_net net;
static struct kit_ledger l;
static uint8_t value[RECORD_MAX];
static const uint8_t id[32] = {0x1d};
static const struct slice no_id;

static int set_up(uint8_t threshold, uint32_t delay)
{
    kit_net_init(&net, threshold, delay);
    kit_ledger_init(&l, &net, NULL, NULL);
    return 0;
}

static int one_owner(void **state)
{
    (void)state;
    return set_up(1, 0);
}

static int two_of_three(void **state)
{
    (void)state;
    return set_up(2, 3600);
}

static int tear_down(void **state)
{
    (void)state;
    kit_ledger_fini(&l);
    kit_net_fini(&net);
    return 0;
}

static struct slice model_value(uint64_t revoked_at)
{
    struct record_model model = {
        .valid_from = 1, .revoked_at = revoked_at, .kind = MODEL_OPEN, .name = SLICE_INIT("m")};
    struct wr w = wr_init(value, sizeof value);
    struct slice out;

    record_put_model(&w, &model);
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static struct action put_model(void)
{
    return (struct action){
        .kind = ACTION_PUT, .type = RECORD_MODEL, .id = SLICE_OF(id), .value = model_value(0)};
}

static struct action revoke_model(uint64_t at)
{
    return (struct action){
        .kind = ACTION_REVOKE, .type = RECORD_MODEL, .id = SLICE_OF(id), .at = at};
}

static cocoon_err propose(unsigned owner, struct action action, struct digest *proposal)
{
    return kit_propose(&l, &net.owners[owner], &action, proposal);
}

static cocoon_err approve(unsigned owner, const struct digest *proposal)
{
    return kit_send(&l, &net.owners[owner], TX_APPROVE, digest_slice(proposal), NULL);
}

static cocoon_err execute(const struct digest *proposal)
{
    return kit_send(&l, &net.users[0], TX_EXECUTE, digest_slice(proposal), NULL);
}

static bool model_there(struct record_model *out)
{
    static struct buf bytes;
    cocoon_err err;

    buf_fini(&bytes);
    buf_init(&bytes, RECORD_MAX);
    err = kit_get(&l, RECORD_MODEL, SLICE_OF(id), &bytes);
    if (err == OK && out != NULL)
        assert_int_equal(record_get_model(buf_slice(&bytes), out), OK);
    return err == OK;
}

static uint8_t status_of(const struct digest *proposal)
{
    struct record_proposal p;
    struct buf bytes;

    buf_init(&bytes, RECORD_MAX);
    assert_int_equal(kit_get(&l, RECORD_PROPOSAL, digest_slice(proposal), &bytes), OK);
    assert_int_equal(record_get_proposal(buf_slice(&bytes), &p), OK);
    buf_fini(&bytes);
    return p.status;
}

/* One owner, no delay: proposing is enough. Put once; revoked once, for ever. */
static void test_put_and_revoke(void **state)
{
    struct record_model model;
    uint64_t now;

    (void)state;
    assert_int_equal(propose(0, revoke_model(0), NULL), ERR_ABSENT);
    assert_int_equal(propose(0, put_model(), NULL), OK);
    assert_true(model_there(&model));
    assert_int_equal(model.revoked_at, 0);
    assert_int_equal(propose(0, put_model(), NULL), ERR_EXISTS);
    now = l.time_ms / 1000;
    /* in the future, then earlier, then not later again */
    assert_int_equal(propose(0, revoke_model(now + 1000), NULL), OK);
    assert_int_equal(propose(0, revoke_model(now + 2000), NULL), ERR_REVOKED);
    assert_int_equal(propose(0, revoke_model(0), NULL), OK);
    assert_true(model_there(&model));
    assert_int_equal(model.revoked_at, l.time_ms / 1000);
    assert_int_equal(propose(0, revoke_model(0), NULL), ERR_REVOKED);
    assert_int_equal(propose(0, put_model(), NULL), ERR_EXISTS);
}

static void test_born_revoked(void **state)
{
    struct action a = put_model();

    (void)state;
    a.value = model_value(7);
    assert_int_equal(propose(0, a, NULL), ERR_RULE);
    assert_false(model_there(NULL));
}

static void test_only_owners(void **state)
{
    struct action a = put_model();
    struct digest proposal;

    (void)state;
    assert_int_equal(kit_propose(&l, &net.users[0], &a, NULL), ERR_UNAUTHORIZED);
    assert_int_equal(propose(0, put_model(), &proposal), OK);
    assert_int_equal(kit_send(&l, &net.users[0], TX_APPROVE, digest_slice(&proposal), NULL),
                     ERR_UNAUTHORIZED);
    assert_int_equal(kit_send(&l, &net.owners[0], TX_PROPOSE, SLICE_LIT("nonsense"), NULL),
                     ERR_MALFORMED);
}

/* Bodies of any length but that of a proposal's name. */
static void test_body_lengths(void **state)
{
    static const uint8_t zeros[100];
    static const size_t lens[] = {0, 31, 33, 64, 100};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct slice body = slice_make(zeros, lens[i]);

        assert_int_equal(kit_send(&l, &net.owners[0], TX_APPROVE, body, NULL), ERR_MALFORMED);
        assert_int_equal(kit_send(&l, &net.owners[0], TX_EXECUTE, body, NULL), ERR_MALFORMED);
    }
}

/* Two of three, an hour: approved twice, executed by anyone, not a second before. */
static void test_threshold_and_delay(void **state)
{
    struct digest proposal, unknown = {{1}};

    (void)state;
    assert_int_equal(propose(0, put_model(), &proposal), OK);
    assert_int_equal(status_of(&proposal), PROPOSAL_OPEN);
    assert_int_equal(execute(&proposal), ERR_RULE);
    assert_int_equal(approve(0, &proposal), ERR_DUPLICATE);
    assert_int_equal(approve(1, &unknown), ERR_ABSENT);
    assert_int_equal(approve(1, &proposal), OK);
    assert_int_equal(status_of(&proposal), PROPOSAL_READY);
    assert_false(model_there(NULL));
    kit_wait(&l, 3598);
    assert_int_equal(execute(&proposal), ERR_NOT_YET_VALID);
    assert_int_equal(execute(&proposal), OK);
    assert_true(model_there(NULL));
    assert_int_equal(status_of(&proposal), PROPOSAL_DONE);
    assert_int_equal(execute(&proposal), ERR_RULE);
    assert_int_equal(approve(2, &proposal), ERR_RULE);
    assert_int_equal(execute(&unknown), ERR_ABSENT);
}

/* What takes away waits for enough owners, but for no delay. */
static void test_revocation_is_urgent(void **state)
{
    struct digest proposal;
    struct record_model model;

    (void)state;
    assert_int_equal(propose(0, put_model(), &proposal), OK);
    assert_int_equal(approve(1, &proposal), OK);
    kit_wait(&l, 3600);
    assert_int_equal(execute(&proposal), OK);
    assert_int_equal(propose(2, revoke_model(0), &proposal), OK);
    assert_true(model_there(&model) && model.revoked_at == 0);
    assert_int_equal(approve(1, &proposal), OK);
    assert_true(model_there(&model) && model.revoked_at != 0);
}

static void test_cancel(void **state)
{
    struct digest proposal, cancel;
    struct action a = {.kind = ACTION_CANCEL, .id = digest_slice(&proposal)};

    (void)state;
    assert_int_equal(propose(0, put_model(), &proposal), OK);
    assert_int_equal(approve(1, &proposal), OK);
    assert_int_equal(propose(1, a, &cancel), OK);
    assert_int_equal(approve(2, &cancel), OK);
    assert_int_equal(status_of(&proposal), PROPOSAL_CANCELED);
    kit_wait(&l, 3600);
    assert_int_equal(execute(&proposal), ERR_RULE);
    assert_false(model_there(NULL));
    assert_int_equal(propose(0, a, &cancel), OK);
    assert_int_equal(approve(1, &cancel), ERR_RULE);
}

/* New owners: those who left count no more, not even for what they approved before. */
static void test_owners_leave(void **state)
{
    struct record_owners owners = {.threshold = 1, .delay = 10, .count = 1};
    struct action a = {.kind = ACTION_PUT, .type = RECORD_OWNERS};
    struct wr w = wr_init(value, sizeof value);
    struct digest model, change;

    (void)state;
    assert_int_equal(propose(0, put_model(), &model), OK);
    assert_int_equal(approve(1, &model), OK);
    memcpy(owners.keys[0], net.owners[2].public.bytes, 32);
    record_put_owners(&w, &owners);
    assert_int_equal(wr_end(&w, &a.value), OK);
    assert_int_equal(propose(0, a, &change), OK);
    assert_int_equal(approve(1, &change), OK);
    kit_wait(&l, 3600);
    assert_int_equal(execute(&change), OK);
    assert_int_equal(execute(&model), ERR_UNAUTHORIZED);
    assert_int_equal(approve(0, &model), ERR_UNAUTHORIZED);
    assert_int_equal(approve(2, &model), OK);
    assert_true(model_there(NULL));
    assert_int_equal(propose(0, revoke_model(0), NULL), ERR_UNAUTHORIZED);
    assert_int_equal(propose(2, revoke_model(0), NULL), OK);
}

/* Parameters and their hash in the BLOCK leaf change together. */
static void test_parameters(void **state)
{
    struct record_params params = net.genesis.params;
    struct wr w = wr_init(value, sizeof value);
    struct digest hash;
    struct block before, after;
    struct slice bytes;

    (void)state;
    params.evidence_age = 77;
    assert_int_equal(block_read(SLICE_OF(l.block.leaf), &before), OK);
    record_put_params(&w, &params);
    assert_int_equal(wr_end(&w, &bytes), OK);
    sha256(bytes, &hash);
    assert_int_equal(kit_put(&l, RECORD_PARAMS, no_id, &w), OK);
    assert_int_equal(block_read(SLICE_OF(l.block.leaf), &after), OK);
    assert_true(digest_eq(&after.params_hash, &hash));
    assert_false(digest_eq(&before.params_hash, &hash));
}

/* Rules go forward only, to versions that are compiled in, from a later block. */
static void test_rules_version(void **state)
{
    struct action a = {.kind = ACTION_RULES, .rules = 1, .height = 100};

    (void)state;
    assert_int_equal(propose(0, a, NULL), ERR_RULE);
    a.rules = 2;
    assert_int_equal(propose(0, a, NULL), ERR_VERSION);
    a.height = 1;
    assert_int_equal(propose(0, a, NULL), ERR_RULE);
}

/* A failed action leaves nothing: not the proposal, not the nonce, not the records. */
static void test_failure_leaves_nothing(void **state)
{
    struct action a = {.kind = ACTION_REVOKE, .type = RECORD_ENGINE, .id = SLICE_OF(id)};
    struct digest proposal, root = ledger_tip(l.ledger)->state_root;
    struct buf bytes;

    (void)state;
    assert_int_equal(propose(0, a, &proposal), ERR_ABSENT);
    buf_init(&bytes, RECORD_MAX);
    assert_int_equal(kit_get(&l, RECORD_PROPOSAL, digest_slice(&proposal), &bytes), ERR_ABSENT);
    assert_true(digest_eq(&root, &ledger_tip(l.ledger)->state_root));
    buf_fini(&bytes);
}

static void test_every_settable_record(void **state)
{
    struct record_engine engine = {.valid_from = 1, .name = SLICE_INIT("e")};
    struct record_witness witness = {
        .valid_from = 1, .group = WITNESS_PLAIN, .name = SLICE_INIT("w")};
    static struct record_release release = {.valid_from = 1, .name = SLICE_INIT("r")};
    static const enum record_type types[] = {RECORD_ENGINE, RECORD_WITNESS, RECORD_RELEASE};
    struct wr w;

    (void)state;
    w = wr_init(value, sizeof value);
    record_put_engine(&w, &engine);
    assert_int_equal(kit_put(&l, RECORD_ENGINE, SLICE_OF(id), &w), OK);
    w = wr_init(value, sizeof value);
    record_put_witness(&w, &witness);
    assert_int_equal(kit_put(&l, RECORD_WITNESS, SLICE_OF(id), &w), OK);
    w = wr_init(value, sizeof value);
    record_put_release(&w, &release);
    assert_int_equal(kit_put(&l, RECORD_RELEASE, SLICE_OF(id), &w), OK);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct action a = {.kind = ACTION_REVOKE, .type = types[i], .id = SLICE_OF(id)};

        assert_int_equal(propose(0, a, NULL), OK);
        assert_int_equal(propose(0, a, NULL), ERR_REVOKED);
    }
}

int main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, one_owner, tear_down)
#define TWO(name) cmocka_unit_test_setup_teardown(name, two_of_three, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(test_put_and_revoke), ONE(test_born_revoked),           ONE(test_only_owners),
        ONE(test_body_lengths),   TWO(test_threshold_and_delay),    TWO(test_revocation_is_urgent),
        TWO(test_cancel),         TWO(test_owners_leave),           ONE(test_parameters),
        ONE(test_rules_version),  ONE(test_failure_leaves_nothing), ONE(test_every_settable_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
