/*
 * Logs against a TD's quote: CCEL and dstack, made from scratch over a synthetic Intel.
 */
#include "attest/dstack.h"
#include "attest/eventlog_check.h"
#include "attest/kit_check_test.h"
#include "attest/kit_intel_test.h"
#include "base/hex.h"
#include "base/test.h"
#include "crypto/hash.h"

enum { ARENA_MAX = 16 * 1024 * 1024, ROOM = 64 * 1024, SHA384_SIZE = 48 };

static struct arena arena;
static struct policy policy;
static struct evidence evidence;
static struct appraisal a;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_MAX);
    policy_init(&policy);
    kit_trust(&policy, "intel", intel_root_key());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct slice kept(struct buf *text)
{
    struct slice copy = {NULL, 0};

    assert_int_equal(buf_ok(text), OK);
    assert_int_equal(arena_copy(&arena, buf_slice(text), &copy), OK);
    buf_fini(text);
    return copy;
}

/* Measure as a policy would have it: registers of the quote come from `bank`, one index apart. */
static void build_quote(const struct mr_bank *bank, unsigned first, const char *kind)
{
    struct intel_world w = intel_tdx();
    struct policy_measure td = {
        .name = SLICE_INIT("td"), .tee = slice_text(kind), .until = INT64_MAX, .count = 1};

    for (unsigned i = 0; i < 4; i++)
        w.td.rtmr[i] = mr_bank_value(bank, first + i);
    intel_build(&w, &arena, &evidence);
    evidence.kind = slice_text(kind);
    td.fields[0] = (struct policy_field){SLICE_LIT("tdx.mr_td"), kit_fill(&arena, 0x07, 48)};
    assert_int_equal(policy_add_measure(&policy, &arena, &td), OK);
}

static void run(void)
{
    a = (struct appraisal){
        .evidence = &evidence, .policy = &policy, .now = INTEL_NOW, .arena = &arena};
    appraise(&a);
}

static void add(const char *name, struct slice bytes)
{
    assert_int_equal(evidence_add(&evidence, slice_text(name), bytes), OK);
}

/* --- CCEL --- */

struct ccel_event {
    uint32_t mr, type;
    const char *measured, *data;
};

static struct slice ccel(const struct ccel_event *events, size_t count, struct mr_bank *bank)
{
    uint8_t *room = arena_new(&arena, ROOM);
    struct wr w = wr_init(room, ROOM);
    struct slice done;

    wr_u32le(&w, 1);
    wr_u32le(&w, EV_NO_ACTION);
    wr_zero(&w, 20);
    wr_u32le(&w, 16 + 4 + 4 + 4 + 4 + 1);
    wr_slice(&w, SLICE_LIT("Spec ID Event03\0"));
    wr_zero(&w, 8);
    wr_u32le(&w, 1);
    wr_u16le(&w, TPM_ALG_SHA384);
    wr_u16le(&w, SHA384_SIZE);
    wr_u8(&w, 0);
    mr_bank_init(bank, HASH_SHA384);
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[SHA384_SIZE];

        hash_once(HASH_SHA384, slice_text(events[i].measured), digest);
        mr_bank_extend(bank, events[i].mr, SLICE_OF(digest));
        wr_u32le(&w, events[i].mr);
        wr_u32le(&w, events[i].type);
        wr_u32le(&w, 1);
        wr_u16le(&w, TPM_ALG_SHA384);
        wr_slice(&w, SLICE_OF(digest));
        wr_u32le(&w, (uint32_t)strlen(events[i].data));
        wr_slice(&w, slice_text(events[i].data));
    }
    wr_zero(&w, 64);
    assert_int_equal(wr_end(&w, &done), OK);
    return done;
}

static const struct ccel_event boot[] = {{1, 4, "separator", "separator"},
                                         {2, 0x80000003, "kernel", "a path"},
                                         {3, 13, "initrd", "initrd"}};

static void test_ccel(void **state)
{
    struct mr_bank bank;
    struct slice log = ccel(boot, COUNT_OF(boot), &bank);
    const struct claim *covered;

    (void)state;
    build_quote(&bank, 1, "ccel");
    add("ccel", log);
    run();
    kit_expect_pass(&a.result);
    covered = claims_find(&a.result.claims, "data_authenticated");
    assert_non_null(covered);
    assert_int_equal(covered->first->number, 1);
    assert_int_equal(covered->first->next->number, 3);
    assert_null(covered->first->next->next);
}

/* RTMR 3 may have grown since; RTMR 0 to 2 may not. */
static void test_ccel_registers(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        struct mr_bank bank;
        struct slice log;
        uint8_t more[SHA384_SIZE] = {1};

        tear_down(state);
        set_up(state);
        log = ccel(boot, COUNT_OF(boot), &bank);
        mr_bank_extend(&bank, 1 + i, SLICE_OF(more));
        build_quote(&bank, 1, "ccel");
        add("ccel", log);
        run();
        if (i < 3)
            kit_expect_only(&a.result, "register extended", "ccel.rtmr");
        else
            kit_expect_pass(&a.result);
    }
}

/* Registers count only if the quote that holds them is genuine. */
static void test_ccel_forged_quote(void **state)
{
    struct intel_world w = intel_tdx();
    struct mr_bank bank;
    struct slice log = ccel(boot, COUNT_OF(boot), &bank);

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        w.td.rtmr[i] = mr_bank_value(&bank, 1 + i);
    w.quote_signer = intel_stranger_key();
    intel_build(&w, &arena, &evidence);
    evidence.kind = SLICE_LIT("ccel");
    add("ccel", log);
    a = (struct appraisal){.evidence = &evidence, .now = INTEL_NOW, .arena = &arena};
    appraise(&a);
    assert_int_equal(result_verdict(&a.result), VERDICT_NOT_VERIFIED);
}

static void test_ccel_without_quote(void **state)
{
    struct mr_bank bank;
    struct slice log = ccel(boot, COUNT_OF(boot), &bank);

    (void)state;
    evidence_init(&evidence, SLICE_LIT("ccel"));
    add("ccel", log);
    run();
    assert_int_not_equal(result_verdict(&a.result), VERDICT_VERIFIED);
}

static void test_ccel_sgx_quote(void **state)
{
    struct intel_world w = intel_sgx();
    struct mr_bank bank;
    struct slice log = ccel(boot, COUNT_OF(boot), &bank);

    (void)state;
    intel_build(&w, &arena, &evidence);
    evidence.kind = SLICE_LIT("ccel");
    add("ccel", log);
    run();
    assert_int_equal(result_verdict(&a.result), VERDICT_NOT_VERIFIED);
}

/* --- dstack --- */

struct dstack_event {
    unsigned imr;
    uint32_t type, version; /* version 0: not written */
    const char *name, *payload;
    bool lie; /* the digest is of something else */
};

static void event_digest(const struct dstack_event *e, uint8_t out[SHA384_SIZE])
{
    static const uint8_t type[] = {1, 0, 0, 8};
    struct buf text;

    buf_init(&text, ROOM);
    if (e->version == 2) {
        buf_printf(&text, "{\"name\":\"%s\",\"payload\":\"", e->name);
        hex_put(&text, slice_text(e->payload));
        buf_put_text(&text, "\",\"type\":134217729}");
    } else {
        buf_put(&text, SLICE_OF(type));
        buf_put_u8(&text, ':');
        buf_put_text(&text, e->name);
        buf_put_u8(&text, ':');
        buf_put_text(&text, e->payload);
    }
    if (e->lie)
        buf_put_u8(&text, 'x');
    hash_once(HASH_SHA384, buf_slice(&text), out);
    buf_fini(&text);
}

static struct slice dstack_log(const struct dstack_event *events, size_t count,
                               struct mr_bank *bank)
{
    struct buf text;

    buf_init(&text, ROOM);
    mr_bank_init(bank, HASH_SHA384);
    buf_put_u8(&text, '[');
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[SHA384_SIZE];

        event_digest(&events[i], digest);
        mr_bank_extend(bank, events[i].imr, SLICE_OF(digest));
        buf_printf(&text, "%s{\"imr\":%u,\"event_type\":%u,\"digest\":\"", i > 0 ? "," : "",
                   events[i].imr, events[i].type);
        hex_put(&text, SLICE_OF(digest));
        buf_printf(&text, "\",\"event\":\"%s\",\"event_payload\":\"", events[i].name);
        hex_put(&text, slice_text(events[i].payload));
        buf_put_u8(&text, '"');
        if (events[i].version != 0)
            buf_printf(&text, ",\"version\":%u", events[i].version);
        buf_put_u8(&text, '}');
    }
    buf_put_u8(&text, ']');
    return kept(&text);
}

#define RUNTIME 0x08000001U

static const struct dstack_event start[] = {
    {0, 4, 0, "", "firmware", false},           {3, RUNTIME, 0, "system-preparing", "", false},
    {3, RUNTIME, 0, "app-id", "app", false},    {3, RUNTIME, 2, "instance-id", "instance", false},
    {3, RUNTIME, 0, "system-ready", "", false}, {3, RUNTIME, 0, "app-id", "impostor", false},
};

static void run_dstack(const struct dstack_event *events, size_t count)
{
    struct mr_bank bank;
    struct slice log = dstack_log(events, count, &bank);

    build_quote(&bank, 0, "dstack");
    add("event_log", log);
    run();
}

static void test_dstack(void **state)
{
    struct slice id;

    (void)state;
    run_dstack(start, COUNT_OF(start));
    kit_expect_pass(&a.result);
    assert_true(claims_get_hex(&a.result.claims, "app_id", &id));
    assert_true(slice_eq_text(id, "app")); /* not what came after system-ready */
    assert_true(claims_get_hex(&a.result.claims, "instance_id", &id));
    assert_true(slice_eq_text(id, "instance"));
    assert_non_null(claims_find(&a.result.claims, "compose_hash"));
    assert_int_equal(claims_find(&a.result.claims, "compose_hash")->kind, CLAIM_NULL);
}

static void test_dstack_rules(void **state)
{
    static const struct {
        const char *name, *rule;
        size_t index;
        struct dstack_event event;
    } cases[] = {
        {"content that is not its digest's",
         "dstack.events",
         2,
         {3, RUNTIME, 0, "app-id", "app", true}},
        {"a run-time event elsewhere",
         "dstack.events",
         1,
         {2, RUNTIME, 0, "system-preparing", "", false}},
        {"another event in RTMR 3", "dstack.events", 0, {3, 4, 0, "", "firmware", false}},
        {"two identities", "dstack.identity", 1, {3, RUNTIME, 0, "app-id", "first", false}},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dstack_event events[COUNT_OF(start)];

        tear_down(state);
        set_up(state);
        memcpy(events, start, sizeof events);
        events[cases[i].index] = cases[i].event;
        run_dstack(events, COUNT_OF(events));
        kit_expect_only(&a.result, cases[i].name, cases[i].rule);
    }
}

static void test_dstack_registers(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        uint8_t more[SHA384_SIZE] = {1};
        struct mr_bank bank;
        struct slice log;

        tear_down(state);
        set_up(state);
        log = dstack_log(start, COUNT_OF(start), &bank);
        mr_bank_extend(&bank, i, SLICE_OF(more));
        build_quote(&bank, 0, "dstack");
        add("event_log", log);
        run();
        kit_expect_only(&a.result, "register extended", "dstack.rtmr");
    }
}

static void test_dstack_compose(void **state)
{
    struct dstack_event events[COUNT_OF(start)];
    char digest[33] = {0};
    struct digest sum;

    (void)state;
    memcpy(events, start, sizeof events);
    /* A payload made of text cannot hold zero bytes: find content whose digest has none. */
    for (char c = 'a';; c++) {
        sha256(slice_make(&c, 1), &sum);
        if (memchr(sum.bytes, 0, sizeof sum.bytes) == NULL) {
            memcpy(digest, sum.bytes, sizeof sum.bytes);
            events[1] = (struct dstack_event){3, RUNTIME, 0, "compose-hash", digest, false};
            run_dstack(events, COUNT_OF(events));
            add("app_compose", slice_make(&c, 1));
            run();
            kit_expect_pass(&a.result);
            evidence.parts[evidence.count - 1].bytes = SLICE_LIT("other");
            run();
            kit_expect_only(&a.result, "another compose file", "dstack.compose");
            return;
        }
    }
}

static void test_dstack_malformed(void **state)
{
    static const char *const logs[] = {
        "",
        "{}",
        "[{}]",
        "[1]",
        "[{\"imr\":4,\"event_type\":1,\"digest\":\"\",\"event\":\"\",\"event_payload\":\"\"}]",
        "[{\"imr\":0,\"event_type\":1,\"digest\":\"00\",\"event\":\"\",\"event_payload\":\"\"}]",
    };

    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        tear_down(state);
        set_up(state);
        evidence_init(&evidence, SLICE_LIT("dstack"));
        add("event_log", slice_text(logs[i]));
        run();
        assert_int_equal(result_exit(&a.result), 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ccel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ccel_registers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ccel_forged_quote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ccel_without_quote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ccel_sgx_quote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dstack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dstack_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dstack_registers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dstack_compose, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dstack_malformed, set_up, tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    kit_keys_free();
    return failed;
}
