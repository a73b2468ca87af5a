#include "ledger/genesis.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "codec/jcs.h"
#include "codec/json_wr.h"
#include "ledger/checkpoint.h"

static cocoon_err get_amount(const struct json *object, const char *name, amount *out)
{
    struct slice text;
    cocoon_err err = json_get_text(object, name, &text);

    return err == OK ? amount_read(text, out) : err;
}

/* A fee: an amount of at most 64 bits. */
static cocoon_err get_fee(const struct json *object, const char *name, uint64_t *out)
{
    amount value;
    cocoon_err err = get_amount(object, name, &value);

    if (err == OK && value > UINT64_MAX)
        err = ERR_RANGE;
    if (err == OK)
        *out = (uint64_t)value;
    return err;
}

static cocoon_err get_u32(const struct json *object, const char *name, uint32_t *out)
{
    uint64_t value;
    cocoon_err err = json_get_u64(object, name, &value);

    if (err == OK && value > UINT32_MAX)
        err = ERR_RANGE;
    if (err == OK)
        *out = (uint32_t)value;
    return err;
}

/* Where each parameter stands in its record, in the order of the JSON. */
#define PARAM(field)                                                                               \
    {                                                                                              \
#field, offsetof(struct record_params, field)                                              \
    }
static const struct {
    const char *name;
    size_t at;
} counts[] = {PARAM(appraisals), PARAM(evidence_age), PARAM(heartbeat_gap), PARAM(nonce_age),
              PARAM(unbond_delay)},
  fees[] = {PARAM(fee_appraisal), PARAM(fee_kib), PARAM(fee_tx), PARAM(worker_bond)};
#undef PARAM

static cocoon_err read_params(const struct json *p, struct record_params *out)
{
    cocoon_err err = p->count == COUNT_OF(counts) + COUNT_OF(fees) ? OK : ERR_UNKNOWN_NAME;

    for (size_t i = 0; err == OK && i < COUNT_OF(counts); i++)
        err = get_u32(p, counts[i].name, (uint32_t *)(void *)((uint8_t *)out + counts[i].at));
    for (size_t i = 0; err == OK && i < COUNT_OF(fees); i++)
        err = get_fee(p, fees[i].name, (uint64_t *)(void *)((uint8_t *)out + fees[i].at));
    return err;
}

static int by_bytes32(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static cocoon_err read_owners(const struct json *o, struct record_owners *out)
{
    static const char *const names[] = {"delay", "keys", "threshold"};
    const struct json *keys;
    uint32_t threshold;
    cocoon_err err;

    if ((err = json_only(o, names, COUNT_OF(names))) != OK)
        return err;
    if ((err = get_u32(o, "delay", &out->delay)) != OK)
        return err;
    if ((err = get_u32(o, "threshold", &threshold)) != OK)
        return err;
    if ((err = json_get_array(o, "keys", &keys)) != OK)
        return err;
    if (threshold < 1 || threshold > keys->count || keys->count > OWNERS_MAX)
        return ERR_RANGE;
    out->threshold = (uint8_t)threshold;
    out->count = 0;
    for (const struct json *k = keys->first; k != NULL; k = k->next) {
        struct slice text;

        if ((err = json_text(k, &text)) != OK)
            return err;
        if ((err = hex_read(text, out->keys[out->count++], 32)) != OK)
            return err;
    }
    qsort(out->keys, out->count, 32, by_bytes32);
    for (uint8_t i = 1; i < out->count; i++)
        if (memcmp(out->keys[i - 1], out->keys[i], 32) == 0)
            return ERR_DUPLICATE;
    return OK;
}

static cocoon_err read_witness(const struct json *w, struct genesis_witness *out, struct fail *fail)
{
    static const char *const names[] = {"group", "vkey"};
    struct slice group, vkey;
    cocoon_err err;

    if ((err = json_only(w, names, COUNT_OF(names))) != OK)
        return err;
    if ((err = json_get_text(w, "group", &group)) != OK)
        return err;
    if ((err = json_get_text(w, "vkey", &vkey)) != OK)
        return err;
    if (slice_eq_text(group, "executing"))
        out->group = WITNESS_EXECUTING;
    else if (slice_eq_text(group, "plain"))
        out->group = WITNESS_PLAIN;
    else
        return ERR_UNKNOWN_NAME;
    return note_vkey_read(vkey, NOTE_COSIGNATURE, &out->key, fail);
}

static cocoon_err read_witnesses(const struct json *array, struct arena *arena, struct genesis *out,
                                 struct fail *fail)
{
    struct genesis_witness *list = ARENA_ARRAY(arena, array->count, struct genesis_witness);
    cocoon_err err = OK;

    if (array->count > GENESIS_WITNESSES_MAX)
        return ERR_LIMIT;
    if (list == NULL)
        return ERR_NOMEM;
    out->witnesses = list;
    out->witness_count = 0;
    for (const struct json *e = array->first; err == OK && e != NULL; e = e->next) {
        struct genesis_witness *w = &list[out->witness_count++];

        err = read_witness(e, w, fail);
        for (const struct genesis_witness *other = list; err == OK && other < w; other++)
            if (memcmp(other->key.public_key, w->key.public_key, 32) == 0)
                err = ERR_DUPLICATE;
    }
    return err;
}

static cocoon_err read_accounts(const struct json *array, struct arena *arena, struct genesis *out)
{
    static const char *const names[] = {"account", "balance"};
    struct genesis_account *list = ARENA_ARRAY(arena, array->count, struct genesis_account);
    amount sum = 0;
    cocoon_err err = OK;

    if (array->count > GENESIS_ACCOUNTS_MAX)
        return ERR_LIMIT;
    if (list == NULL)
        return ERR_NOMEM;
    out->accounts = list;
    out->account_count = 0;
    for (const struct json *e = array->first; err == OK && e != NULL; e = e->next) {
        struct genesis_account *a = &list[out->account_count++];

        if ((err = json_only(e, names, COUNT_OF(names))) == OK)
            err = json_get_hex(e, "account", a->account, 32);
        if (err == OK)
            err = get_amount(e, "balance", &a->balance);
        /* What is handed out here is all there ever is: no later sum can overflow. */
        if (err == OK && !amount_add(sum, a->balance, &sum))
            err = ERR_RANGE;
        for (const struct genesis_account *other = list; err == OK && other < a; other++)
            if (memcmp(other->account, a->account, 32) == 0)
                err = ERR_DUPLICATE;
    }
    return err;
}

static cocoon_err read_sim_root(const struct json *root, struct genesis *out)
{
    const struct json *value;
    cocoon_err err = json_get(root, "sim_root", &value);

    out->has_sim_root = false;
    memset(out->sim_root, 0, sizeof out->sim_root);
    if (err != OK || value->kind == JSON_NULL)
        return err;
    out->has_sim_root = true;
    return json_get_hex(root, "sim_root", out->sim_root, 32);
}

/* Set the canonical form and the network's name. */
static cocoon_err name_network(const struct json *root, struct arena *arena, struct genesis *out)
{
    struct buf canonical;
    cocoon_err err;

    buf_init(&canonical, GENESIS_MAX);
    if ((err = jcs_put(&canonical, root, arena)) == OK)
        err = arena_copy(arena, buf_slice(&canonical), &out->canonical);
    if (err == OK)
        sha256(out->canonical, &out->network_id);
    buf_fini(&canonical);
    return err;
}

static cocoon_err read_members(const struct json *root, struct arena *arena, struct genesis *out,
                               struct fail *fail)
{
    static const char *const names[] = {"accounts",   "log",      "owners",
                                        "parameters", "sim_root", "witnesses"};
    const struct json *owners, *params, *witnesses, *accounts;
    cocoon_err err;

    if ((err = json_only(root, names, COUNT_OF(names))) != OK)
        return fail_set(fail, err, 0, "an unknown member in genesis.json");
    if ((err = json_get_object(root, "owners", &owners)) != OK ||
        (err = read_owners(owners, &out->owners)) != OK)
        return fail_set(fail, err, 0, "\"owners\" of genesis.json");
    if ((err = json_get_object(root, "parameters", &params)) != OK ||
        (err = read_params(params, &out->params)) != OK)
        return fail_set(fail, err, 0, "\"parameters\" of genesis.json");
    if ((err = read_sim_root(root, out)) != OK)
        return fail_set(fail, err, 0, "\"sim_root\" of genesis.json");
    if ((err = json_get_text(root, "log", &out->log_vkey)) != OK ||
        (err = note_vkey_read(out->log_vkey, NOTE_ED25519, &out->log, fail)) != OK)
        return fail_set(fail, err, 0, "\"log\" of genesis.json");
    if ((err = json_get_array(root, "witnesses", &witnesses)) != OK ||
        (err = read_witnesses(witnesses, arena, out, fail)) != OK)
        return fail_set(fail, err, 0, "\"witnesses\" of genesis.json");
    if ((err = json_get_array(root, "accounts", &accounts)) != OK ||
        (err = read_accounts(accounts, arena, out)) != OK)
        return fail_set(fail, err, 0, "\"accounts\" of genesis.json");
    return OK;
}

cocoon_err genesis_read(struct slice text, struct arena *arena, struct genesis *out,
                        struct fail *fail)
{
    const struct json *root;
    struct slice copy;
    cocoon_err err;

    if (text.len > GENESIS_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "genesis.json is too long");
    if ((err = arena_copy(arena, text, &copy)) != OK)
        return fail_set(fail, err, 0, "no memory for genesis.json");
    if ((err = json_parse(copy, arena, &root, fail)) != OK)
        return err;
    if ((err = read_members(root, arena, out, fail)) != OK)
        return err;
    if ((err = name_network(root, arena, out)) != OK)
        return fail_set(fail, err, 0, "the canonical form of genesis.json");
    return OK;
}

static void put_amount(struct json_wr *w, const char *name, amount value)
{
    struct buf text;

    buf_init(&text, 64);
    amount_put(&text, value);
    json_wr_text(w, name, buf_slice(&text));
    buf_fini(&text);
}

static void put_owners(struct json_wr *w, const struct record_owners *o)
{
    json_wr_object(w, "owners");
    json_wr_u64(w, "delay", o->delay);
    json_wr_array(w, "keys");
    for (uint8_t i = 0; i < o->count; i++)
        json_wr_hex(w, NULL, SLICE_OF(o->keys[i]));
    json_wr_close(w);
    json_wr_u64(w, "threshold", o->threshold);
    json_wr_close(w);
}

static void put_params(struct json_wr *w, const struct record_params *p)
{
    json_wr_object(w, "parameters");
    json_wr_u64(w, "appraisals", p->appraisals);
    json_wr_u64(w, "evidence_age", p->evidence_age);
    put_amount(w, "fee_appraisal", p->fee_appraisal);
    put_amount(w, "fee_kib", p->fee_kib);
    put_amount(w, "fee_tx", p->fee_tx);
    json_wr_u64(w, "heartbeat_gap", p->heartbeat_gap);
    json_wr_u64(w, "nonce_age", p->nonce_age);
    json_wr_u64(w, "unbond_delay", p->unbond_delay);
    put_amount(w, "worker_bond", p->worker_bond);
    json_wr_close(w);
}

static void put_witnesses(struct json_wr *w, const struct genesis *g)
{
    json_wr_array(w, "witnesses");
    for (size_t i = 0; i < g->witness_count; i++) {
        bool executing = g->witnesses[i].group == WITNESS_EXECUTING;
        struct buf vkey;

        buf_init(&vkey, NOTE_NAME_MAX + 128);
        note_vkey_put(&vkey, &g->witnesses[i].key);
        json_wr_object(w, NULL);
        json_wr_cstr(w, "group", executing ? "executing" : "plain");
        json_wr_text(w, "vkey", buf_slice(&vkey));
        json_wr_close(w);
        buf_fini(&vkey);
    }
    json_wr_close(w);
}

cocoon_err genesis_put(struct genesis *g, struct buf *out)
{
    struct json_wr w;
    size_t start = out->len;
    cocoon_err err;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_array(&w, "accounts");
    for (size_t i = 0; i < g->account_count; i++) {
        json_wr_object(&w, NULL);
        json_wr_hex(&w, "account", SLICE_OF(g->accounts[i].account));
        put_amount(&w, "balance", g->accounts[i].balance);
        json_wr_close(&w);
    }
    json_wr_close(&w);
    json_wr_text(&w, "log", g->log_vkey);
    put_owners(&w, &g->owners);
    put_params(&w, &g->params);
    if (g->has_sim_root)
        json_wr_hex(&w, "sim_root", SLICE_OF(g->sim_root));
    else
        json_wr_null(&w, "sim_root");
    put_witnesses(&w, g);
    json_wr_close(&w);
    if ((err = json_wr_end(&w)) == OK)
        sha256(slice_skip(buf_slice(out), start), &g->network_id);
    return err;
}
