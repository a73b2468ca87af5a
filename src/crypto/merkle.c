/*
 * The two recursions of RFC 6962 section 2.1, unrolled over complete subtrees.
 *
 * A range [begin, end) of leaves whose begin is a multiple of a power of two not below its length
 * is the left-packed tree of its length: it falls into complete subtrees, largest first, one for
 * each bit of the length. Every hash in a proof is the root of such a range (range_root), and the
 * RFC's split at the largest power of two below n walks down to one leaf (inclusion) or to the end
 * of the old tree (consistency), putting down the root of the side not taken. Proofs list these
 * from the bottom up, so the walk is collected and then reversed.
 *
 * Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2: `fn` and `sn` are the numbers, on the
 * current level, of the node at hand and of the level's last node.
 */
#include "crypto/merkle.h"

#include <assert.h>

static const uint64_t merkle_size_max = ((uint64_t)1 << MERKLE_LEVELS) - 1;

void merkle_empty(struct digest *out)
{
    sha256(slice_make(NULL, 0), out);
}

void merkle_leaf(struct slice data, struct digest *out)
{
    const struct slice parts[] = {SLICE_LIT("\x00"), data};

    sha256_parts(parts, 2, out);
}

void merkle_node(const struct digest *left, const struct digest *right, struct digest *out)
{
    const struct slice parts[] = {SLICE_LIT("\x01"), digest_slice(left), digest_slice(right)};

    sha256_parts(parts, 3, out);
}

cocoon_err merkle_push(struct merkle_frontier *f, const struct digest *leaf)
{
    struct digest carry = *leaf;
    unsigned level = 0;

    if (f->size == merkle_size_max)
        return ERR_LIMIT;
    for (; f->size >> level & 1; level++)
        merkle_node(&f->peaks[level], &carry, &carry);
    f->peaks[level] = carry;
    f->size++;
    return OK;
}

void merkle_root(const struct merkle_frontier *f, struct digest *out)
{
    bool any = false;

    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((f->size >> level & 1) == 0)
            continue;
        if (any)
            merkle_node(&f->peaks[level], out, out);
        else
            *out = f->peaks[level];
        any = true;
    }
    if (!any)
        merkle_empty(out);
}

void merkle_root_of(const struct digest *leaves, size_t count, struct digest *out)
{
    struct merkle_frontier f = {0};

    for (size_t i = 0; i < count; i++) {
        cocoon_err err = merkle_push(&f, &leaves[i]);

        assert(err == OK); /* an array has fewer than 2^63 elements */
    }
    merkle_root(&f, out);
}

/* Set `*out` to the root of the leaves [begin, end), begin aligned as the prologue says. */
static cocoon_err range_root(const struct merkle_nodes *nodes, uint64_t begin, uint64_t end,
                             struct digest *out)
{
    struct merkle_frontier f = {.size = end - begin};

    for (unsigned level = MERKLE_LEVELS; level > 0; level--) {
        uint64_t width = (uint64_t)1 << (level - 1);
        cocoon_err err;

        if ((f.size & width) == 0)
            continue;
        err = nodes->node(nodes->state, level - 1, begin >> (level - 1), &f.peaks[level - 1]);
        if (err != OK)
            return err;
        begin += width;
    }
    merkle_root(&f, out);
    return OK;
}

cocoon_err merkle_root_at(const struct merkle_nodes *nodes, uint64_t size, struct digest *out)
{
    return size > merkle_size_max ? ERR_RANGE : range_root(nodes, 0, size, out);
}

/* Return the largest power of two below n (n > 1). */
static uint64_t split_of(uint64_t n)
{
    assert(n > 1);
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

static cocoon_err proof_add(struct merkle_proof *proof, const struct merkle_nodes *nodes,
                            uint64_t begin, uint64_t end)
{
    assert(proof->count < MERKLE_PROOF_MAX);
    return range_root(nodes, begin, end, &proof->hashes[proof->count++]);
}

static void proof_reverse(struct merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        struct digest *low = &proof->hashes[i], *high = &proof->hashes[proof->count - 1 - i];
        struct digest kept = *low;

        *low = *high;
        *high = kept;
    }
}

/* PATH(m, D[n]) of RFC 6962 section 2.1.1. */
cocoon_err merkle_prove_inclusion(const struct merkle_nodes *nodes, uint64_t index, uint64_t size,
                                  struct merkle_proof *out)
{
    uint64_t begin = 0, end = size;

    out->count = 0;
    if (index >= size || size > merkle_size_max)
        return ERR_RANGE;
    while (end - begin > 1) {
        uint64_t middle = begin + split_of(end - begin);
        bool left = index < middle;
        cocoon_err err =
            left ? proof_add(out, nodes, middle, end) : proof_add(out, nodes, begin, middle);

        if (err != OK)
            return err;
        if (left)
            end = middle;
        else
            begin = middle;
    }
    proof_reverse(out);
    return OK;
}

/* PROOF(m, D[n]) of RFC 6962 section 2.1.2. `known`: the verifier has this subtree's root already.
 */
cocoon_err merkle_prove_consistency(const struct merkle_nodes *nodes, uint64_t old_size,
                                    uint64_t size, struct merkle_proof *out)
{
    uint64_t begin = 0, end = size;
    cocoon_err err;

    out->count = 0;
    if (old_size > size || size > merkle_size_max)
        return ERR_RANGE;
    if (old_size == 0 || old_size == size)
        return OK;
    while (end != old_size) {
        uint64_t middle = begin + split_of(end - begin);
        bool left = old_size <= middle;

        err = left ? proof_add(out, nodes, middle, end) : proof_add(out, nodes, begin, middle);
        if (err != OK)
            return err;
        if (left)
            end = middle;
        else
            begin = middle;
    }
    if (begin != 0 && (err = proof_add(out, nodes, begin, end)) != OK)
        return err;
    proof_reverse(out);
    return OK;
}

/* Leaf hashes in an array, as a source of subtrees. O(2^level) a read. */
static cocoon_err array_node(void *state, unsigned level, uint64_t index, struct digest *out)
{
    const struct digest *const *leaves = state;

    merkle_root_of(*leaves + (index << level), (size_t)1 << level, out);
    return OK;
}

cocoon_err merkle_prove_inclusion_in(const struct digest *leaves, size_t size, size_t index,
                                     struct merkle_proof *out)
{
    struct merkle_nodes nodes = {array_node, &leaves};

    return merkle_prove_inclusion(&nodes, index, size, out);
}

cocoon_err merkle_prove_consistency_in(const struct digest *leaves, size_t size, size_t old_size,
                                       struct merkle_proof *out)
{
    struct merkle_nodes nodes = {array_node, &leaves};

    return merkle_prove_consistency(&nodes, old_size, size, out);
}

cocoon_err merkle_verify_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
                                   const struct digest *root, const struct merkle_proof *proof)
{
    uint64_t fn = index, sn = size - 1;
    struct digest r = *leaf;

    if (index >= size || proof->count > MERKLE_PROOF_MAX)
        return ERR_PROOF;
    for (size_t i = 0; i < proof->count; i++) {
        if (sn == 0)
            return ERR_PROOF;
        if ((fn & 1) != 0 || fn == sn) {
            merkle_node(&proof->hashes[i], &r, &r);
            for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
                sn >>= 1;
        } else {
            merkle_node(&r, &proof->hashes[i], &r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && digest_eq(&r, root) ? OK : ERR_PROOF;
}

/*
 * Steps 4 to 6 of RFC 9162 section 2.1.4.2: rebuild the old root in `fr` and the new one in `sr`
 * from the node at (fn, sn) upwards. Returns whether the path has the right length.
 */
static bool consistency_walk(uint64_t fn, uint64_t sn, const struct digest *path, size_t count,
                             struct digest *fr, struct digest *sr)
{
    for (size_t i = 0; i < count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            merkle_node(&path[i], fr, fr);
            merkle_node(&path[i], sr, sr);
            for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
                sn >>= 1;
        } else {
            merkle_node(sr, &path[i], sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0;
}

cocoon_err merkle_verify_consistency(uint64_t old_size, const struct digest *old_root,
                                     uint64_t size, const struct digest *root,
                                     const struct merkle_proof *proof)
{
    uint64_t fn = old_size - 1, sn = size - 1;
    struct digest fr, sr, empty;
    size_t first = 1;

    if (old_size > size || proof->count > MERKLE_PROOF_MAX)
        return ERR_PROOF;
    if (old_size == size)
        return proof->count == 0 && digest_eq(old_root, root) ? OK : ERR_PROOF;
    if (old_size == 0) {
        merkle_empty(&empty);
        return proof->count == 0 && digest_eq(old_root, &empty) ? OK : ERR_PROOF;
    }
    if (proof->count == 0)
        return ERR_PROOF;
    for (; (fn & 1) != 0; fn >>= 1)
        sn >>= 1;
    fr = sr = proof->hashes[0];
    if ((old_size & (old_size - 1)) == 0) { /* a complete subtree: its root is known, not sent */
        fr = sr = *old_root;
        first = 0;
    }
    if (!consistency_walk(fn, sn, proof->hashes + first, proof->count - first, &fr, &sr))
        return ERR_PROOF;
    return digest_eq(&fr, old_root) && digest_eq(&sr, root) ? OK : ERR_PROOF;
}
