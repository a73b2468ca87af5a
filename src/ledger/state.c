#include "ledger/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM_FIRST = 256 }; /* entries of a new table: a small block fits */

struct value {
    size_t len;
    size_t id_len;
    uint8_t bytes[]; /* value, then the record's id */
};

static const struct slice no_id;

enum entry_kind {
    ENTRY_FREE,    /* no cell */
    ENTRY_THROUGH, /* a cell of which this layer knows nothing (any more) */
    ENTRY_COPY,    /* as the store has it */
    ENTRY_CHANGED,
};

struct entry {
    struct state_cell cell;
    enum entry_kind kind;
    struct value *value; /* NULL: there is none */
};

/* What a cell was when it was first changed after the mark. */
struct undo {
    struct state_cell cell;
    enum entry_kind kind;
    struct value *value;
};

struct state_layer {
    const struct state_base *base;
    struct state_layer *below;
    struct entry *table;
    size_t room, count; /* room is a power of two, at most half full */
    struct undo *undos;
    size_t undo_count, undo_room;
    bool marked;
    size_t bytes;
};

static cocoon_err read_nothing(void *ctx, const struct state_cell *cell, struct buf *out)
{
    (void)ctx;
    (void)cell;
    (void)out;
    return ERR_NOT_FOUND;
}

const struct state_base state_base_empty = {read_nothing, NULL};

static struct state_cell record_cell(const struct digest *key)
{
    struct state_cell cell = {{STATE_RECORD}};

    memcpy(cell.bytes + 1, key->bytes, 32);
    return cell;
}

static struct state_cell page_cell(const struct smt_path *path)
{
    struct state_cell cell = {{path->nibbles}};

    memcpy(cell.bytes + 1, path->bytes, 32);
    return cell;
}

/* Cells are hashes or the beginnings of hashes: any mixing will do. */
static size_t cell_hash(const struct state_cell *cell)
{
    uint64_t words[4];

    memcpy(words, cell->bytes + 1, sizeof words);
    words[0] ^= words[1] ^ words[2] ^ words[3];
    return (size_t)((words[0] + cell->bytes[0]) * 0x9e3779b97f4a7c15 >> 20);
}

/* Return the entry of `cell`, or the free one where it would go. */
static struct entry *slot(const struct state_layer *layer, const struct state_cell *cell)
{
    size_t at = cell_hash(cell) & (layer->room - 1);

    while (layer->table[at].kind != ENTRY_FREE &&
           memcmp(&layer->table[at].cell, cell, sizeof *cell) != 0)
        at = (at + 1) & (layer->room - 1);
    return &layer->table[at];
}

static void grow(struct state_layer *layer)
{
    struct entry *old = layer->table;
    size_t old_room = layer->room;

    layer->room = old_room == 0 ? ROOM_FIRST : 2 * old_room;
    layer->table = MEM_ARRAY(layer->room, struct entry);
    for (size_t i = 0; i < old_room; i++)
        if (old[i].kind != ENTRY_FREE)
            *slot(layer, &old[i].cell) = old[i];
    mem_free(old);
}

static struct entry *find(const struct state_layer *layer, const struct state_cell *cell)
{
    struct entry *e = layer->room == 0 ? NULL : slot(layer, cell);

    return e != NULL && e->kind > ENTRY_THROUGH ? e : NULL;
}

static struct entry *insert(struct state_layer *layer, const struct state_cell *cell)
{
    struct entry *e;

    if (2 * (layer->count + 1) > layer->room)
        grow(layer);
    e = slot(layer, cell);
    if (e->kind == ENTRY_FREE) {
        *e = (struct entry){.cell = *cell, .kind = ENTRY_THROUGH};
        layer->count++;
    }
    return e;
}

static struct value *value_new(struct slice bytes, struct slice id)
{
    struct value *v = (struct value *)mem_new(sizeof *v + bytes.len + id.len);

    v->len = bytes.len;
    v->id_len = id.len;
    if (bytes.len > 0)
        memcpy(v->bytes, bytes.ptr, bytes.len);
    if (id.len > 0)
        memcpy(v->bytes + bytes.len, id.ptr, id.len);
    return v;
}

static void drop(struct state_layer *layer, struct value *v)
{
    if (v != NULL)
        layer->bytes -= v->len;
    mem_free(v);
}

/* Note what an entry is before it changes. A second change after one mark is noted too: undoing
 * goes backwards, so the first note wins. */
static void note(struct state_layer *layer, const struct entry *before)
{
    if (layer->undo_count == layer->undo_room) {
        layer->undo_room = layer->undo_room == 0 ? 16 : 2 * layer->undo_room;
        layer->undos = mem_resize(layer->undos, layer->undo_room, sizeof *layer->undos);
    }
    layer->undos[layer->undo_count++] = (struct undo){before->cell, before->kind, before->value};
}

/* Take `v` (NULL: removed) as the value of `cell`. */
static void set_take(struct state_layer *layer, const struct state_cell *cell, struct value *v)
{
    struct entry *e = insert(layer, cell);

    if (layer->marked)
        note(layer, e);
    else
        drop(layer, e->value);
    e->value = v;
    e->kind = ENTRY_CHANGED;
    if (v != NULL)
        layer->bytes += v->len;
}

struct state_layer *state_layer_new(const struct state_base *base, struct state_layer *below)
{
    struct state_layer *layer = MEM_NEW(struct state_layer);

    layer->base = base;
    layer->below = below;
    return layer;
}

void state_layer_free(struct state_layer *layer)
{
    if (layer == NULL)
        return;
    if (layer->marked)
        state_undo(layer);
    for (size_t i = 0; i < layer->room; i++)
        mem_free(layer->table[i].value);
    mem_free(layer->table);
    mem_free(layer->undos);
    mem_free(layer);
}

/* Read a page from the store. */
static cocoon_err base_page(const struct state_base *base, const struct state_cell *cell,
                            struct smt_page *out)
{
    struct buf stored;
    cocoon_err err;

    buf_init(&stored, SMT_PAGE_MAX);
    err = base->read(base->ctx, cell, &stored);
    if (err == OK)
        err = smt_page_read(buf_slice(&stored), out) == OK ? OK : ERR_CORRUPT;
    buf_fini(&stored);
    return err;
}

/* Return the entry of `cell` in `layer` or the next one below that has it, or NULL. */
static struct entry *find_down(const struct state_layer *layer, const struct state_cell *cell)
{
    struct entry *e = NULL;

    for (; layer != NULL && e == NULL; layer = layer->below)
        e = find(layer, cell);
    return e;
}

cocoon_err state_read(struct state_layer *layer, const struct digest *key, struct slice *value)
{
    struct state_cell cell = record_cell(key);
    struct entry *e = find_down(layer, &cell);
    struct buf stored;
    cocoon_err err;

    if (e == NULL) {
        /* Keep a copy, present or not, so that slices stay and the store is asked once. */
        buf_init(&stored, RECORD_MAX);
        err = layer->base->read(layer->base->ctx, &cell, &stored);
        if (err == OK || err == ERR_NOT_FOUND) {
            e = insert(layer, &cell);
            e->kind = ENTRY_COPY;
            e->value = err == OK ? value_new(buf_slice(&stored), no_id) : NULL;
            layer->bytes += stored.len;
            err = OK;
        }
        buf_fini(&stored);
        if (err != OK)
            return err;
    }
    if (e->value == NULL)
        return ERR_ABSENT;
    *value = slice_make(e->value->bytes, e->value->len);
    return OK;
}

void state_write(struct state_layer *layer, const struct digest *key, struct slice value)
{
    struct state_cell cell = record_cell(key);

    assert(value.len <= RECORD_MAX);
    set_take(layer, &cell, value_new(value, no_id));
}

void state_remove(struct state_layer *layer, const struct digest *key)
{
    struct state_cell cell = record_cell(key);

    set_take(layer, &cell, NULL);
}

cocoon_err state_get(struct state_layer *layer, enum record_type type, struct slice id,
                     struct slice *value)
{
    struct digest key;

    record_key(type, id, &key);
    return state_read(layer, &key, value);
}

void state_put(struct state_layer *layer, enum record_type type, struct slice id,
               struct slice value)
{
    struct state_cell cell;
    struct digest key;

    assert(value.len <= RECORD_MAX);
    record_key(type, id, &key);
    cell = record_cell(&key);
    set_take(layer, &cell, value_new(value, id));
}

void state_mark(struct state_layer *layer)
{
    assert(!layer->marked && layer->undo_count == 0);
    layer->marked = true;
}

void state_keep(struct state_layer *layer)
{
    assert(layer->marked);
    for (size_t i = 0; i < layer->undo_count; i++)
        drop(layer, layer->undos[i].value);
    layer->undo_count = 0;
    layer->marked = false;
}

void state_undo(struct state_layer *layer)
{
    assert(layer->marked);
    while (layer->undo_count > 0) {
        const struct undo *u = &layer->undos[--layer->undo_count];
        struct entry *e = slot(layer, &u->cell);

        assert(e->kind == ENTRY_CHANGED);
        drop(layer, e->value);
        e->value = u->value;
        e->kind = u->kind;
    }
    layer->marked = false;
}

/* The layer as a store of pages. */
static cocoon_err page_read(void *state, const struct smt_path *path, struct smt_page *out)
{
    const struct state_layer *layer = (const struct state_layer *)state;
    struct state_cell cell = page_cell(path);
    const struct entry *e = find_down(layer, &cell);

    if (e == NULL)
        return base_page(layer->base, &cell, out);
    if (e->value == NULL)
        return ERR_NOT_FOUND;
    return smt_page_read(slice_make(e->value->bytes, e->value->len), out);
}

static cocoon_err page_write(void *state, const struct smt_path *path, const struct smt_page *page)
{
    struct state_layer *layer = (struct state_layer *)state;
    struct state_cell cell = page_cell(path);
    uint8_t room[SMT_PAGE_MAX];
    struct wr w = wr_init(room, sizeof room);
    struct slice bytes;

    if (page == NULL) {
        set_take(layer, &cell, NULL);
        return OK;
    }
    smt_page_put(&w, page);
    if (wr_end(&w, &bytes) != OK)
        return ERR_INTERNAL;
    set_take(layer, &cell, value_new(bytes, no_id));
    return OK;
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct smt_change *)a)->key.bytes,
                  ((const struct smt_change *)b)->key.bytes, 32);
}

/* Set `*out` to the records that changed, in order of their keys; the caller frees it. */
static size_t collect(const struct state_layer *layer, struct smt_change **out)
{
    struct smt_change *list = MEM_ARRAY(layer->count + 1, struct smt_change);
    size_t count = 0;

    for (size_t i = 0; i < layer->room; i++) {
        const struct entry *e = &layer->table[i];

        if (e->kind != ENTRY_CHANGED || e->cell.bytes[0] != STATE_RECORD)
            continue;
        memcpy(list[count].key.bytes, e->cell.bytes + 1, 32);
        list[count].gone = e->value == NULL;
        if (e->value != NULL)
            sha256(slice_make(e->value->bytes, e->value->len), &list[count].value);
        count++;
    }
    qsort(list, count, sizeof *list, by_key);
    *out = list;
    return count;
}

cocoon_err state_seal(struct state_layer *layer, struct digest *root)
{
    struct smt_store store = {page_read, page_write, layer};
    struct smt_change *changes;
    size_t count = collect(layer, &changes);
    cocoon_err err;

    assert(!layer->marked);
    err = smt_update(&store, changes, count, root);
    mem_free(changes);
    return err;
}

static cocoon_err base_store_read(void *state, const struct smt_path *path, struct smt_page *out)
{
    struct state_cell cell = page_cell(path);

    return base_page((const struct state_base *)state, &cell, out);
}

cocoon_err state_prove(const struct state_base *base, struct state_layer *layer,
                       const struct digest *key, struct smt_proof *out)
{
    struct state_base under = *base;
    struct smt_store of_layer = {page_read, page_write, layer};
    struct smt_store of_base = {base_store_read, NULL, &under};

    return smt_prove(layer != NULL ? &of_layer : &of_base, key, out);
}

void state_merge(struct state_layer *layer)
{
    struct state_layer *into = layer->below;

    assert(into != NULL && !layer->marked && !into->marked);
    for (size_t i = 0; i < layer->room; i++) {
        struct entry *e = &layer->table[i];

        if (e->kind != ENTRY_CHANGED)
            continue;
        set_take(into, &e->cell, e->value);
        e->value = NULL;
    }
    state_layer_free(layer);
}

void state_rebase(struct state_layer *layer, struct state_layer *below)
{
    layer->below = below;
}

cocoon_err state_each(const struct state_layer *layer, state_fn *fn, void *ctx)
{
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < layer->room; i++) {
        const struct entry *e = &layer->table[i];
        struct state_change change = {.cell = &e->cell, .gone = e->value == NULL};

        if (e->kind != ENTRY_CHANGED)
            continue;
        if (e->value != NULL) {
            change.value = slice_make(e->value->bytes, e->value->len);
            change.id = slice_make(e->value->bytes + e->value->len, e->value->id_len);
        }
        err = fn(ctx, &change);
    }
    return err;
}

size_t state_size(const struct state_layer *layer)
{
    return layer->bytes + layer->room * sizeof(struct entry);
}
