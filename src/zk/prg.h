/*
 * Pads and masks from one seed: SHA-256(02 || seed || counter64le), counter = 0, 1, ..., cut into
 * words of 31 bits of which those below p are taken. A seed is used once: a prover that met two
 * challenges with one set of pads would give its witness away.
 */
#ifndef ZK_PRG_H
#define ZK_PRG_H

#include "base/rng.h"
#include "crypto/secret.h"
#include "zk/ext.h"
#include "zk/zhash.h"

enum { PRG_LANES = 4 };

struct prg {
    struct secret32 seed;
    uint64_t counter;
    struct digest block[PRG_LANES];
    size_t used; /* words of `block` already given */
};

/* Start from a seed drawn from `rng`. */
void prg_init(struct prg *g, const struct rng *rng);

/* Start from `seed`: for commitments that must be made again. */
void prg_init_seed(struct prg *g, const struct secret32 *seed);

void prg_wipe(struct prg *g);

/* Fill `count` uniform elements at `out`. */
void prg_fields(struct prg *g, field *out, size_t count);

struct ext prg_ext(struct prg *g);

#endif
