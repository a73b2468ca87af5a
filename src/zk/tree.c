#include "zk/tree.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

enum { PART_LEAVES = 256 };

/* Nodes [first, first + count) from the bytes below them, in parts. */
struct hashing {
    const uint8_t *from;
    size_t stride, len, count;
    struct digest *to;
};

static void hash_part(void *arg, size_t part)
{
    const struct hashing *h = (const struct hashing *)arg;
    size_t at = part * PART_LEAVES, n = num_min(PART_LEAVES, h->count - at);

    zhash_many(h->from + at * h->stride, h->stride, h->len, n, h->to + at);
}

static void hash_level(struct par *par, struct hashing h)
{
    par_for(par, (h.count + PART_LEAVES - 1) / PART_LEAVES, hash_part, &h);
}

void tree_build(struct tree *t, struct par *par, const field *columns, size_t stride, size_t words)
{
    size_t n = (size_t)1 << t->log_n;

    assert(words * sizeof(field) != 2 * sizeof(struct digest) && words <= stride);
    hash_level(par, (struct hashing){(const uint8_t *)columns, stride * sizeof(field),
                                     words * sizeof(field), n, t->nodes + n});
    for (n /= 2; n > 0; n /= 2)
        hash_level(par, (struct hashing){t->nodes[2 * n].bytes, 2 * sizeof(struct digest),
                                         2 * sizeof(struct digest), n, t->nodes + n});
}

static struct slice node_slice(const struct tree *t, size_t i)
{
    return digest_slice(&t->nodes[i]);
}

void tree_prove(const struct tree *t, const uint32_t *positions, size_t count, uint32_t *work,
                struct wr *out)
{
    for (size_t i = 0; i < count; i++)
        work[i] = (uint32_t)((size_t)1 << t->log_n) + positions[i];
    for (unsigned level = 0; level < t->log_n; level++) {
        size_t above = 0;

        for (size_t i = 0; i < count; i++) {
            if (i + 1 < count && work[i + 1] == (work[i] ^ 1))
                i++;
            else
                wr_slice(out, node_slice(t, work[i] ^ 1));
            work[above++] = work[i] / 2;
        }
        count = above;
    }
}

static void hash_pair(const struct digest *left, const struct digest *right, struct digest *out)
{
    uint8_t both[2 * sizeof(struct digest)];

    memcpy(both, left->bytes, sizeof left->bytes);
    memcpy(both + sizeof left->bytes, right->bytes, sizeof right->bytes);
    zhash_many(both, sizeof both, sizeof both, 1, out);
}

void tree_recompute(unsigned log_n, uint32_t *positions, struct digest *leaves, size_t count,
                    struct rd *in, struct digest *root)
{
    assert(count > 0);
    for (unsigned level = 0; level < log_n; level++) {
        size_t above = 0;

        for (size_t i = 0; i < count; i++, above++) {
            uint32_t at = positions[i];
            struct digest self = leaves[i], other;

            if (i + 1 < count && positions[i + 1] == (at ^ 1))
                other = leaves[++i];
            else
                rd_copy(in, other.bytes, sizeof other.bytes);
            if (at % 2 == 0)
                hash_pair(&self, &other, &leaves[above]);
            else
                hash_pair(&other, &self, &leaves[above]);
            positions[above] = at / 2;
        }
        count = above;
    }
    *root = leaves[0];
}
