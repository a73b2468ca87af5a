#include "receipt/receipt.h"

#include "attest/statement.h"
#include "base/test.h"
#include "codec/jcs.h"

enum { ARENA_MAX = 1 << 22 };

/* ---- the vectors that aci/1 publishes (tests/vectors/aci) ---- */

struct vectors {
    struct arena arena;
    struct buf text;
    const struct json *root;
};

static int load(void **state)
{
    static struct vectors v;
    struct fail fail;

    arena_init(&v.arena, ARENA_MAX);
    assert_true(test_read_file(TEST_VECTORS "/aci/vectors.json", &v.text));
    assert_int_equal(json_parse(buf_slice(&v.text), &v.arena, &v.root, &fail), OK);
    *state = &v;
    return 0;
}

static int unload(void **state)
{
    struct vectors *v = *state;

    arena_fini(&v->arena);
    buf_fini(&v->text);
    return 0;
}

static struct slice get(const struct vectors *v, const char *name)
{
    struct slice text;

    assert_int_equal(json_get_text(v->root, name, &text), OK);
    return text;
}

static void get_seed(const struct vectors *v, struct ed25519_key *key)
{
    struct secret32 seed;

    assert_int_equal(json_get_hex(v->root, "receipt_seed", seed.bytes, 32), OK);
    ed25519_from_seed(key, &seed);
}

static void get_keyset(struct vectors *v, struct keyset *keyset)
{
    struct fail fail;

    assert_int_equal(keyset_read(get(v, "keyset"), &v->arena, keyset, &fail), OK);
}

static void test_aci_keyset_and_statement(void **state)
{
    struct vectors *v = *state;
    struct keyset keyset;
    struct digest want;
    struct buf out;
    uint8_t nonce[32], data[REPORT_DATA_LEN];

    get_keyset(v, &keyset);
    assert_int_equal(json_get_sha256(v->root, "keyset_digest", want.bytes), OK);
    assert_true(digest_eq(&keyset.digest, &want));
    assert_int_equal(json_get_hex(v->root, "nonce", nonce, 32), OK);
    buf_init(&out, STATEMENT_MAX);
    assert_int_equal(statement_put_aci(&out, &keyset.digest, nonce), OK);
    assert_true(slice_eq(buf_slice(&out), get(v, "statement")));
    buf_clear(&out);
    assert_int_equal(statement_put_aci(&out, &keyset.digest, NULL), OK);
    assert_true(slice_eq(buf_slice(&out), get(v, "statement_null")));
    buf_fini(&out);
    report_data_aci(&keyset.digest, nonce, data);
    assert_int_equal(json_get_hex(v->root, "report_data", want.bytes, 32), OK);
    assert_memory_equal(data, want.bytes, 32);
    report_data_aci(&keyset.digest, NULL, data);
    assert_int_equal(json_get_hex(v->root, "report_data_null", want.bytes, 32), OK);
    assert_memory_equal(data, want.bytes, 32);
    for (size_t i = 32; i < REPORT_DATA_LEN; i++)
        assert_int_equal(data[i], 0);
}

static void test_aci_session(void **state)
{
    struct vectors *v = *state;
    struct digest id, want;
    struct buf out;
    struct fail fail;

    buf_init(&out, 1 << 16);
    assert_int_equal(jcs_canonicalize(get(v, "session"), &out, &fail), OK);
    sha256(buf_slice(&out), &id);
    assert_int_equal(json_get_hex(v->root, "session_id", want.bytes, 32), OK);
    assert_true(digest_eq(&id, &want));
    buf_fini(&out);
}

static void test_aci_receipt(void **state)
{
    struct vectors *v = *state;
    struct keyset keyset;
    struct receipt r;
    struct digest want;
    struct ed25519_key key;
    struct ed25519_sig signature;
    struct fail fail;

    get_keyset(v, &keyset);
    assert_int_equal(receipt_read(get(v, "receipt"), &v->arena, &r, &fail), OK);
    assert_true(slice_eq(r.covered, get(v, "covered")));
    assert_int_equal(json_get_hex(v->root, "covered_sha256", want.bytes, 32), OK);
    assert_true(digest_eq(&r.digest, &want));
    assert_int_equal(receipt_verify(&r, &keyset, &fail), OK);
    get_seed(v, &key);
    ed25519_sign(&key, r.covered, &signature);
    assert_memory_equal(signature.bytes, r.signature, sizeof r.signature);

    assert_true(slice_eq_text(r.head.chat_id, "chatcmpl-123"));
    assert_true(slice_eq_text(r.head.model, "demo-model"));
    assert_int_equal(r.head.served_at, 1750000000);
    sha256(get(v, "request"), &want);
    assert_true(digest_eq(&r.received, &want));
    assert_true(r.has_forwarded && digest_eq(&r.forwarded, &want));
    sha256(get(v, "response"), &want);
    assert_true(digest_eq(&r.returned, &want));
    assert_false(r.has_model || r.has_gpu || r.has_stream || r.has_usage || r.has_zk);
}

/* ---- receipts of our own ---- */

static const struct receipt_head head = {
    .receipt_id = SLICE_INIT("rcpt-7"),
    .chat_id = SLICE_INIT("chatcmpl-\"7\""),
    .model = SLICE_INIT("caf\xc3\xa9"),
    .endpoint = SLICE_INIT("/v1/chat/completions"),
    .method = SLICE_INIT("POST"),
    .key_id = SLICE_INIT("receipt-1"),
    .served_at = 1795341600,
    .keyset = {{7}},
};

static const struct digest d1 = {{1}}, d2 = {{2}}, d3 = {{3}};

static void write_all_events(struct receipt_wr *w)
{
    const struct receipt_usage usage = {10, 4, 20, 3, (amount)1 << 70};
    struct receipt_chain chain = {0};

    receipt_chain_add(&chain, SLICE_LIT("data: a\n\n"));
    receipt_wr_init(w);
    receipt_wr_received(w, &d1);
    receipt_wr_forwarded(w, &d2);
    receipt_wr_model(w, &d1, &d2);
    receipt_wr_gpu(w, &d3, 8);
    receipt_wr_stream(w, &chain);
    receipt_wr_usage(w, &usage);
    receipt_wr_zk(w, &d2, &d1);
    receipt_wr_returned(w, &d3);
}

static void sign(const struct receipt_wr *w, const struct receipt_head *h, struct buf *out,
                 struct digest *digest)
{
    struct ed25519_key key;
    const struct secret32 seed = {{5}};

    ed25519_from_seed(&key, &seed);
    assert_int_equal(receipt_wr_sign(w, h, &key, out, digest), OK);
}

static void test_everything_comes_back(void **state)
{
    struct vectors *v = *state;
    struct receipt_chain chain = {0};
    struct ed25519_key key;
    const struct secret32 seed = {{5}};
    const struct json *parsed;
    struct receipt_wr w;
    struct receipt r;
    struct digest digest;
    struct buf out;
    struct fail fail;

    buf_init(&out, RECEIPT_MAX);
    write_all_events(&w);
    sign(&w, &head, &out, &digest);
    receipt_wr_fini(&w);

    assert_int_equal(json_parse(buf_slice(&out), &v->arena, &parsed, &fail), OK);
    assert_int_equal(jcs_check(parsed, &v->arena), OK);
    assert_int_equal(receipt_read(buf_slice(&out), &v->arena, &r, &fail), OK);
    assert_true(digest_eq(&r.digest, &digest));
    ed25519_from_seed(&key, &seed);
    assert_int_equal(receipt_verify_with(&r, &head.keyset, &key.public, &fail), OK);
    assert_int_equal(receipt_verify_with(&r, &d1, &key.public, &fail), ERR_MISMATCH);
    r.signature[3] ^= 1;
    assert_int_equal(receipt_verify_with(&r, &head.keyset, &key.public, &fail), ERR_SIGNATURE);

    assert_true(slice_eq(r.head.receipt_id, head.receipt_id));
    assert_true(slice_eq(r.head.chat_id, head.chat_id));
    assert_true(slice_eq(r.head.model, head.model));
    assert_true(slice_eq(r.head.endpoint, head.endpoint));
    assert_true(slice_eq(r.head.method, head.method));
    assert_true(slice_eq(r.head.key_id, head.key_id));
    assert_int_equal(r.head.served_at, head.served_at);
    assert_true(digest_eq(&r.received, &d1) && digest_eq(&r.forwarded, &d2) &&
                digest_eq(&r.returned, &d3));
    assert_true(r.has_model && digest_eq(&r.model, &d1) && digest_eq(&r.engine, &d2));
    assert_true(r.has_gpu && digest_eq(&r.gpu_evidence, &d3) && r.gpu_devices == 8);
    receipt_chain_add(&chain, SLICE_LIT("data: a\n\n"));
    assert_true(r.has_stream && r.stream.count == 1 && digest_eq(&r.stream.hash, &chain.hash));
    assert_true(r.has_usage && r.usage.prompt == 10 && r.usage.cached == 4 &&
                r.usage.completion == 20 && r.usage.reasoning == 3 &&
                r.usage.price == (amount)1 << 70);
    assert_true(r.has_zk && digest_eq(&r.zk_model, &d2) && digest_eq(&r.zk_input, &d1));
    buf_fini(&out);
}

/* The bytes of docs/spec/receipt.md, "example". */
static void test_the_least_receipt(void **state)
{
    struct vectors *v = *state;
    struct receipt_head h = head;
    struct receipt_wr w;
    struct receipt r;
    struct buf out;
    struct fail fail;

    buf_init(&out, RECEIPT_MAX);
    h.chat_id = h.model = (struct slice){NULL, 0};
    receipt_wr_init(&w);
    receipt_wr_received(&w, &d1);
    receipt_wr_returned(&w, &d3);
    sign(&w, &h, &out, NULL);
    receipt_wr_fini(&w);
    assert_int_equal(receipt_read(buf_slice(&out), &v->arena, &r, &fail), OK);
    assert_int_equal(r.head.chat_id.len + r.head.model.len, 0);
    assert_false(r.has_forwarded);
    assert_true(slice_eq_text(
        r.covered, "{\"api_version\":\"aci/1\",\"chat_id\":null,\"endpoint\":\"/v1/chat/"
                   "completions\",\"event_log\":["
                   "{\"body_hash\":\"sha256:"
                   "0100000000000000000000000000000000000000000000000000000000000000\","
                   "\"type\":\"request.received\"},"
                   "{\"body_hash\":\"sha256:"
                   "0300000000000000000000000000000000000000000000000000000000000000\","
                   "\"type\":\"response.returned\"}],\"key_id\":\"receipt-1\",\"method\":\"POST\","
                   "\"model\":null,"
                   "\"receipt_id\":\"rcpt-7\",\"served_at\":1795341600,\"workload_keyset_digest\":"
                   "\"sha256:0700000000000000000000000000000000000000000000000000000000000000\"}"));
    buf_fini(&out);
}

static const char valid[] =
    "{\"api_version\":\"aci/1\",\"chat_id\":null,\"endpoint\":\"/v1/x\",\"event_log\":["
    "{\"body_hash\":\"sha256:0100000000000000000000000000000000000000000000000000000000000000\","
    "\"type\":"
    "\"request.received\"},{\"x\":1,\"type\":\"unknown\"},{\"type\":\"unknown\"},"
    "{\"body_hash\":\"sha256:0300000000000000000000000000000000000000000000000000000000000000\","
    "\"type\":"
    "\"response.returned\"}],\"key_id\":\"k\",\"method\":\"POST\",\"model\":\"m\",\"receipt_id\":"
    "\"r\","
    "\"served_at\":1,\"signature\":\""
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000"
    "000000000000000000000000\",\"workload_keyset_digest\":"
    "\"sha256:0700000000000000000000000000000000000000000000000000000000000000\"}";

/* Read `valid` with the first `from` replaced by `to`. */
static cocoon_err read_changed(struct vectors *v, const char *from, const char *to)
{
    struct receipt r;
    struct buf text;
    struct fail fail = {0};
    struct slice copy;
    size_t at;
    cocoon_err err;

    buf_init(&text, RECEIPT_MAX);
    assert_true(slice_find_slice(slice_text(valid), slice_text(from), &at));
    buf_put(&text, slice_make(valid, at));
    buf_put_text(&text, to);
    buf_put_text(&text, valid + at + strlen(from));
    assert_int_equal(arena_copy(&v->arena, buf_slice(&text), &copy), OK);
    buf_fini(&text);
    err = receipt_read(copy, &v->arena, &r, &fail);
    assert_int_equal(fail.code, err);
    return err;
}

static const struct {
    const char *name, *from, *to;
    cocoon_err err;
} changes[] = {
    {"nothing", "", "", OK},
    {"space is free", "{\"api", " { \"api", OK},
    {"further members are covered", "\"chat_id\"", "\"more\":[1],\"chat_id\"", OK},
    {"version", "aci/1", "aci/2", ERR_VERSION},
    {"no version", "api_version", "api-version", ERR_MISSING},
    {"version no text", "\"aci/1\"", "1", ERR_TYPE},
    {"no chat id", "chat_id", "chat-id", ERR_MISSING},
    {"empty chat id", "\"chat_id\":null", "\"chat_id\":\"\"", ERR_LIMIT},
    {"model no text", "\"model\":\"m\"", "\"model\":3", ERR_TYPE},
    {"no method", "method", "Method", ERR_MISSING},
    {"null endpoint", "\"/v1/x\"", "null", ERR_TYPE},
    {"no key id", "key_id", "keyid", ERR_MISSING},
    {"empty receipt id", "\"receipt_id\":\"r\"", "\"receipt_id\":\"\"", ERR_LIMIT},
    {"served_at text", "\"served_at\":1", "\"served_at\":\"1\"", ERR_TYPE},
    {"served_at fraction", "\"served_at\":1", "\"served_at\":1.0", ERR_RANGE},
    {"short signature", "signature\":\"00", "signature\":\"", ERR_MALFORMED},
    {"signature in upper case", "signature\":\"00", "signature\":\"AA", ERR_MALFORMED},
    {"keyset without prefix", "workload_keyset_digest\":\"sha256:", "workload_keyset_digest\":\"",
     ERR_MALFORMED},
    {"no events", "event_log", "events", ERR_MISSING},
    {"events no list", "\"event_log\":[", "\"event_log\":1,\"x\":[", ERR_TYPE},
    {"another first event", "[{\"body_hash\"", "[{\"type\":\"x\"},{\"body_hash\"", ERR_MALFORMED},
    {"event without type", "{\"x\":1,\"type\":\"unknown\"}", "{\"x\":1}", ERR_MISSING},
    {"event no object", "{\"x\":1,\"type\":\"unknown\"}", "1", ERR_TYPE},
    {"received twice", "{\"type\":\"unknown\"}",
     "{\"body_hash\":\"sha256:0100000000000000000000000000000000000000000000000000000000000000\","
     "\"type\":"
     "\"request.received\"}",
     ERR_DUPLICATE},
    {"nothing returned", "response.returned", "response.lost", ERR_MISSING},
    {"bad body hash", "sha256:03", "sha256:3", ERR_MALFORMED},
    {"bad usage", "{\"type\":\"unknown\"}", "{\"type\":\"usage.metered\",\"prompt_tokens\":1}",
     ERR_MISSING},
    {"usage with a fraction", "{\"type\":\"unknown\"}",
     "{\"type\":\"usage.metered\",\"prompt_tokens\":1.5}", ERR_RANGE},
    {"price as number", "{\"type\":\"unknown\"}",
     "{\"type\":\"usage.metered\",\"prompt_tokens\":1,\"cached_tokens\":0,\"completion_tokens\":1,"
     "\"reasoning_tokens\":0,\"price\":0}",
     ERR_TYPE},
    {"price with leading zero", "{\"type\":\"unknown\"}",
     "{\"type\":\"usage.metered\",\"prompt_tokens\":1,\"cached_tokens\":0,\"completion_tokens\":1,"
     "\"reasoning_tokens\":0,\"price\":\"00\"}",
     ERR_MALFORMED},
    {"bad model", "{\"type\":\"unknown\"}", "{\"type\":\"model.loaded\"}", ERR_MISSING},
    {"bad gpu", "{\"type\":\"unknown\"}", "{\"type\":\"gpu.attested\",\"devices\":1}", ERR_MISSING},
    {"bad stream", "{\"type\":\"unknown\"}", "{\"type\":\"stream.chunks\",\"count\":1}",
     ERR_MISSING},
    {"bad commitment", "{\"type\":\"unknown\"}", "{\"type\":\"zk.commitment\"}", ERR_MISSING},
    {"integer that JCS would change", "\"x\":1", "\"x\":9007199254740993", ERR_RANGE},
    {"not JSON", "{\"api", "[\"api", ERR_MALFORMED},
    {"a member twice", "\"chat_id\":null", "\"chat_id\":null,\"chat_id\":null", ERR_DUPLICATE},
};

static void test_rules(void **state)
{
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        cocoon_err err = read_changed(*state, changes[i].from, changes[i].to);

        if (err != changes[i].err)
            fail_msg("%s: %s", changes[i].name, cocoon_err_name(err));
    }
}

/* A receipt that was changed anywhere does not verify. */
static void check_changed(struct slice text, void *arg)
{
    struct arena arena;
    struct receipt r;
    struct fail fail;

    arena_init(&arena, ARENA_MAX);
    if (receipt_read(text, &arena, &r, &fail) == OK)
        assert_int_not_equal(receipt_verify_with(&r, &head.keyset, arg, &fail), OK);
    arena_fini(&arena);
}

static void test_no_change_survives(void **state)
{
    struct ed25519_key key;
    const struct secret32 seed = {{5}};
    struct receipt_wr w;
    struct buf out;

    (void)state;
    buf_init(&out, RECEIPT_MAX);
    receipt_wr_init(&w);
    receipt_wr_received(&w, &d1);
    receipt_wr_returned(&w, &d3);
    sign(&w, &head, &out, NULL);
    receipt_wr_fini(&w);
    ed25519_from_seed(&key, &seed);
    test_each_prefix(buf_slice(&out), check_changed, &key.public);
    test_each_bit_flip(buf_slice(&out), check_changed, &key.public);
    buf_fini(&out);
}

static void test_keys(void **state)
{
    struct vectors *v = *state;
    struct keyset keyset;
    struct receipt r;
    struct fail fail;

    get_keyset(v, &keyset);
    assert_int_equal(receipt_read(get(v, "receipt"), &v->arena, &r, &fail), OK);
    r.head.key_id = SLICE_LIT("e2ee-1"); /* a key of another role */
    assert_int_equal(receipt_verify(&r, &keyset, &fail), ERR_ABSENT);
    r.head.key_id = SLICE_LIT("receipt-1");
    keyset.receipt.keys[0].algo = SLICE_LIT("ed448");
    assert_int_equal(receipt_verify(&r, &keyset, &fail), ERR_ABSENT);
    get_keyset(v, &keyset);
    keyset.digest.bytes[0] ^= 1;
    assert_int_equal(receipt_verify(&r, &keyset, &fail), ERR_MISMATCH);
}

static void test_exchange(void **state)
{
    struct receipt r = {.head = head, .received = d1, .returned = d3};
    struct receipt_exchange x = {0}, y;
    struct receipt_chain chain = {0};
    struct fail fail;

    (void)state;
    assert_int_equal(receipt_matches(&r, &x, &fail), OK);
    x = (struct receipt_exchange){head.receipt_id, head.method, head.endpoint, &d1, &d3, NULL};
    assert_int_equal(receipt_matches(&r, &x, &fail), OK);
    y = x;
    y.receipt_id = SLICE_LIT("rcpt-8");
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
    y = x;
    y.method = SLICE_LIT("GET");
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
    y = x;
    y.endpoint = SLICE_LIT("/v1/completions");
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
    y = x;
    y.request = &d2;
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
    y = x;
    y.response = &d2;
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
    y = x;
    y.stream = &chain;
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
    r.has_stream = true;
    assert_int_equal(receipt_matches(&r, &y, &fail), OK);
    r.stream.count = 1;
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
    r.stream.count = 0;
    r.stream.hash = d1;
    assert_int_equal(receipt_matches(&r, &y, &fail), ERR_MISMATCH);
}

static void test_limits(void **state)
{
    static char text[RECEIPT_TEXT_MAX + 1];
    const struct secret32 seed = {{5}};
    struct receipt_head h = head;
    struct ed25519_key key;
    struct receipt_wr w;
    struct buf out;

    (void)state;
    memset(text, 'm', sizeof text);
    ed25519_from_seed(&key, &seed);
    buf_init(&out, RECEIPT_MAX);
    receipt_wr_init(&w);
    receipt_wr_received(&w, &d1);
    h.model = slice_make(text, RECEIPT_TEXT_MAX);
    assert_int_equal(receipt_wr_sign(&w, &h, &key, &out, NULL), OK);
    h.model = slice_make(text, RECEIPT_TEXT_MAX + 1);
    assert_int_equal(receipt_wr_sign(&w, &h, &key, &out, NULL), ERR_LIMIT);
    h.model = SLICE_LIT("\xff");
    assert_int_equal(receipt_wr_sign(&w, &h, &key, &out, NULL), ERR_ENCODING);
    for (int i = 0; i < RECEIPT_EVENTS_MAX; i++)
        receipt_wr_forwarded(&w, &d1);
    assert_int_equal(receipt_wr_sign(&w, &head, &key, &out, NULL), ERR_LIMIT);
    receipt_wr_fini(&w);
    buf_fini(&out);
}

/* Spelled out, so that another implementation can be held against it. */
static void test_chain_and_context(void **state)
{
    struct receipt_chain chain = {0};
    struct receipt r = {.head = head, .received = d1, .returned = d3};
    struct digest context, want;
    struct buf bytes;

    (void)state;
    receipt_chain_add(&chain, SLICE_LIT("data: a\n\n"));
    receipt_chain_add(&chain, SLICE_LIT("data: [DONE]\n\n"));
    assert_int_equal(chain.count, 2);
    test_assert_hex(digest_slice(&chain.hash),
                    "30a7b1cdbae86cf7d344034408ea750331f1dcbc77c0ced069411c7199af5efd");

    buf_init(&bytes, 1024);
    buf_put_text(&bytes, "rcpt-7");
    buf_put(&bytes, digest_slice(&d1));
    buf_put(&bytes, digest_slice(&d3));
    buf_put(&bytes, digest_slice(&head.keyset));
    buf_put(&bytes, digest_slice(&d2));
    sha256(buf_slice(&bytes), &want);
    receipt_zk_context(&r, &d2, &context);
    assert_true(digest_eq(&context, &want));
    buf_fini(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aci_keyset_and_statement),
        cmocka_unit_test(test_aci_session),
        cmocka_unit_test(test_aci_receipt),
        cmocka_unit_test(test_everything_comes_back),
        cmocka_unit_test(test_the_least_receipt),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_no_change_survives),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_chain_and_context),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
