/*
 * The log is a JSON array of {imr: 0..3, event_type, digest: hex, event, event_payload: hex,
 * version?: 1 | 2}.
 *
 *   1  replayed, the digests come to all four RTMRs of the quote, whose own checks are dcap.c's
 *   2  an event of dstack's own type (0x08000001) has the digest of its content: version 1
 *      SHA-384(type u32 little-endian ":" event ":" payload), version 2 SHA-384 of the JCS text of
 *      {name, payload (hex), type}. Such events stand in RTMR 3 only, and RTMR 3 holds no others
 *   3  the app-compose file, if given, has the SHA-256 that compose-hash says
 *
 * Replay and content are checked on the same list, in one pass. Identity comes from events before
 * "system-ready": what the application extends later cannot add to it. Of several with one name the
 * first counts, and a second one before system-ready is an error.
 *
 * Source: dstack, cc-eventlog and its attestation guide.
 */
#include "attest/dstack.h"

#include "attest/dcap.h"
#include "attest/eventlog.h"
#include "base/hex.h"
#include "base/mem.h"
#include "codec/json_wr.h"

#define DSTACK_EVENT_TYPE 0x08000001U

enum { RTMRS = 4, RUNTIME_RTMR = 3, SHA384_SIZE = 48, PREIMAGE_MAX = 256 * 1024 };

static const struct rule rule_log = {"dstack.log", "the event log is well formed",
                                     "dstack cc-eventlog"};
static const struct rule rule_quote = {"dstack.quote", "a TD's quote is there",
                                       "dstack attestation"};
static const struct rule rule_rtmr = {"dstack.rtmr", "the log comes to the quote's four RTMRs",
                                      "dstack attestation"};
static const struct rule rule_content = {
    "dstack.events", "every run-time event has the digest of its content", "dstack cc-eventlog"};
static const struct rule rule_once = {"dstack.identity", "identity events stand once",
                                      "dstack attestation"};
static const struct rule rule_compose = {
    "dstack.compose", "the app-compose file is the one started", "dstack attestation"};

/* Events that say who was started, and the claims they become. */
static const struct {
    const char *event, *claim;
} identity[] = {
    {"compose-hash", "compose_hash"}, {"app-id", "app_id"},
    {"instance-id", "instance_id"},   {"os-image-hash", "os_image_hash"},
    {"key-provider", "key_provider"},
};

enum { IDENTITIES = sizeof identity / sizeof identity[0] };

struct dstack_event {
    uint64_t imr, type, version;
    uint8_t digest[SHA384_SIZE];
    struct slice name, payload;
};

/* One verification under way. */
struct dstack {
    struct appraisal *a;
    struct mr_bank bank;
    struct claim *runtime_events, *bad_digests;
    size_t index, bad;
    bool ready, twice;
    bool has_identity[IDENTITIES];
    struct slice identity[IDENTITIES];
};

static cocoon_err read_event(struct dstack *d, const struct json *json, struct dstack_event *out)
{
    struct slice hex;
    uint8_t *payload;
    cocoon_err err;

    *out = (struct dstack_event){.version = 1};
    if ((err = json_get_u64(json, "imr", &out->imr)) != OK ||
        (err = json_get_u64(json, "event_type", &out->type)) != OK ||
        (err = json_get_hex(json, "digest", out->digest, SHA384_SIZE)) != OK ||
        (err = json_get_text(json, "event", &out->name)) != OK ||
        (err = json_get_text(json, "event_payload", &hex)) != OK)
        return err;
    if (json_find(json, "version") != NULL &&
        (err = json_get_u64(json, "version", &out->version)) != OK)
        return err;
    if (out->imr >= RTMRS || out->type > UINT32_MAX || out->version < 1 || out->version > 2)
        return ERR_RANGE;
    if ((payload = arena_new(d->a->arena, hex.len / 2 + 1)) == NULL)
        return ERR_NOMEM;
    out->payload = slice_make(payload, hex.len / 2);
    return hex_read(hex, payload, hex.len / 2);
}

/* Hash what a run-time event's digest is over. */
static cocoon_err content_digest(const struct dstack_event *e, uint8_t out[SHA384_SIZE])
{
    struct json_wr w;
    struct buf text;
    cocoon_err err = OK;

    buf_init(&text, PREIMAGE_MAX);
    if (e->version == 1) {
        static const uint8_t type_le[] = {0x01, 0x00, 0x00, 0x08};

        buf_put(&text, SLICE_OF(type_le));
        buf_put_u8(&text, ':');
        buf_put(&text, e->name);
        buf_put_u8(&text, ':');
        buf_put(&text, e->payload);
        err = buf_ok(&text);
    } else {
        json_wr_init(&w, &text);
        json_wr_object(&w, NULL);
        json_wr_text(&w, "name", e->name);
        json_wr_hex(&w, "payload", e->payload);
        json_wr_u64(&w, "type", DSTACK_EVENT_TYPE);
        json_wr_close(&w);
        err = json_wr_end(&w);
    }
    hash_once(HASH_SHA384, buf_slice(&text), out);
    buf_fini(&text);
    return err;
}

static bool content_ok(const struct dstack_event *e)
{
    uint8_t digest[SHA384_SIZE];

    return e->imr == RUNTIME_RTMR && content_digest(e, digest) == OK &&
           slice_eq(SLICE_OF(digest), SLICE_OF(e->digest));
}

static void note_identity(struct dstack *d, const struct dstack_event *e)
{
    for (size_t i = 0; i < IDENTITIES; i++) {
        if (!slice_eq_text(e->name, identity[i].event))
            continue;
        if (d->has_identity[i])
            d->twice = true;
        else
            d->identity[i] = e->payload;
        d->has_identity[i] = true;
    }
}

static void take_event(struct dstack *d, const struct dstack_event *e)
{
    struct claims *c = &d->a->result.claims;
    bool runtime = e->type == DSTACK_EVENT_TYPE;

    mr_bank_extend(&d->bank, (uint32_t)e->imr, SLICE_OF(e->digest));
    if ((runtime && !content_ok(e)) || (!runtime && e->imr == RUNTIME_RTMR)) {
        claim_int(c, d->bad_digests, NULL, (int64_t)d->index);
        d->bad++;
        return;
    }
    if (!runtime)
        return;
    claim_text(c, d->runtime_events, NULL, e->name);
    if (!d->ready)
        note_identity(d, e);
    d->ready |= slice_eq_text(e->name, "system-ready");
}

static bool replay(struct dstack *d, struct slice bytes)
{
    const struct json *root;
    struct dstack_event e;
    struct fail fail;
    cocoon_err err = json_parse(bytes, d->a->arena, &root, &fail);

    if (err == OK && root->kind != JSON_ARRAY)
        err = fail_set(&fail, ERR_TYPE, 0, "event log is not an array");
    if (err == OK && root->count > DSTACK_EVENTS_MAX)
        err = fail_set(&fail, ERR_LIMIT, 0, "event log: too many events");
    if (err != OK) {
        (void)result_fail(&d->a->result, &rule_log, &fail);
        return false;
    }
    for (const struct json *json = root->first; json != NULL; json = json->next, d->index++) {
        if ((err = read_event(d, json, &e)) != OK) {
            fail_set(&fail, err, (size_t)(json->source.ptr - bytes.ptr), "an event of the log");
            (void)result_fail(&d->a->result, &rule_log, &fail);
            return false;
        }
        take_event(d, &e);
    }
    return result_check(&d->a->result, &rule_log, true, OK);
}

static void claim_identity(struct dstack *d)
{
    struct claims *c = &d->a->result.claims;

    for (size_t i = 0; i < IDENTITIES; i++)
        if (d->has_identity[i])
            claim_hex(c, claims_root(c), identity[i].claim, d->identity[i]);
        else
            claim_null(c, claims_root(c), identity[i].claim);
}

static void compare_rtmrs(struct dstack *d, const struct td_report *td)
{
    struct claims *c = &d->a->result.claims;
    struct claim *match = claim_map(c, claims_root(c), "rtmr_match");
    bool all = true;

    for (unsigned i = 0; i < RTMRS; i++) {
        bool same = slice_eq(mr_bank_value(&d->bank, i), td->rtmr[i]);

        claim_bool_indexed(c, match, i, same);
        all &= same;
    }
    (void)result_check(&d->a->result, &rule_rtmr, all, ERR_MISMATCH);
    claim_hex(c, claims_root(c), "mrtd", td->mr_td);
    claim_hex(c, claims_root(c), "report_data", td->report_data);
}

static void check_compose(struct dstack *d)
{
    struct claims *c = &d->a->result.claims;
    struct digest digest;
    struct slice bytes, kept;
    bool same;

    if (!evidence_find(d->a->evidence, "app_compose", &bytes))
        return;
    sha256(bytes, &digest);
    if (arena_copy(d->a->arena, digest_slice(&digest), &kept) != OK) {
        c->bad = true;
        return;
    }
    same = d->has_identity[0] && slice_eq(kept, d->identity[0]);
    claim_hex(c, claims_root(c), "app_compose_sha256", kept);
    claim_bool(c, claims_root(c), "compose_match", same);
    (void)result_check(&d->a->result, &rule_compose, same, ERR_MISMATCH);
}

static void check_quote(struct dstack *d)
{
    struct claims *c = &d->a->result.claims;
    struct quote quote;
    struct slice bytes;

    if (!evidence_find(d->a->evidence, "quote", &bytes)) {
        (void)result_check(&d->a->result, &rule_quote, false, ERR_MISSING);
        return;
    }
    if (dcap_run(d->a, bytes, claim_map(c, claims_root(c), "tdx"), &quote) != OK ||
        !result_check(&d->a->result, &rule_quote, quote.tee == QUOTE_TDX, ERR_TYPE))
        return;
    d->a->result.report_data = quote.td.report_data;
    compare_rtmrs(d, &quote.td);
}

static cocoon_err run(struct appraisal *a)
{
    struct dstack *d = ARENA_NEW(a->arena, struct dstack);
    struct claims *c = &a->result.claims;
    struct fail fail = {ERR_MISSING, 0, "evidence has no part \"event_log\""};
    struct slice bytes;

    if (d == NULL)
        fail = (struct fail){ERR_NOMEM, 0, "out of memory"};
    if (d == NULL || !evidence_find(a->evidence, "event_log", &bytes))
        return result_fail(&a->result, &rule_log, &fail);
    d->a = a;
    mr_bank_init(&d->bank, HASH_SHA384);
    d->runtime_events = claim_list(c, claims_root(c), "rtmr3_events");
    d->bad_digests = claim_list(c, claims_root(c), "bad_digests");
    if (!replay(d, bytes))
        return OK;
    (void)result_check(&a->result, &rule_content, d->bad == 0, ERR_MISMATCH);
    (void)result_check(&a->result, &rule_once, !d->twice, ERR_DUPLICATE);
    claim_identity(d);
    check_quote(d);
    check_compose(d);
    return OK;
}

static const char *const kinds[] = {"dstack", NULL};
const struct verifier verifier_dstack = {.kinds = kinds, .run = run};
