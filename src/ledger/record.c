#include "ledger/record.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum { VERSION = 1 };

static const struct {
    enum record_type type;
    const char *name;
} names[] = {
    {RECORD_NETWORK, "network"},   {RECORD_OWNERS, "owners"},
    {RECORD_PARAMS, "parameters"}, {RECORD_ACCOUNT, "account"},
    {RECORD_BLOB, "blob"},         {RECORD_RECENT, "recent"},
    {RECORD_PROPOSAL, "proposal"}, {RECORD_RELEASE, "release"},
    {RECORD_MODEL, "model"},       {RECORD_ENGINE, "engine"},
    {RECORD_WITNESS, "witness"},   {RECORD_WORKER, "worker"},
    {RECORD_RECEIPTS, "receipts"}, {RECORD_EVALUATION, "evaluation"},
};

void record_key(enum record_type type, struct slice id, struct digest *key)
{
    uint8_t first = (uint8_t)type;
    struct slice parts[] = {{&first, 1}, id};

    assert(id.len <= RECORD_ID_MAX);
    sha256_parts(parts, COUNT_OF(parts), key);
}

const char *record_type_name(enum record_type type)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].type == type)
            return names[i].name;
    return NULL;
}

cocoon_err record_type_read(struct slice name, enum record_type *out)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_eq_text(name, names[i].name)) {
            *out = names[i].type;
            return OK;
        }
    return ERR_UNKNOWN_NAME;
}

cocoon_err record_type_of(struct slice value, enum record_type *type)
{
    if (value.len < 2)
        return ERR_TRUNCATED;
    if (record_type_name((enum record_type)value.ptr[0]) == NULL)
        return ERR_UNKNOWN_NAME;
    *type = (enum record_type)value.ptr[0];
    return OK;
}

/* Start a value. */
static void put_head(struct wr *w, enum record_type type)
{
    wr_u8(w, (uint8_t)type);
    wr_u8(w, VERSION);
}

static cocoon_err get_head(struct slice value, enum record_type type, struct rd *r)
{
    *r = rd_init(value);
    if (value.len < 2)
        return ERR_TRUNCATED;
    if (rd_u8(r) != type)
        return ERR_TYPE;
    return rd_u8(r) == VERSION ? OK : ERR_VERSION;
}

static void put_text(struct wr *w, struct slice text)
{
    struct wr_block block = wr_open(w, 1);

    wr_slice(w, text);
    wr_close(w, block);
}

static struct slice get_text(struct rd *r)
{
    return rd_slice(r, rd_u8(r));
}

static void put_digest(struct wr *w, const struct digest *d)
{
    wr_slice(w, digest_slice(d));
}

static void get_digest(struct rd *r, struct digest *d)
{
    rd_copy(r, d->bytes, sizeof d->bytes);
}

/* Read a byte that must lie in [1, last]: an enumerator. */
static uint8_t get_enum(struct rd *r, uint8_t last)
{
    uint8_t value = rd_u8(r);

    if (value < 1 || value > last)
        rd_fail(r);
    return value;
}

/* Read a byte that must be 0 or 1. */
static bool get_bool(struct rd *r)
{
    uint8_t value = rd_u8(r);

    if (value > 1)
        rd_fail(r);
    return value == 1;
}

/* Keys stand in strictly rising order, so that one set has one spelling. */
static void put_keys(struct wr *w, const uint8_t keys[][32], uint8_t count)
{
    assert(count <= OWNERS_MAX);
    wr_u8(w, count);
    for (uint8_t i = 0; i < count; i++)
        wr_slice(w, slice_make(keys[i], 32));
}

static uint8_t get_keys(struct rd *r, uint8_t keys[][32])
{
    uint8_t count = rd_u8(r);

    if (count > OWNERS_MAX) {
        rd_fail(r);
        return 0;
    }
    for (uint8_t i = 0; i < count; i++) {
        rd_copy(r, keys[i], 32);
        if (i > 0 && memcmp(keys[i - 1], keys[i], 32) >= 0)
            rd_fail(r);
    }
    return count;
}

void record_put_network(struct wr *w, const struct record_network *v)
{
    put_head(w, RECORD_NETWORK);
    put_digest(w, &v->network_id);
    wr_u32be(w, v->rules);
    wr_u32be(w, v->next_rules);
    wr_u64be(w, v->next_height);
    wr_u8(w, v->has_sim_root);
    wr_slice(w, SLICE_OF(v->sim_root));
    put_text(w, v->log_vkey);
}

cocoon_err record_get_network(struct slice value, struct record_network *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_NETWORK, &r);

    if (err != OK)
        return err;
    get_digest(&r, &out->network_id);
    out->rules = rd_u32be(&r);
    out->next_rules = rd_u32be(&r);
    out->next_height = rd_u64be(&r);
    out->has_sim_root = get_bool(&r);
    rd_copy(&r, out->sim_root, sizeof out->sim_root);
    out->log_vkey = get_text(&r);
    return rd_end(&r);
}

void record_put_owners(struct wr *w, const struct record_owners *v)
{
    put_head(w, RECORD_OWNERS);
    wr_u8(w, v->threshold);
    wr_u32be(w, v->delay);
    put_keys(w, v->keys, v->count);
}

cocoon_err record_get_owners(struct slice value, struct record_owners *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_OWNERS, &r);

    if (err != OK)
        return err;
    out->threshold = rd_u8(&r);
    out->delay = rd_u32be(&r);
    out->count = get_keys(&r, out->keys);
    if (out->threshold < 1 || out->threshold > out->count)
        rd_fail(&r);
    return rd_end(&r);
}

void record_put_params(struct wr *w, const struct record_params *v)
{
    put_head(w, RECORD_PARAMS);
    wr_u64be(w, v->fee_tx);
    wr_u64be(w, v->fee_kib);
    wr_u64be(w, v->fee_appraisal);
    wr_u64be(w, v->worker_bond);
    wr_u32be(w, v->evidence_age);
    wr_u32be(w, v->nonce_age);
    wr_u32be(w, v->heartbeat_gap);
    wr_u32be(w, v->appraisals);
    wr_u32be(w, v->unbond_delay);
}

cocoon_err record_get_params(struct slice value, struct record_params *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_PARAMS, &r);

    if (err != OK)
        return err;
    out->fee_tx = rd_u64be(&r);
    out->fee_kib = rd_u64be(&r);
    out->fee_appraisal = rd_u64be(&r);
    out->worker_bond = rd_u64be(&r);
    out->evidence_age = rd_u32be(&r);
    out->nonce_age = rd_u32be(&r);
    out->heartbeat_gap = rd_u32be(&r);
    out->appraisals = rd_u32be(&r);
    out->unbond_delay = rd_u32be(&r);
    return rd_end(&r);
}

void record_put_account(struct wr *w, const struct record_account *v)
{
    put_head(w, RECORD_ACCOUNT);
    wr_u64be(w, v->nonce);
    wr_amount(w, v->balance);
    wr_amount(w, v->bonded);
}

cocoon_err record_get_account(struct slice value, struct record_account *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_ACCOUNT, &r);

    if (err != OK)
        return err;
    out->nonce = rd_u64be(&r);
    out->balance = rd_amount(&r);
    out->bonded = rd_amount(&r);
    return rd_end(&r);
}

void record_put_blob(struct wr *w, const struct record_blob *v)
{
    put_head(w, RECORD_BLOB);
    wr_u64be(w, v->index);
    wr_u32be(w, v->length);
}

cocoon_err record_get_blob(struct slice value, struct record_blob *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_BLOB, &r);

    if (err != OK)
        return err;
    out->index = rd_u64be(&r);
    out->length = rd_u32be(&r);
    return rd_end(&r);
}

void record_put_recent(struct wr *w, const struct record_recent *v)
{
    put_head(w, RECORD_RECENT);
    wr_u64be(w, v->height);
    wr_u64be(w, v->size);
    wr_u64be(w, v->time_ms);
    put_digest(w, &v->checkpoint);
}

cocoon_err record_get_recent(struct slice value, struct record_recent *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_RECENT, &r);

    if (err != OK)
        return err;
    out->height = rd_u64be(&r);
    out->size = rd_u64be(&r);
    out->time_ms = rd_u64be(&r);
    get_digest(&r, &out->checkpoint);
    return rd_end(&r);
}

void record_put_proposal(struct wr *w, const struct record_proposal *v)
{
    put_head(w, RECORD_PROPOSAL);
    wr_u8(w, v->status);
    wr_u64be(w, v->made_at);
    wr_u64be(w, v->ready_at);
    put_keys(w, v->approvals, v->count);
    wr_slice(w, v->action);
}

cocoon_err record_get_proposal(struct slice value, struct record_proposal *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_PROPOSAL, &r);

    if (err != OK)
        return err;
    out->status = get_enum(&r, PROPOSAL_CANCELED);
    out->made_at = rd_u64be(&r);
    out->ready_at = rd_u64be(&r);
    out->count = get_keys(&r, out->approvals);
    out->action = rd_rest(&r);
    return rd_end(&r);
}

void record_put_measure(struct wr *w, const struct record_measure *m)
{
    assert(m->count <= FIELDS_MAX);
    put_text(w, m->tee);
    wr_u8(w, m->count);
    for (uint8_t i = 0; i < m->count; i++) {
        put_text(w, m->fields[i].path);
        put_text(w, m->fields[i].value);
    }
}

void record_get_measure(struct rd *r, struct record_measure *m)
{
    m->tee = get_text(r);
    m->count = rd_u8(r);
    if (m->tee.len == 0 || m->count < 1 || m->count > FIELDS_MAX) {
        rd_fail(r);
        m->count = 0;
    }
    for (uint8_t i = 0; i < m->count; i++) {
        m->fields[i].path = get_text(r);
        m->fields[i].value = get_text(r);
        if (m->fields[i].path.len == 0)
            rd_fail(r);
    }
}

void record_put_release(struct wr *w, const struct record_release *v)
{
    assert(v->count <= MEASURES_MAX);
    put_head(w, RECORD_RELEASE);
    wr_u64be(w, v->valid_from);
    wr_u64be(w, v->valid_until);
    wr_u64be(w, v->revoked_at);
    put_text(w, v->name);
    wr_u8(w, v->count);
    for (uint8_t i = 0; i < v->count; i++)
        record_put_measure(w, &v->measures[i]);
}

cocoon_err record_get_release(struct slice value, struct record_release *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_RELEASE, &r);

    if (err != OK)
        return err;
    out->valid_from = rd_u64be(&r);
    out->valid_until = rd_u64be(&r);
    out->revoked_at = rd_u64be(&r);
    out->name = get_text(&r);
    out->count = rd_u8(&r);
    if (out->count > MEASURES_MAX) {
        rd_fail(&r);
        out->count = 0;
    }
    for (uint8_t i = 0; i < out->count; i++)
        record_get_measure(&r, &out->measures[i]);
    return rd_end(&r);
}

void record_put_model(struct wr *w, const struct record_model *v)
{
    put_head(w, RECORD_MODEL);
    wr_u64be(w, v->valid_from);
    wr_u64be(w, v->revoked_at);
    wr_u8(w, v->kind);
    put_digest(w, &v->zk_commitment);
    put_text(w, v->name);
}

cocoon_err record_get_model(struct slice value, struct record_model *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_MODEL, &r);

    if (err != OK)
        return err;
    out->valid_from = rd_u64be(&r);
    out->revoked_at = rd_u64be(&r);
    out->kind = get_enum(&r, MODEL_SEALED);
    get_digest(&r, &out->zk_commitment);
    out->name = get_text(&r);
    return rd_end(&r);
}

void record_put_engine(struct wr *w, const struct record_engine *v)
{
    put_head(w, RECORD_ENGINE);
    wr_u64be(w, v->valid_from);
    wr_u64be(w, v->revoked_at);
    put_text(w, v->name);
}

cocoon_err record_get_engine(struct slice value, struct record_engine *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_ENGINE, &r);

    if (err != OK)
        return err;
    out->valid_from = rd_u64be(&r);
    out->revoked_at = rd_u64be(&r);
    out->name = get_text(&r);
    return rd_end(&r);
}

void record_put_witness(struct wr *w, const struct record_witness *v)
{
    put_head(w, RECORD_WITNESS);
    wr_u64be(w, v->valid_from);
    wr_u64be(w, v->revoked_at);
    wr_u8(w, v->group);
    put_text(w, v->name);
}

cocoon_err record_get_witness(struct slice value, struct record_witness *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_WITNESS, &r);

    if (err != OK)
        return err;
    out->valid_from = rd_u64be(&r);
    out->revoked_at = rd_u64be(&r);
    out->group = get_enum(&r, WITNESS_PLAIN);
    out->name = get_text(&r);
    return rd_end(&r);
}

void record_put_worker(struct wr *w, const struct record_worker *v)
{
    put_head(w, RECORD_WORKER);
    wr_slice(w, SLICE_OF(v->account));
    wr_u32be(w, v->index);
    wr_u8(w, v->status);
    wr_u32be(w, v->epoch);
    wr_u64be(w, v->registered_at);
    wr_u64be(w, v->renewed_at);
    wr_u64be(w, v->expires_at);
    put_digest(w, &v->release);
    put_digest(w, &v->model);
    put_digest(w, &v->engine);
    put_digest(w, &v->keyset);
    put_digest(w, &v->evidence);
    put_digest(w, &v->nonce);
    wr_u64be(w, v->evidence_index);
    wr_u8(w, v->simulated);
    wr_u32be(w, v->capacity);
    record_put_prices(w, &v->prices);
    wr_amount(w, v->bond);
    put_text(w, v->kind);
}

cocoon_err record_get_worker(struct slice value, struct record_worker *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_WORKER, &r);

    if (err != OK)
        return err;
    rd_copy(&r, out->account, sizeof out->account);
    out->index = rd_u32be(&r);
    out->status = get_enum(&r, WORKER_RETIRED);
    out->epoch = rd_u32be(&r);
    out->registered_at = rd_u64be(&r);
    out->renewed_at = rd_u64be(&r);
    out->expires_at = rd_u64be(&r);
    get_digest(&r, &out->release);
    get_digest(&r, &out->model);
    get_digest(&r, &out->engine);
    get_digest(&r, &out->keyset);
    get_digest(&r, &out->evidence);
    get_digest(&r, &out->nonce);
    out->evidence_index = rd_u64be(&r);
    out->simulated = get_bool(&r);
    out->capacity = rd_u32be(&r);
    record_get_prices(&r, &out->prices);
    out->bond = rd_amount(&r);
    out->kind = get_text(&r);
    return rd_end(&r);
}

void record_put_prices(struct wr *w, const struct record_prices *v)
{
    wr_amount(w, v->input);
    wr_amount(w, v->cached);
    wr_amount(w, v->output);
}

void record_get_prices(struct rd *r, struct record_prices *out)
{
    out->input = rd_amount(r);
    out->cached = rd_amount(r);
    out->output = rd_amount(r);
}

void record_put_receipts(struct wr *w, const struct record_receipts *v)
{
    put_head(w, RECORD_RECEIPTS);
    wr_u64be(w, v->batches);
    wr_u64be(w, v->receipts);
    put_digest(w, &v->last_root);
    wr_u64be(w, v->last_index);
}

cocoon_err record_get_receipts(struct slice value, struct record_receipts *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_RECEIPTS, &r);

    if (err != OK)
        return err;
    out->batches = rd_u64be(&r);
    out->receipts = rd_u64be(&r);
    get_digest(&r, &out->last_root);
    out->last_index = rd_u64be(&r);
    return rd_end(&r);
}

void record_put_evaluation(struct wr *w, const struct record_evaluation *v)
{
    put_head(w, RECORD_EVALUATION);
    wr_u64be(w, v->number);
    wr_u64be(w, v->seen_at);
}

cocoon_err record_get_evaluation(struct slice value, struct record_evaluation *out)
{
    struct rd r;
    cocoon_err err = get_head(value, RECORD_EVALUATION, &r);

    if (err != OK)
        return err;
    out->number = rd_u64be(&r);
    out->seen_at = rd_u64be(&r);
    return rd_end(&r);
}
