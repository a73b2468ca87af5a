#include "ledger/action.h"

#include "base/mem.h"

/* What owners may put: the type, the length of its id, whether it can be revoked. */
static const struct {
    enum record_type type;
    uint8_t id_len;
    bool revocable;
} settable[] = {
    {RECORD_OWNERS, 0, false}, {RECORD_PARAMS, 0, false}, {RECORD_RELEASE, 32, true},
    {RECORD_MODEL, 32, true},  {RECORD_ENGINE, 32, true}, {RECORD_WITNESS, 32, true},
};

static cocoon_err check_value(enum record_type type, struct slice value)
{
    union {
        struct record_owners owners;
        struct record_params params;
        struct record_release release;
        struct record_model model;
        struct record_engine engine;
        struct record_witness witness;
    } v;

    if (type == RECORD_OWNERS)
        return record_get_owners(value, &v.owners);
    if (type == RECORD_PARAMS)
        return record_get_params(value, &v.params);
    if (type == RECORD_RELEASE)
        return record_get_release(value, &v.release);
    if (type == RECORD_MODEL)
        return record_get_model(value, &v.model);
    if (type == RECORD_ENGINE)
        return record_get_engine(value, &v.engine);
    return record_get_witness(value, &v.witness);
}

static cocoon_err read_put(struct rd *r, struct action *out)
{
    cocoon_err err;

    out->id = rd_slice(r, rd_u8(r));
    out->value = rd_rest(r);
    if (r->bad)
        return ERR_TRUNCATED;
    if ((err = record_type_of(out->value, &out->type)) != OK)
        return err;
    for (size_t i = 0; i < COUNT_OF(settable); i++)
        if (settable[i].type == out->type)
            return settable[i].id_len == out->id.len ? check_value(out->type, out->value)
                                                     : ERR_MALFORMED;
    return ERR_UNKNOWN_NAME;
}

static cocoon_err read_revoke(struct rd *r, struct action *out)
{
    out->type = (enum record_type)rd_u8(r);
    out->id = rd_slice(r, 32);
    out->at = rd_u64be(r);
    if (rd_end(r) != OK)
        return rd_end(r);
    for (size_t i = 0; i < COUNT_OF(settable); i++)
        if (settable[i].type == out->type && settable[i].revocable)
            return OK;
    return ERR_UNKNOWN_NAME;
}

cocoon_err action_read(struct slice bytes, struct action *out)
{
    struct rd r = rd_init(bytes);

    *out = (struct action){.kind = (enum action_kind)rd_u8(&r)};
    if (r.bad)
        return ERR_TRUNCATED;
    if (bytes.len > ACTION_MAX)
        return ERR_LIMIT;
    switch (out->kind) {
    case ACTION_PUT:
        return read_put(&r, out);
    case ACTION_REVOKE:
        return read_revoke(&r, out);
    case ACTION_CANCEL:
        out->id = rd_slice(&r, 32);
        return rd_end(&r);
    case ACTION_RULES:
        out->rules = rd_u32be(&r);
        out->height = rd_u64be(&r);
        return rd_end(&r);
    }
    return ERR_MALFORMED;
}

void action_put(struct wr *w, const struct action *a)
{
    wr_u8(w, (uint8_t)a->kind);
    switch (a->kind) {
    case ACTION_PUT:
        wr_u8(w, (uint8_t)a->id.len);
        wr_slice(w, a->id);
        wr_slice(w, a->value);
        break;
    case ACTION_REVOKE:
        wr_u8(w, (uint8_t)a->type);
        wr_slice(w, a->id);
        wr_u64be(w, a->at);
        break;
    case ACTION_CANCEL:
        wr_slice(w, a->id);
        break;
    case ACTION_RULES:
        wr_u32be(w, a->rules);
        wr_u64be(w, a->height);
        break;
    }
}
