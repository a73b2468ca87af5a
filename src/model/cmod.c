/*
 * File: "CMOD" | version u16 | 0 u16 | length u32 of the public part | public part | private part.
 * Integers are big-endian. docs/spec/cmod.md section 3 has the layout; each reader below is one of
 * its rows, and each writer the same row backwards.
 */
#include "model/cmod.h"

#include <string.h>

#include "base/num.h"
#include "base/rd.h"

enum { VERSION = 1 };

static const struct slice magic = SLICE_INIT("CMOD");

/* A reader that remembers the first rule broken. */
struct reading {
    struct rd rd;
    struct arena *arena;
    struct fail *fail;
    cocoon_err err;
};

static void refuse(struct reading *r, cocoon_err err, const char *what)
{
    if (r->err == OK && !r->rd.bad)
        r->err = fail_set(r->fail, err, r->rd.at, what);
    rd_fail(&r->rd);
}

static int32_t get_i32(struct rd *r)
{
    return (int32_t)rd_u32be(r);
}

static void *get_room(struct reading *r, size_t count, size_t size)
{
    void *room = r->rd.bad ? NULL : arena_array(r->arena, count, size);

    if (room == NULL)
        refuse(r, ERR_NOMEM, "model is larger than the memory allowed for it");
    return room;
}

static void get_name(struct reading *r, struct cmod *m)
{
    m->name = rd_slice(&r->rd, rd_u8(&r->rd));
    if (m->name.len == 0 || m->name.len > CMOD_NAME_MAX)
        refuse(r, ERR_LIMIT, "name is empty or too long");
    if (!slice_is_utf8(m->name))
        refuse(r, ERR_ENCODING, "name is not UTF-8");
    for (size_t i = 0; i < m->name.len; i++)
        if (m->name.ptr[i] < 0x20 || m->name.ptr[i] == 0x7f)
            refuse(r, ERR_ENCODING, "name has a control character");
}

static void get_input(struct reading *r, struct cmod *m)
{
    m->input.h = rd_u16be(&r->rd);
    m->input.w = rd_u16be(&r->rd);
    m->input.c = rd_u32be(&r->rd);
    m->input_low = get_i32(&r->rd);
    m->input_bits = rd_u8(&r->rd);
}

static void get_table(struct reading *r, struct cmod_table *t)
{
    size_t count;

    t->bits = rd_u8(&r->rd);
    t->low = get_i32(&r->rd);
    if (t->bits == 0 || t->bits > CMOD_TABLE_BITS_MAX) {
        refuse(r, ERR_LIMIT, "table size out of range");
        return;
    }
    count = (size_t)1 << t->bits;
    t->values = (int16_t *)get_room(r, count, sizeof *t->values);
    for (size_t i = 0; i < count && !r->rd.bad; i++)
        t->values[i] = (int16_t)rd_u16be(&r->rd);
}

static void get_weight(struct reading *r, struct cmod_weight *w)
{
    w->outputs = rd_u32be(&r->rd);
    w->inputs = rd_u32be(&r->rd);
    w->bias_bytes = rd_u8(&r->rd);
}

/* Read the fields that operation `op` has; see cmod_op in the header for which. */
static void get_op(struct reading *r, struct cmod_op *op)
{
    uint8_t code = rd_u8(&r->rd);

    op->in[0] = rd_u16be(&r->rd);
    switch (code) {
    case CMOD_DENSE:
        op->weight = rd_u16be(&r->rd);
        break;
    case CMOD_CONV:
        op->weight = rd_u16be(&r->rd);
        op->kh = rd_u8(&r->rd);
        op->kw = rd_u8(&r->rd);
        op->stride = rd_u8(&r->rd);
        op->pad = rd_u8(&r->rd);
        break;
    case CMOD_REQUANT:
        op->shift = rd_u8(&r->rd);
        op->table = rd_u16be(&r->rd);
        break;
    case CMOD_SUMPOOL:
    case CMOD_MAXPOOL:
        op->kh = op->kw = rd_u8(&r->rd);
        op->stride = rd_u8(&r->rd);
        break;
    case CMOD_ADD:
        op->in[1] = rd_u16be(&r->rd);
        break;
    default:
        refuse(r, ERR_UNSUPPORTED, "unknown operation");
    }
    op->code = (enum cmod_code)code;
}

/* Read a count of at most `max` and make room for that many items of `size` bytes. */
static uint16_t get_count(struct reading *r, uint16_t max, size_t size, void **room)
{
    uint16_t count = rd_u16be(&r->rd);

    if (count > max) {
        refuse(r, ERR_LIMIT, "too many tables, weights or operations");
        return 0;
    }
    *room = get_room(r, count, size);
    return r->rd.bad ? 0 : count;
}

static cocoon_err reading_end(struct reading *r)
{
    cocoon_err err = r->err != OK ? r->err : rd_end(&r->rd);

    if (r->err == OK && err != OK)
        return fail_set(r->fail, err, r->rd.at, "model file ends too early or too late");
    return err;
}

cocoon_err cmod_parse_public(struct slice part, struct arena *arena, struct cmod *out,
                             struct fail *fail)
{
    struct reading r = {rd_init(part), arena, fail, OK};
    void *room = NULL;
    cocoon_err err;

    *out = (struct cmod){.public_part = part};
    get_name(&r, out);
    get_input(&r, out);
    out->tables = get_count(&r, CMOD_TABLES_MAX, sizeof *out->table, &room);
    out->table = (struct cmod_table *)room;
    for (uint16_t i = 0; i < out->tables && !r.rd.bad; i++)
        get_table(&r, &out->table[i]);
    out->weights = get_count(&r, CMOD_WEIGHTS_MAX, sizeof *out->weight, &room);
    out->weight = (struct cmod_weight *)room;
    for (uint16_t i = 0; i < out->weights && !r.rd.bad; i++)
        get_weight(&r, &out->weight[i]);
    out->ops = get_count(&r, CMOD_OPS_MAX, sizeof *out->op, &room);
    out->op = (struct cmod_op *)room;
    for (uint16_t i = 0; i < out->ops && !r.rd.bad; i++)
        get_op(&r, &out->op[i]);
    out->output = rd_u16be(&r.rd);
    out->tensor = (struct cmod_tensor *)get_room(&r, (size_t)out->ops + 1, sizeof *out->tensor);
    err = reading_end(&r);
    return err != OK ? err : cmod_infer(out, fail);
}

static void get_private(struct reading *r, struct cmod_weight *w)
{
    size_t size = (size_t)w->outputs * w->inputs;
    int32_t unit = cmod_bias_unit(w->bias_bytes);

    w->matrix = (const int8_t *)rd_slice(&r->rd, size).ptr;
    if (w->bias_bytes == 0)
        return;
    if (rd_left(&r->rd) / sizeof *w->bias < w->outputs) {
        rd_fail(&r->rd);
        return;
    }
    w->bias = (int32_t *)get_room(r, w->outputs, sizeof *w->bias);
    for (uint32_t i = 0; i < w->outputs && !r->rd.bad; i++) {
        w->bias[i] = get_i32(&r->rd);
        if (w->bias[i] < -128 * unit || w->bias[i] > 127 * unit)
            refuse(r, ERR_RANGE, "bias out of its range");
    }
}

cocoon_err cmod_parse(struct slice file, struct arena *arena, struct cmod *out, struct fail *fail)
{
    struct reading r = {rd_init(file), arena, fail, OK};
    struct slice part;
    cocoon_err err;

    if (!slice_eq(rd_slice(&r.rd, magic.len), magic))
        return fail_set(fail, ERR_MALFORMED, 0, "not a .cmod file");
    if (rd_u16be(&r.rd) != VERSION)
        return fail_set(fail, ERR_VERSION, magic.len, "unknown version of .cmod");
    if (rd_u16be(&r.rd) != 0)
        refuse(&r, ERR_NONCANONICAL, "reserved bytes are not zero");
    part = rd_slice(&r.rd, rd_u32be(&r.rd));
    if (r.rd.bad)
        return reading_end(&r);
    if ((err = cmod_parse_public(part, arena, out, fail)) != OK)
        return err;
    for (uint16_t i = 0; i < out->weights && !r.rd.bad; i++)
        get_private(&r, &out->weight[i]);
    return reading_end(&r);
}

static void put_op(const struct cmod_op *op, struct wr *out)
{
    wr_u8(out, (uint8_t)op->code);
    wr_u16be(out, op->in[0]);
    switch (op->code) {
    case CMOD_DENSE:
        wr_u16be(out, op->weight);
        break;
    case CMOD_CONV:
        wr_u16be(out, op->weight);
        wr_u8(out, op->kh);
        wr_u8(out, op->kw);
        wr_u8(out, op->stride);
        wr_u8(out, op->pad);
        break;
    case CMOD_REQUANT:
        wr_u8(out, op->shift);
        wr_u16be(out, op->table);
        break;
    case CMOD_SUMPOOL:
    case CMOD_MAXPOOL:
        wr_u8(out, op->kh);
        wr_u8(out, op->stride);
        break;
    case CMOD_ADD:
        wr_u16be(out, op->in[1]);
        break;
    }
}

void cmod_write_public(const struct cmod *m, struct wr *out)
{
    wr_u8(out, (uint8_t)m->name.len);
    wr_slice(out, m->name);
    wr_u16be(out, (uint16_t)m->input.h);
    wr_u16be(out, (uint16_t)m->input.w);
    wr_u32be(out, m->input.c);
    wr_u32be(out, (uint32_t)m->input_low);
    wr_u8(out, m->input_bits);
    wr_u16be(out, m->tables);
    for (uint16_t i = 0; i < m->tables; i++) {
        wr_u8(out, m->table[i].bits);
        wr_u32be(out, (uint32_t)m->table[i].low);
        for (size_t j = 0; j < (size_t)1 << m->table[i].bits; j++)
            wr_u16be(out, (uint16_t)m->table[i].values[j]);
    }
    wr_u16be(out, m->weights);
    for (uint16_t i = 0; i < m->weights; i++) {
        wr_u32be(out, m->weight[i].outputs);
        wr_u32be(out, m->weight[i].inputs);
        wr_u8(out, m->weight[i].bias_bytes);
    }
    wr_u16be(out, m->ops);
    for (uint16_t i = 0; i < m->ops; i++)
        put_op(&m->op[i], out);
    wr_u16be(out, m->output);
}

void cmod_write(const struct cmod *m, struct wr *out)
{
    struct wr_block part;

    wr_slice(out, magic);
    wr_u16be(out, VERSION);
    wr_u16be(out, 0);
    part = wr_open(out, 4);
    cmod_write_public(m, out);
    wr_close(out, part);
    for (uint16_t i = 0; i < m->weights; i++) {
        const struct cmod_weight *w = &m->weight[i];

        wr_slice(out, slice_make(w->matrix, (size_t)w->outputs * w->inputs));
        for (uint32_t j = 0; w->bias_bytes != 0 && j < w->outputs; j++)
            wr_u32be(out, (uint32_t)w->bias[j]);
    }
}

void cmod_public_digest(const struct cmod *m, struct digest *out)
{
    sha256(m->public_part, out);
}
