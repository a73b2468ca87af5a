#include "zk/refresh.h"

#include "base/num.h"
#include "zk/mle.h"
#include "zk/witness.h"

/* Bits of the largest power of two that divides n > 0. */
static unsigned trailing_bits(size_t n)
{
    return (unsigned)__builtin_ctzll(n);
}

static struct ext prover_value(const struct run *r, const struct ext *columns, unsigned bits)
{
    struct ext sum = EXT_ZERO;

    if (r->witness == NULL)
        return EXT_ZERO;
    for (size_t c = 0; c < r->plan->layout->data_columns; c++)
        sum = ext_add(sum,
                      ext_mul(mle_at(columns, bits, c), ext_array_get(r->witness->folded[0], c)));
    return sum;
}

void refresh_speak(struct run *r)
{
    const struct layout *l = r->plan->layout;
    unsigned row_bits = mle_bits(l->code.rows), column_bits = mle_bits(l->data_columns);
    struct ext *point = run_points(r, row_bits + column_bits);
    struct scalar value;

    for (unsigned i = 0; i < row_bits + column_bits; i++)
        point[i] = transcript_ext(&r->wire.transcript);
    r->row_point = point;
    if (r->witness != NULL)
        witness_fold(r->witness, point);
    value = ledger_hide(&r->ledger, prover_value(r, point + row_bits, column_bits));
    for (size_t i = 0; i < r->plan->folds; i++) {
        const struct space_vector *v = &r->plan->folded[i];
        unsigned least = v->pieces == 0 ? 0 : v->piece[v->pieces - 1].bits;

        *run_weight_claim(r) =
            (struct claim){.kind = CLAIM_MATRIX,
                           .value = value,
                           .scale = EXT_ONE,
                           .vector = v,
                           .low = point + row_bits,
                           .low_bits = column_bits,
                           .count = 1,
                           .stride = l->data_columns,
                           .grain = (unsigned)num_min(least, trailing_bits(l->data_columns))};
    }
}
