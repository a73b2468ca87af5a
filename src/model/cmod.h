/*
 * .cmod: an exact-integer model. Public part: shapes, tables and operations; private part: weights.
 * The format and the meaning of every operation are in docs/spec/cmod.md.
 *
 * Parsing checks everything that evaluation and proving rely on: each tensor carries bounds that
 * hold whatever the weights are, no accumulator can reach 2^30, and no operation reads what is not
 * there. A parsed model is immutable and may be shared between threads.
 */
#ifndef MODEL_CMOD_H
#define MODEL_CMOD_H

#include "base/arena.h"
#include "base/wr.h"
#include "crypto/hash.h"

/* Limits of the format. */
enum {
    CMOD_NAME_MAX = 64,
    CMOD_TABLES_MAX = 64,
    CMOD_WEIGHTS_MAX = 1024,
    CMOD_OPS_MAX = 4096,
    CMOD_TABLE_BITS_MAX = 16, /* a table's values fit 16 bits, so must its domain */
    CMOD_SHIFT_MAX = 24,      /* a remainder is looked up in a table of 2^shift */
    CMOD_INPUT_BITS_MAX = 16,
    CMOD_BIAS_BYTES_MAX = 3, /* 4 would reach 2^30 */
    CMOD_SIDE_MAX = 4096,    /* height or width */
    CMOD_CHANNELS_MAX = 1 << 18,
    CMOD_ELEMENTS_MAX = 1 << 24, /* of one tensor */
    CMOD_WINDOW_MAX = 16,        /* kernel or pool side, stride */
    CMOD_ACC_LIMIT = 1 << 30,    /* no accumulator reaches it: it must stay below p / 2 */
};

struct cmod_shape {
    uint32_t h, w, c; /* element (y, x, ch) lies at (y * w + x) * c + ch */
};

static inline size_t cmod_shape_size(struct cmod_shape s)
{
    return (size_t)s.h * s.w * s.c;
}

/* A function on [low, low + 2^bits), which arguments are clamped to. */
struct cmod_table {
    uint8_t bits;
    int32_t low;
    int16_t *values; /* 2^bits */
};

static inline int32_t cmod_table_high(const struct cmod_table *t)
{
    return t->low + (int32_t)((1U << t->bits) - 1);
}

/* Return the table's value at `v`, clamped to its domain. */
static inline int16_t cmod_table_at(const struct cmod_table *t, int32_t v)
{
    int32_t high = cmod_table_high(t);

    return t->values[(v < t->low ? t->low : v > high ? high : v) - t->low];
}

/* A matrix of `outputs` rows by `inputs` columns, row after row, and a bias for each output. */
struct cmod_weight {
    uint32_t outputs, inputs;
    uint8_t bias_bytes;   /* 0: no bias; else signed bytes of each, in base 256 */
    const int8_t *matrix; /* NULL where only the public part was read */
    int32_t *bias;        /* NULL likewise, or when bias_bytes is 0 */
};

/* A bias of `bytes` signed bytes d_i is sum d_i 256^i, so it lies in [-128 u, 127 u], u this: the
 * sum of the powers. */
static inline int32_t cmod_bias_unit(uint8_t bytes)
{
    return bytes == 0 ? 0 : bytes == 1 ? 1 : bytes == 2 ? 257 : 65793;
}

enum cmod_code {
    CMOD_DENSE = 1,   /* whole tensor by matrix */
    CMOD_CONV = 2,    /* sliding window by matrix; 1 x 1: each position by matrix */
    CMOD_REQUANT = 3, /* table[clamp(x >> shift)] */
    CMOD_SUMPOOL = 4, /* sum over a window, channel by channel */
    CMOD_MAXPOOL = 5,
    CMOD_ADD = 6,
};

struct cmod_op {
    enum cmod_code code;
    uint16_t in[2]; /* tensors; the second of CMOD_ADD only */
    uint16_t weight;
    uint16_t table;
    uint8_t shift;
    uint8_t kh, kw, stride, pad; /* window; pools are square without padding */
};

/* What an operation's result may be used for. */
enum cmod_kind {
    CMOD_VALUE, /* 16-bit values: input, requantised, or the greatest of some */
    CMOD_SUM,   /* sums of values */
    CMOD_ACC,   /* accumulators */
};

/* Tensor 0 is the input; operation i makes tensor i + 1. */
struct cmod_tensor {
    enum cmod_kind kind;
    struct cmod_shape shape;
    int32_t low, high; /* bounds of every element, whatever the weights */
};

struct cmod {
    struct slice name;        /* UTF-8 */
    struct slice public_part; /* as in the file: what digests and proofs bind */
    struct cmod_shape input;
    int32_t input_low;
    uint8_t input_bits; /* input elements lie in [input_low, input_low + 2^input_bits) */
    uint16_t tables, weights, ops, output;
    struct cmod_table *table;
    struct cmod_weight *weight;
    struct cmod_op *op;
    struct cmod_tensor *tensor; /* ops + 1 */
};

/*
 * Parse all of `file`; `out` borrows from it and from `arena`. ERR_VERSION, ERR_TRUNCATED,
 * ERR_TRAILING, ERR_MALFORMED, ERR_ENCODING, ERR_LIMIT, ERR_RANGE, ERR_TYPE, ERR_NOMEM; `fail` says
 * where.
 */
cocoon_err cmod_parse(struct slice file, struct arena *arena, struct cmod *out,
                      struct fail *fail) MUST_CHECK;

/* As cmod_parse for the public part alone: what a verifier has. */
cocoon_err cmod_parse_public(struct slice part, struct arena *arena, struct cmod *out,
                             struct fail *fail) MUST_CHECK;

/* Write the public part of `m` (its public_part is not read). ERR_LIMIT when `out` is full. */
void cmod_write_public(const struct cmod *m, struct wr *out);

/* Write the whole file. */
void cmod_write(const struct cmod *m, struct wr *out);

/* SHA-256 of the public part: the architecture's name. */
void cmod_public_digest(const struct cmod *m, struct digest *out);

/*
 * Derive m->tensor (room for ops + 1) from all else, checking every rule of docs/spec/cmod.md
 * section 4. ERR_RANGE, ERR_TYPE, ERR_LIMIT; `fail`'s offset is the number of the operation.
 */
cocoon_err cmod_infer(struct cmod *m, struct fail *fail) MUST_CHECK;

/* Return how many positions a window of `k` takes along `side`; 0 if it does not fit. */
uint32_t cmod_windows(uint32_t side, uint32_t k, uint32_t stride, uint32_t pad);

#endif
