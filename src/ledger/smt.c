#include "ledger/smt.h"

#include <assert.h>
#include <string.h>

static const struct smt_slot nothing;

static unsigned nibble_of(const struct digest *key, unsigned at)
{
    return at % 2 == 0 ? key->bytes[at / 2] >> 4 : key->bytes[at / 2] & 15U;
}

static struct smt_path child_path(const struct smt_path *path, unsigned nibble)
{
    struct smt_path child = *path;

    assert(path->nibbles < SMT_NIBBLES - 1);
    child.bytes[path->nibbles / 2] |= (uint8_t)(path->nibbles % 2 == 0 ? nibble << 4 : nibble);
    child.nibbles++;
    return child;
}

static void slot_hash(const struct smt_slot *slot, struct digest *out)
{
    if (slot->kind == SMT_SLOT_LEAF)
        smt_leaf_hash(&slot->hash, &slot->value, out);
    else
        *out = slot->hash; /* of an empty one: zero */
}

/* Say what the subtree over two halves is. */
static struct smt_slot join(const struct smt_slot *left, const struct smt_slot *right)
{
    struct smt_slot out = {.kind = SMT_SLOT_INNER};
    struct digest l, r;

    if (right->kind == SMT_SLOT_EMPTY && left->kind != SMT_SLOT_INNER)
        return *left;
    if (left->kind == SMT_SLOT_EMPTY && right->kind != SMT_SLOT_INNER)
        return *right;
    slot_hash(left, &l);
    slot_hash(right, &r);
    smt_node_hash(&l, &r, &out.hash);
    return out;
}

/* Say what the subtree over `count` slots, a power of two, is. */
static struct smt_slot summary(const struct smt_slot *slots, unsigned count)
{
    struct smt_slot work[SMT_FAN];

    assert(count >= 1 && count <= SMT_FAN);
    memcpy(work, slots, count * sizeof *slots);
    for (; count > 1; count /= 2)
        for (unsigned i = 0; i < count / 2; i++)
            work[i] = join(&work[2 * i], &work[2 * i + 1]);
    return work[0];
}

/* A pass over one subtree: its place, what it is before and after. */
struct pass {
    const struct smt_store *store;
    struct smt_path path;
};

/* Set `page` to the page of a subtree that is `slot` now. `*stored` says whether the store has it.
 */
static cocoon_err open_page(const struct pass *p, const struct smt_slot *slot,
                            struct smt_page *page, bool *stored)
{
    cocoon_err err;

    memset(page, 0, sizeof *page);
    *stored = slot->kind == SMT_SLOT_INNER;
    if (slot->kind == SMT_SLOT_LEAF)
        page->slots[nibble_of(&slot->hash, p->path.nibbles)] = *slot;
    if (!*stored)
        return OK;
    err = p->store->read(p->store->state, &p->path, page);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static cocoon_err close_page(const struct pass *p, const struct smt_page *page, bool stored,
                             struct smt_slot *slot)
{
    *slot = summary(page->slots, SMT_FAN);
    if (slot->kind == SMT_SLOT_INNER)
        return p->store->write(p->store->state, &p->path, page);
    return stored ? p->store->write(p->store->state, &p->path, NULL) : OK;
}

/* Settle what needs no page: one change to an empty subtree or to its only leaf. */
static bool change_in_place(struct smt_slot *slot, const struct smt_change *change)
{
    bool same = slot->kind == SMT_SLOT_LEAF && digest_eq(&slot->hash, &change->key);

    if (slot->kind == SMT_SLOT_INNER || (slot->kind == SMT_SLOT_LEAF && !same && !change->gone))
        return false;
    if (change->gone)
        *slot = same || slot->kind == SMT_SLOT_EMPTY ? nothing : *slot;
    else
        *slot = (struct smt_slot){SMT_SLOT_LEAF, change->key, change->value};
    return true;
}

/* Return how many of `changes` continue with the same nibble at `at` as the first. */
static size_t run_length(const struct smt_change *changes, size_t count, unsigned at)
{
    size_t n = 1;

    while (n < count && nibble_of(&changes[n].key, at) == nibble_of(&changes[0].key, at))
        n++;
    return n;
}

/*
 * Apply `changes` to the subtree at p->path, which is `slot` before and after. Depth is bounded by
 * the 64 nibbles of a key; keys are hashes, so it is about log16 of the records.
 */
static cocoon_err apply(const struct pass *p, struct smt_slot *slot,
                        const struct smt_change *changes, size_t count)
{
    struct smt_page page;
    bool stored;
    cocoon_err err;

    if (count == 0 || (count == 1 && change_in_place(slot, changes)))
        return OK;
    if ((err = open_page(p, slot, &page, &stored)) != OK)
        return err;
    while (count > 0) {
        unsigned nibble = nibble_of(&changes->key, p->path.nibbles);
        size_t n = run_length(changes, count, p->path.nibbles);

        if (n == 1 && change_in_place(&page.slots[nibble], changes)) {
            err = OK;
        } else {
            struct pass child = {p->store, child_path(&p->path, nibble)};

            err = apply(&child, &page.slots[nibble], changes, n);
        }
        if (err != OK)
            return err;
        changes += n;
        count -= n;
    }
    return close_page(p, &page, stored, slot);
}

/* Read the first page; a tree that never held anything has none. */
static cocoon_err read_top(const struct smt_store *store, struct smt_page *page, bool *stored)
{
    static const struct smt_path top;
    cocoon_err err = store->read(store->state, &top, page);

    *stored = err == OK;
    if (err == ERR_NOT_FOUND)
        memset(page, 0, sizeof *page);
    return err == ERR_NOT_FOUND ? OK : err;
}

static void root_hash(const struct smt_page *page, struct digest *root)
{
    struct smt_slot whole = summary(page->slots, SMT_FAN);

    slot_hash(&whole, root);
}

cocoon_err smt_update(const struct smt_store *store, const struct smt_change *changes, size_t count,
                      struct digest *root)
{
    struct pass top = {.store = store};
    struct smt_page page;
    bool stored;
    cocoon_err err;

    for (size_t i = 1; i < count; i++)
        assert(memcmp(changes[i - 1].key.bytes, changes[i].key.bytes, 32) < 0);
    if ((err = read_top(store, &page, &stored)) != OK)
        return err;
    while (count > 0) {
        unsigned nibble = nibble_of(&changes->key, 0);
        size_t n = run_length(changes, count, 0);
        struct pass child = {store, child_path(&top.path, nibble)};

        if ((err = apply(&child, &page.slots[nibble], changes, n)) != OK)
            return err;
        changes += n;
        count -= n;
    }
    if ((err = store->write(store->state, &top.path, &page)) != OK)
        return err;
    root_hash(&page, root);
    return OK;
}

cocoon_err smt_root(const struct smt_store *store, struct digest *root)
{
    struct smt_page page;
    bool stored;
    cocoon_err err = read_top(store, &page, &stored);

    if (err == OK)
        root_hash(&page, root);
    return err;
}

/* Go down the four levels of one page towards `nibble`, noting what stands beside the path, until
 * the subtree holds one leaf or none, or the page ends. Set `*here` to what was reached. */
static void walk_page(const struct smt_page *page, unsigned nibble, struct smt_proof *out,
                      struct smt_slot *here)
{
    const struct smt_slot *slots = page->slots;

    for (unsigned half = SMT_FAN / 2; half >= 1; half /= 2) {
        bool right = (nibble & half) != 0;
        struct smt_slot beside = summary(right ? slots : slots + half, half);

        slots = right ? slots + half : slots;
        slot_hash(&beside, &out->siblings[out->depth++]);
        *here = summary(slots, half);
        if (here->kind != SMT_SLOT_INNER)
            return;
    }
}

static void conclude(const struct smt_slot *end, const struct digest *key, struct smt_proof *out)
{
    if (end->kind == SMT_SLOT_EMPTY) {
        out->kind = SMT_EMPTY;
    } else if (digest_eq(&end->hash, key)) {
        out->kind = SMT_PRESENT;
    } else {
        out->kind = SMT_OTHER;
        out->other_key = end->hash;
        out->other_value = end->value;
    }
}

cocoon_err smt_prove(const struct smt_store *store, const struct digest *key, struct smt_proof *out)
{
    struct smt_path path = {0};
    struct smt_page page;
    struct smt_slot here;
    bool stored;
    cocoon_err err = read_top(store, &page, &stored);

    out->depth = 0;
    if (err != OK)
        return err;
    here = summary(page.slots, SMT_FAN);
    while (here.kind == SMT_SLOT_INNER) {
        unsigned nibble = nibble_of(key, path.nibbles);

        walk_page(&page, nibble, out, &here);
        if (here.kind != SMT_SLOT_INNER)
            break;
        if (path.nibbles == SMT_NIBBLES - 1)
            return ERR_CORRUPT;
        path = child_path(&path, nibble);
        if ((err = store->read(store->state, &path, &page)) != OK)
            return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    }
    conclude(&here, key, out);
    return OK;
}

void smt_page_put(struct wr *w, const struct smt_page *page)
{
    uint32_t kinds = 0;

    for (unsigned i = 0; i < SMT_FAN; i++)
        kinds = kinds << 2 | page->slots[i].kind;
    wr_u32be(w, kinds);
    for (unsigned i = 0; i < SMT_FAN; i++) {
        const struct smt_slot *slot = &page->slots[i];

        if (slot->kind != SMT_SLOT_EMPTY)
            wr_slice(w, digest_slice(&slot->hash));
        if (slot->kind == SMT_SLOT_LEAF)
            wr_slice(w, digest_slice(&slot->value));
    }
}

cocoon_err smt_page_read(struct slice bytes, struct smt_page *out)
{
    struct rd r = rd_init(bytes);
    uint32_t kinds = rd_u32be(&r);

    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < SMT_FAN; i++) {
        struct smt_slot *slot = &out->slots[i];

        slot->kind = (uint8_t)(kinds >> (30 - 2 * i) & 3U);
        if (slot->kind > SMT_SLOT_INNER)
            rd_fail(&r);
        if (slot->kind != SMT_SLOT_EMPTY)
            rd_copy(&r, slot->hash.bytes, 32);
        if (slot->kind == SMT_SLOT_LEAF)
            rd_copy(&r, slot->value.bytes, 32);
    }
    return rd_end(&r);
}

void smt_path_put(struct wr *w, const struct smt_path *path)
{
    wr_u8(w, path->nibbles);
    wr_slice(w, slice_make(path->bytes, (path->nibbles + 1U) / 2));
}
