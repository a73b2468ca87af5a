/*
 * The sparse Merkle tree of the state, kept in pages of four levels.
 *
 * A page stands at a path of whole nibbles and holds, for each of its 16 continuations, what the
 * subtree there is: empty, one leaf, or more. Only a subtree of more than one leaf has a page of
 * its own, so a tree of n random keys has about n / 3 pages and paths of log16(n). The page of the
 * empty path always exists once something was put. Hashes: ledger/smt_proof.h.
 *
 *   page bytes   kinds u32 (2 bits a slot, slot 0 in the highest: 0 empty, 1 leaf, 2 inner), then
 *                for each slot that is not empty: leaf: key 32 | SHA-256(value) 32; inner: hash 32
 */
#ifndef LEDGER_SMT_H
#define LEDGER_SMT_H

#include "ledger/smt_proof.h"

enum { SMT_FAN = 16, SMT_NIBBLES = 64, SMT_PAGE_MAX = 4 + SMT_FAN * 64, SMT_PATH_MAX = 33 };

struct smt_path {
    uint8_t nibbles;   /* 0..63 */
    uint8_t bytes[32]; /* two a byte, high first; the rest zero */
};

enum smt_kind { SMT_SLOT_EMPTY = 0, SMT_SLOT_LEAF = 1, SMT_SLOT_INNER = 2 };

struct smt_slot {
    uint8_t kind;
    struct digest hash;  /* leaf: its key; inner: of the subtree */
    struct digest value; /* leaf: SHA-256(value) */
};

struct smt_page {
    struct smt_slot slots[SMT_FAN];
};

/* Where pages are kept. `read` answers ERR_NOT_FOUND for a page that is not there; `write` with
 * NULL removes one. */
struct smt_store {
    cocoon_err (*read)(void *state, const struct smt_path *path, struct smt_page *out);
    cocoon_err (*write)(void *state, const struct smt_path *path, const struct smt_page *page);
    void *state;
};

struct smt_change {
    struct digest key;
    struct digest value; /* SHA-256 of the new value */
    bool gone;           /* the record is removed instead */
};

/*
 * Apply `changes`, which are in rising order of key without repetition (asserted), and set `*root`
 * to the new root. Removing what is not there changes nothing. O(changes * log n). ERR_CORRUPT when
 * a page that must be there is not, and the errors of the store, which is then half written.
 */
cocoon_err smt_update(const struct smt_store *store, const struct smt_change *changes, size_t count,
                      struct digest *root) MUST_CHECK;

/* Make the proof of presence or absence of `key`. O(log n) pages. */
cocoon_err smt_prove(const struct smt_store *store, const struct digest *key,
                     struct smt_proof *out) MUST_CHECK;

/* Set `*root` to the root as the stored pages have it. */
cocoon_err smt_root(const struct smt_store *store, struct digest *root) MUST_CHECK;

/* The bytes of a page and of a path (nibbles u8 | its bytes), for stores. */
void smt_page_put(struct wr *w, const struct smt_page *page);
cocoon_err smt_page_read(struct slice bytes, struct smt_page *out) MUST_CHECK;
void smt_path_put(struct wr *w, const struct smt_path *path);

#endif
