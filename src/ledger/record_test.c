#include "ledger/record.h"

#include "base/hex.h"
#include "base/test.h"
#include "ledger/record_echo.h"

/* One example of each record, encoded. */
static uint8_t room[16][RECORD_MAX];
static struct slice examples[16];
static size_t example_count;

static struct wr *begin(void)
{
    static struct wr w;

    w = wr_init(room[example_count], RECORD_MAX);
    return &w;
}

static void end(const struct wr *w)
{
    assert_int_equal(wr_end(w, &examples[example_count++]), OK);
}

static void fill(void *out, size_t len, uint8_t byte)
{
    memset(out, byte, len);
}

static const struct record_measure measure = {
    .tee = SLICE_INIT("tdx"),
    .count = 2,
    .fields = {{SLICE_INIT("mr_td"), SLICE_INIT("\1\2\3")},
               {SLICE_INIT("rt_mr0"), SLICE_INIT("\4\5\6")}},
};

static void make_contract_records(void)
{
    struct record_network network = {.rules = 1, .log_vkey = SLICE_INIT("log+00000000+AQ==")};
    struct record_owners owners = {.threshold = 2, .delay = 3600, .count = 3};
    struct record_params params = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct record_release release = {.valid_from = 9, .name = SLICE_INIT("1.0"), .count = 1};
    struct record_model model = {
        .valid_from = 1, .kind = MODEL_OPEN, .name = SLICE_INIT("smollm2-135m-instruct")};
    struct record_engine engine = {.valid_from = 1, .name = SLICE_INIT("llama.cpp")};
    struct record_witness witness = {
        .valid_from = 1, .group = WITNESS_PLAIN, .name = SLICE_INIT("witness.example/w0")};
    struct record_proposal proposal = {
        .status = PROPOSAL_OPEN, .made_at = 5, .count = 1, .action = SLICE_INIT("action")};
    struct wr *w;

    network.has_sim_root = true;
    fill(network.sim_root, 32, 7);
    for (uint8_t i = 0; i < 3; i++)
        fill(owners.keys[i], 32, i);
    release.measures[0] = measure;
    record_put_network(w = begin(), &network);
    end(w);
    record_put_owners(w = begin(), &owners);
    end(w);
    record_put_params(w = begin(), &params);
    end(w);
    record_put_release(w = begin(), &release);
    end(w);
    record_put_model(w = begin(), &model);
    end(w);
    record_put_engine(w = begin(), &engine);
    end(w);
    record_put_witness(w = begin(), &witness);
    end(w);
    record_put_proposal(w = begin(), &proposal);
    end(w);
}

static void make_other_records(void)
{
    struct record_account account = {.nonce = 3, .balance = (amount)5 << 64, .bonded = 1};
    struct record_blob blob = {.index = 12, .length = 60000};
    struct record_recent recent = {.height = 1, .size = 2, .time_ms = 3};
    struct record_worker worker = {
        .index = 1, .status = WORKER_ACTIVE, .epoch = 4, .kind = SLICE_INIT("sim")};
    struct record_receipts receipts = {.batches = 1, .receipts = 20, .last_index = 44};
    struct record_evaluation evaluation = {.number = 19, .seen_at = 1};
    struct wr *w;

    worker.simulated = true;
    worker.prices.output = 11;
    record_put_account(w = begin(), &account);
    end(w);
    record_put_blob(w = begin(), &blob);
    end(w);
    record_put_recent(w = begin(), &recent);
    end(w);
    record_put_worker(w = begin(), &worker);
    end(w);
    record_put_receipts(w = begin(), &receipts);
    end(w);
    record_put_evaluation(w = begin(), &evaluation);
    end(w);
}

static int make_examples(void **state)
{
    (void)state;
    make_contract_records();
    make_other_records();
    return 0;
}

static cocoon_err echo(struct slice value, struct slice *again)
{
    static uint8_t out[RECORD_MAX];
    struct wr w = wr_init(out, sizeof out);
    cocoon_err err = record_echo(value, &w);

    return err != OK ? err : wr_end(&w, again);
}

static void test_round_trip(void **state)
{
    (void)state;
    assert_int_equal(example_count, 14);
    for (size_t i = 0; i < example_count; i++) {
        struct slice again;

        assert_int_equal(echo(examples[i], &again), OK);
        assert_true(slice_eq(examples[i], again));
    }
}

/* Cut anywhere, and with a byte more: no value. The action of a proposal is all the rest. */
static void test_exact_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < example_count; i++) {
        bool open_end = examples[i].ptr[0] == RECORD_PROPOSAL;
        size_t fixed = open_end ? examples[i].len - 6 : examples[i].len;
        uint8_t longer[RECORD_MAX + 1];
        struct slice again;

        for (size_t len = 0; len < fixed; len++)
            assert_int_not_equal(echo(slice_make(examples[i].ptr, len), &again), OK);
        memcpy(longer, examples[i].ptr, examples[i].len);
        longer[examples[i].len] = 0;
        if (!open_end)
            assert_int_equal(echo(slice_make(longer, examples[i].len + 1), &again), ERR_TRAILING);
    }
}

/* A flipped bit gives another value or none, never the same one. */
static void test_bit_flips(void **state)
{
    (void)state;
    for (size_t i = 0; i < example_count; i++) {
        uint8_t copy[RECORD_MAX];
        struct slice flipped = slice_make(copy, examples[i].len), again;

        memcpy(copy, examples[i].ptr, examples[i].len);
        for (size_t bit = 0; bit < 8 * flipped.len; bit++) {
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (echo(flipped, &again) == OK)
                assert_true(slice_eq(flipped, again));
            copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

static void test_refusals(void **state)
{
    struct record_owners owners = {.threshold = 1, .delay = 0, .count = 2};
    struct record_account account;
    uint8_t bytes[256];
    struct wr w = wr_init(bytes, sizeof bytes);
    struct slice value;

    (void)state;
    fill(owners.keys[0], 32, 2);
    fill(owners.keys[1], 32, 1);
    record_put_owners(&w, &owners);
    assert_int_equal(wr_end(&w, &value), OK);
    assert_int_equal(record_get_owners(value, &owners), ERR_TRUNCATED);
    assert_int_equal(record_get_account(value, &account), ERR_TYPE);
    bytes[1] = 2;
    assert_int_equal(record_get_owners(value, &owners), ERR_VERSION);
}

static void test_threshold(void **state)
{
    struct record_owners owners = {.count = 1};
    uint8_t bytes[256];
    struct slice value;

    (void)state;
    for (uint8_t threshold = 0; threshold < 3; threshold++) {
        struct wr w = wr_init(bytes, sizeof bytes);

        owners.threshold = threshold;
        owners.count = 1;
        record_put_owners(&w, &owners);
        assert_int_equal(wr_end(&w, &value), OK);
        assert_int_equal(record_get_owners(value, &owners), threshold == 1 ? OK : ERR_TRUNCATED);
    }
}

/* The oracle: python3 -c "hashlib.sha256(b'\x10' + bytes(range(32))).hexdigest()". */
static void test_names(void **state)
{
    uint8_t id[32];
    struct digest key;
    char text[65];
    enum record_type type;

    (void)state;
    for (uint8_t i = 0; i < 32; i++)
        id[i] = i;
    record_key(RECORD_WORKER, SLICE_OF(id), &key);
    hex_write(digest_slice(&key), text);
    assert_string_equal(text, "a6e425426423bca562574365eba676b4a1b63ea7d2b01386f4e978f22e119b15");
    assert_int_equal(record_type_read(SLICE_LIT("worker"), &type), OK);
    assert_int_equal(type, RECORD_WORKER);
    assert_int_equal(record_type_read(SLICE_LIT("Worker"), &type), ERR_UNKNOWN_NAME);
    assert_null(record_type_name(RECORD_CHANNEL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_exact_length),
        cmocka_unit_test(test_bit_flips),  cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_threshold),  cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, make_examples, NULL);
}
