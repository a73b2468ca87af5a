#include "ledger/smt_proof.h"

#include <string.h>

#include "base/mem.h"

static const uint8_t leaf_tag = 0, node_tag = 1;

void smt_leaf_hash(const struct digest *key, const struct digest *value_hash, struct digest *out)
{
    struct slice parts[] = {{&leaf_tag, 1}, digest_slice(key), digest_slice(value_hash)};

    sha256_parts(parts, COUNT_OF(parts), out);
}

void smt_node_hash(const struct digest *left, const struct digest *right, struct digest *out)
{
    struct slice parts[] = {{&node_tag, 1}, digest_slice(left), digest_slice(right)};

    sha256_parts(parts, COUNT_OF(parts), out);
}

void smt_proof_put(struct wr *w, const struct smt_proof *p)
{
    uint8_t bitmap[SMT_DEPTH / 8] = {0};

    for (unsigned i = 0; i < p->depth; i++)
        if (!digest_is_zero(&p->siblings[i]))
            bitmap[i / 8] |= (uint8_t)(0x80U >> i % 8);
    wr_u8(w, p->kind);
    wr_u16be(w, p->depth);
    wr_slice(w, slice_make(bitmap, (p->depth + 7U) / 8));
    for (unsigned i = 0; i < p->depth; i++)
        if (!digest_is_zero(&p->siblings[i]))
            wr_slice(w, digest_slice(&p->siblings[i]));
    if (p->kind == SMT_OTHER) {
        wr_slice(w, digest_slice(&p->other_key));
        wr_slice(w, digest_slice(&p->other_value));
    }
}

static bool bit_set(struct slice bitmap, unsigned at)
{
    return (bitmap.ptr[at / 8] & 0x80U >> at % 8) != 0;
}

/* Read the siblings that `bitmap` announces. A spare bit set, or an empty sibling spelled out, is
 * refused. */
static cocoon_err read_siblings(struct rd *r, struct smt_proof *out)
{
    struct slice bitmap = rd_slice(r, (out->depth + 7U) / 8);

    if (r->bad)
        return ERR_TRUNCATED;
    for (unsigned i = out->depth; i < 8 * bitmap.len; i++)
        if (bit_set(bitmap, i))
            return ERR_MALFORMED;
    for (unsigned i = 0; i < out->depth; i++) {
        memset(&out->siblings[i], 0, sizeof out->siblings[i]);
        if (!bit_set(bitmap, i))
            continue;
        rd_copy(r, out->siblings[i].bytes, 32);
        if (!r->bad && digest_is_zero(&out->siblings[i]))
            return ERR_MALFORMED;
    }
    return OK;
}

cocoon_err smt_proof_read(struct slice bytes, struct smt_proof *out)
{
    struct rd r = rd_init(bytes);
    cocoon_err err;

    out->kind = rd_u8(&r);
    out->depth = rd_u16be(&r);
    if (r.bad)
        return ERR_TRUNCATED;
    if (out->kind < SMT_PRESENT || out->kind > SMT_OTHER || out->depth > SMT_DEPTH)
        return ERR_MALFORMED;
    if ((err = read_siblings(&r, out)) != OK)
        return err;
    if (out->kind == SMT_OTHER) {
        rd_copy(&r, out->other_key.bytes, 32);
        rd_copy(&r, out->other_value.bytes, 32);
    }
    return rd_end(&r);
}

/* Fold the path of `key` up from `end`, the hash of the subtree it ends in. */
static void fold(const struct smt_proof *p, const struct digest *key, struct digest *end)
{
    for (unsigned i = p->depth; i-- > 0;)
        if (smt_bit(key, i) == 0)
            smt_node_hash(end, &p->siblings[i], end);
        else
            smt_node_hash(&p->siblings[i], end, end);
}

/* Tell whether `other` lies on the path of `key` down to `depth`, and is not `key`. */
static bool shadows(const struct digest *other, const struct digest *key, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        if (smt_bit(other, i) != smt_bit(key, i))
            return false;
    return !digest_eq(other, key);
}

cocoon_err smt_proof_verify(const struct digest *root, const struct digest *key,
                            const struct digest *value_hash, struct slice proof)
{
    static const struct digest empty;
    struct smt_proof p;
    struct digest end = empty;
    cocoon_err err = smt_proof_read(proof, &p);

    if (err != OK)
        return err;
    if ((p.kind == SMT_PRESENT) != (value_hash != NULL))
        return ERR_PROOF;
    /* A leaf alone in its subtree stands higher: beside a path's leaf there is always something. */
    if (p.kind != SMT_EMPTY && p.depth > 0 && digest_is_zero(&p.siblings[p.depth - 1]))
        return ERR_PROOF;
    if (p.kind == SMT_OTHER && !shadows(&p.other_key, key, p.depth))
        return ERR_PROOF;
    if (p.kind == SMT_PRESENT)
        smt_leaf_hash(key, value_hash, &end);
    else if (p.kind == SMT_OTHER)
        smt_leaf_hash(&p.other_key, &p.other_value, &end);
    fold(&p, key, &end);
    return digest_eq(&end, root) ? OK : ERR_PROOF;
}
