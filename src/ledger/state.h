/*
 * The state in memory: changes over what is stored, in layers.
 *
 * The store at the bottom holds cells: records by state key, pages of the Merkle tree by path. A
 * layer holds the cells that changed since what is below it; reading falls through. The block being
 * executed is the top layer, so a block that comes to nothing leaves no trace, and a transaction
 * that fails is rolled back to a mark. Slices of values live until their layer changes the cell or
 * ends. A layer must not change while another stands on it.
 */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "ledger/record.h"
#include "ledger/smt.h"

enum { STATE_RECORD = 0xff }; /* first byte of a record's cell; a page has its nibbles there */

struct state_cell {
    uint8_t bytes[33]; /* kind or nibbles, then the state key or the path */
};

/* The store: appends the cell's bytes to `out`. ERR_NOT_FOUND when there is none. */
struct state_base {
    cocoon_err (*read)(void *ctx, const struct state_cell *cell, struct buf *out);
    void *ctx;
};

/* A store that holds nothing: over it, the bottom layer is all there is. */
extern const struct state_base state_base_empty;

struct state_layer;

/* Return an empty layer over `below`, or over `base` if `below` is NULL; both outlive it. */
struct state_layer *state_layer_new(const struct state_base *base, struct state_layer *below);
void state_layer_free(struct state_layer *layer);

/* Set `*value` to the record under `key`. ERR_ABSENT, and the errors of the store. */
cocoon_err state_read(struct state_layer *layer, const struct digest *key,
                      struct slice *value) MUST_CHECK;

/* Set the record under `key` to a copy of `value`, or remove it. */
void state_write(struct state_layer *layer, const struct digest *key, struct slice value);
void state_remove(struct state_layer *layer, const struct digest *key);

/* The same by type and id. */
cocoon_err state_get(struct state_layer *layer, enum record_type type, struct slice id,
                     struct slice *value) MUST_CHECK;
void state_put(struct state_layer *layer, enum record_type type, struct slice id,
               struct slice value);

/* From a mark on, changes are noted; they are then kept, or undone. Marks do not nest. */
void state_mark(struct state_layer *layer);
void state_keep(struct state_layer *layer);
void state_undo(struct state_layer *layer);

/* Bring the tree up to date with the layer's records and set `*root` to its root. Once, after the
 * layer's last change. ERR_CORRUPT, and the errors of the store. */
cocoon_err state_seal(struct state_layer *layer, struct digest *root) MUST_CHECK;

/* Prove the presence or absence of `key` in the sealed tree of `layer`; `layer` may be NULL: that
 * of `base`. */
cocoon_err state_prove(const struct state_base *base, struct state_layer *layer,
                       const struct digest *key, struct smt_proof *out) MUST_CHECK;

/* Move every change of `layer` into the layer below it, which must exist, and free `layer`. */
void state_merge(struct state_layer *layer);

/* Put `layer` over `below` (NULL: over the base) instead of what it stood on. */
void state_rebase(struct state_layer *layer, struct state_layer *below);

/* A cell that differs from what is below. */
struct state_change {
    const struct state_cell *cell;
    bool gone;          /* removed: no value */
    struct slice value; /* of a record; of a page, its bytes */
    struct slice id;    /* of a record put by state_put; else empty */
};

/* Call `fn` for every change, in no particular order, until it fails. */
typedef cocoon_err state_fn(void *ctx, const struct state_change *change);
cocoon_err state_each(const struct state_layer *layer, state_fn *fn, void *ctx) MUST_CHECK;

/* Bytes of the values held by `layer`, and cells. */
size_t state_size(const struct state_layer *layer);

#endif
