#include "sequencer/journal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/checkpoint.h"
#include "store/db.h"
#include "store/file.h"

enum { TIP_MAX = 8 + 8 + 32 + 32 + 8 + 32 * MERKLE_LEVELS };

/* Accounts, blobs and recent checkpoints are many and never listed: they are not in the index. */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta (key INTEGER PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS entries (idx INTEGER PRIMARY KEY, entry BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, type INTEGER NOT NULL,"
    " id BLOB NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS records_type ON records (type) WHERE type NOT IN (4, 5, 6);"
    "CREATE TABLE IF NOT EXISTS pages (path BLOB PRIMARY KEY, page BLOB NOT NULL) WITHOUT ROWID;";

enum meta_key { META_GENESIS = 1, META_TIP = 2, META_NOTE = 3, META_TILED = 4 };

struct journal {
    struct db *db;
    struct tiles *tiles;
    char log_dir[FILE_PATH_MAX];
    struct ledger_tip tip;
    struct buf note;
    uint64_t tiled; /* entries before this one stand in durable bundles */
    uint64_t keeps;

    struct db_stmt *meta_get, *meta_put;
    struct db_stmt *entry_put, *entries_from, *entries_drop;
    struct db_stmt *record_get, *record_put, *record_drop, *record_list;
    struct db_stmt *page_get, *page_put, *page_drop;
};

static cocoon_err prepare(struct journal *j)
{
    const struct {
        struct db_stmt **out;
        const char *sql;
    } all[] = {
        {&j->meta_get, "SELECT value FROM meta WHERE key = ?"},
        {&j->meta_put, "INSERT OR REPLACE INTO meta VALUES (?, ?)"},
        {&j->entry_put, "INSERT INTO entries VALUES (?, ?)"},
        {&j->entries_from, "SELECT idx, entry FROM entries WHERE idx >= ? ORDER BY idx"},
        {&j->entries_drop, "DELETE FROM entries WHERE idx < ?"},
        {&j->record_get, "SELECT value FROM records WHERE key = ?"},
        {&j->record_put, "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)"},
        {&j->record_drop, "DELETE FROM records WHERE key = ?"},
        {&j->record_list, "SELECT id, value FROM records WHERE type = ? AND type NOT IN (4, 5, 6)"
                          " ORDER BY key"},
        {&j->page_get, "SELECT page FROM pages WHERE path = ?"},
        {&j->page_put, "INSERT OR REPLACE INTO pages VALUES (?, ?)"},
        {&j->page_drop, "DELETE FROM pages WHERE path = ?"},
    };
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < COUNT_OF(all); i++)
        err = db_prepare(j->db, all[i].sql, all[i].out);
    return err;
}

/* Append the one blob that `s`, whose parameters are set, selects. ERR_NOT_FOUND. */
static cocoon_err select_blob(struct db_stmt *s, struct buf *out)
{
    cocoon_err err = db_step(s);

    if (err != OK)
        return err;
    buf_put(out, db_blob(s, 0));
    db_reset(s);
    return buf_ok(out);
}

static cocoon_err meta_get(struct journal *j, enum meta_key key, struct buf *out)
{
    db_bind_u64(j->meta_get, 1, (uint64_t)key);
    return select_blob(j->meta_get, out);
}

static cocoon_err meta_put(struct journal *j, enum meta_key key, struct slice value)
{
    db_bind_u64(j->meta_put, 1, (uint64_t)key);
    db_bind_blob(j->meta_put, 2, value);
    return db_run(j->meta_put);
}

static cocoon_err put_tip(struct journal *j, const struct ledger_tip *tip)
{
    uint8_t room[TIP_MAX];
    struct wr w = wr_init(room, sizeof room);
    struct slice bytes;

    wr_u64be(&w, tip->height);
    wr_u64be(&w, tip->time_ms);
    wr_slice(&w, digest_slice(&tip->block_leaf));
    wr_slice(&w, digest_slice(&tip->state_root));
    wr_u64be(&w, tip->log.size);
    for (unsigned i = 0; i < MERKLE_LEVELS; i++)
        if ((tip->log.size >> i & 1) != 0)
            wr_slice(&w, digest_slice(&tip->log.peaks[i]));
    if (wr_end(&w, &bytes) != OK)
        return ERR_INTERNAL;
    return meta_put(j, META_TIP, bytes);
}

static cocoon_err get_tip(struct journal *j)
{
    struct ledger_tip *tip = &j->tip;
    struct buf bytes;
    struct rd r;
    cocoon_err err;

    buf_init(&bytes, TIP_MAX);
    if ((err = meta_get(j, META_TIP, &bytes)) == OK) {
        r = rd_init(buf_slice(&bytes));
        tip->height = rd_u64be(&r);
        tip->time_ms = rd_u64be(&r);
        rd_copy(&r, tip->block_leaf.bytes, 32);
        rd_copy(&r, tip->state_root.bytes, 32);
        tip->log.size = rd_u64be(&r);
        for (unsigned i = 0; i < MERKLE_LEVELS; i++)
            if ((tip->log.size >> i & 1) != 0)
                rd_copy(&r, tip->log.peaks[i].bytes, 32);
        tip->begun = true;
        err = rd_end(&r) == OK ? OK : ERR_CORRUPT;
    }
    buf_fini(&bytes);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* A new folder takes the network's genesis; an old one must have the same. */
static cocoon_err check_genesis(struct journal *j, const struct genesis *genesis)
{
    struct buf stored;
    char path[FILE_PATH_MAX];
    cocoon_err err;

    buf_init(&stored, GENESIS_MAX);
    err = meta_get(j, META_GENESIS, &stored);
    if (err == ERR_NOT_FOUND)
        err = meta_put(j, META_GENESIS, genesis->canonical);
    else if (err == OK && !slice_eq(buf_slice(&stored), genesis->canonical))
        err = ERR_MISMATCH;
    buf_fini(&stored);
    if (err != OK || (err = file_join(path, j->log_dir, "genesis.json")) != OK)
        return err;
    return file_write(path, genesis->canonical, FILE_PUBLIC, true);
}

static cocoon_err get_tiled(struct journal *j)
{
    struct buf bytes;
    struct rd r;
    cocoon_err err;

    buf_init(&bytes, 8);
    if ((err = meta_get(j, META_TILED, &bytes)) == OK) {
        r = rd_init(buf_slice(&bytes));
        j->tiled = rd_u64be(&r);
        err = rd_end(&r) == OK && j->tiled % TILE_WIDTH == 0 ? OK : ERR_CORRUPT;
    }
    buf_fini(&bytes);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Push the entries of the database behind the durable bundles: their tiles are written again. */
static cocoon_err push_entries(struct journal *j)
{
    cocoon_err err;

    db_bind_u64(j->entries_from, 1, j->tiled);
    while ((err = db_step(j->entries_from)) == OK) {
        if (db_u64(j->entries_from, 0) != tiles_size(j->tiles))
            err = ERR_CORRUPT;
        if (err == OK)
            err = tiles_push(j->tiles, db_blob(j->entries_from, 1));
        if (err != OK) {
            db_reset(j->entries_from);
            return err;
        }
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Write the checkpoint beside the tiles, with the partial tiles of its size. */
static cocoon_err publish(struct journal *j, uint64_t size, struct slice note)
{
    char path[FILE_PATH_MAX];
    cocoon_err err;

    if ((err = tiles_write_partial(j->tiles, size)) != OK)
        return err;
    if ((err = file_join(path, j->log_dir, "checkpoint")) != OK)
        return err;
    return file_write(path, note, FILE_PUBLIC, false);
}

static cocoon_err load(struct journal *j, const struct genesis *genesis)
{
    cocoon_err err;

    if ((err = db_exec(j->db, schema)) != OK)
        return err;
    if ((err = prepare(j)) != OK)
        return err;
    if ((err = check_genesis(j, genesis)) != OK)
        return err;
    if ((err = get_tip(j)) != OK)
        return err;
    err = meta_get(j, META_NOTE, &j->note);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    if ((err = get_tiled(j)) != OK)
        return err;
    if ((err = tiles_open(&j->tiles, j->log_dir, j->tiled)) != OK)
        return err;
    if ((err = push_entries(j)) != OK)
        return err;
    if (tiles_size(j->tiles) < j->tip.log.size)
        return ERR_CORRUPT;
    /* What was published before a crash may not have reached the disk as files. */
    return j->note.len > 0 ? publish(j, j->tip.log.size, buf_slice(&j->note)) : OK;
}

cocoon_err journal_open(struct journal **out, const char *dir, const struct genesis *genesis,
                        uint64_t keeps)
{
    struct journal *j = MEM_NEW(struct journal);
    char path[FILE_PATH_MAX];
    cocoon_err err;

    assert(keeps >= TILE_WIDTH);
    j->keeps = keeps;
    buf_init(&j->note, CHECKPOINT_NOTE_MAX);
    if ((err = file_join(j->log_dir, dir, "log")) != OK)
        goto fail;
    if ((err = file_make_dir(j->log_dir)) != OK)
        goto fail;
    if ((err = file_join(path, dir, "ledger.db")) != OK)
        goto fail;
    if ((err = db_open(&j->db, path, DB_SYNC_FULL)) != OK)
        goto fail;
    if ((err = load(j, genesis)) != OK)
        goto fail;
    *out = j;
    return OK;
fail:
    journal_close(j);
    return err;
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    tiles_close(j->tiles);
    db_close(j->db);
    buf_fini(&j->note);
    mem_free(j);
}

uint64_t journal_size(const struct journal *j)
{
    return tiles_size(j->tiles);
}

const struct ledger_tip *journal_tip(const struct journal *j)
{
    return &j->tip;
}

struct slice journal_note(const struct journal *j)
{
    return buf_slice(&j->note);
}

struct tiles *journal_tiles(struct journal *j)
{
    return j->tiles;
}

cocoon_err journal_leaf(void *journal, uint64_t index, struct buf *out)
{
    return tiles_entry(((struct journal *)journal)->tiles, index, out);
}

static struct slice cell_key(const struct state_cell *cell)
{
    return slice_make(cell->bytes + 1, 32);
}

/* Pages are kept under nibbles and as many bytes of path as they need, so that rows are short and
 * pages of one level lie together. */
static struct slice page_key(const struct state_cell *cell)
{
    return slice_make(cell->bytes, 1 + (cell->bytes[0] + 1U) / 2);
}

static cocoon_err read_cell(void *ctx, const struct state_cell *cell, struct buf *out)
{
    struct journal *j = (struct journal *)ctx;

    if (cell->bytes[0] == STATE_RECORD) {
        db_bind_blob(j->record_get, 1, cell_key(cell));
        return select_blob(j->record_get, out);
    }
    db_bind_blob(j->page_get, 1, page_key(cell));
    return select_blob(j->page_get, out);
}

struct state_base journal_base(struct journal *j)
{
    return (struct state_base){read_cell, j};
}

/* Let go of the entries that stand in durable bundles, now and then. */
static cocoon_err prune(struct journal *j)
{
    uint8_t room[8];
    struct wr w = wr_init(room, sizeof room);
    uint64_t tiled;
    cocoon_err err;

    if (tiles_size(j->tiles) - j->tiled < j->keeps)
        return OK;
    if ((err = tiles_sync(j->tiles, &tiled)) != OK)
        return err;
    wr_u64be(&w, tiled);
    if ((err = db_begin(j->db)) != OK)
        return err;
    if ((err = meta_put(j, META_TILED, SLICE_OF(room))) == OK) {
        db_bind_u64(j->entries_drop, 1, tiled);
        err = db_run(j->entries_drop);
    }
    if (err != OK) {
        db_rollback(j->db);
        return err;
    }
    if ((err = db_commit(j->db)) == OK)
        j->tiled = tiled;
    return err;
}

static cocoon_err insert_entries(struct journal *j, const struct buf *entries, const size_t *lens,
                                 size_t count)
{
    struct slice rest = buf_slice(entries);
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < count; i++) {
        db_bind_u64(j->entry_put, 1, tiles_size(j->tiles) + i);
        db_bind_blob(j->entry_put, 2, slice_sub(rest, 0, lens[i]));
        err = db_run(j->entry_put);
        rest = slice_skip(rest, lens[i]);
    }
    return err;
}

/* Commit the entries, then push them to the tiles. */
static cocoon_err store_entries(struct journal *j, const struct buf *entries, const size_t *lens,
                                size_t count)
{
    struct slice rest = buf_slice(entries);
    cocoon_err err;

    if ((err = db_begin(j->db)) != OK)
        return err;
    if ((err = insert_entries(j, entries, lens, count)) != OK) {
        db_rollback(j->db);
        return err;
    }
    if ((err = db_commit(j->db)) != OK)
        return err;
    for (size_t i = 0; err == OK && i < count; i++) {
        err = tiles_push(j->tiles, slice_sub(rest, 0, lens[i]));
        rest = slice_skip(rest, lens[i]);
    }
    return err;
}

cocoon_err journal_append(struct journal *j, const uint8_t *heads, const struct slice *rests,
                          size_t count)
{
    size_t *lens = MEM_ARRAY(count + 1, size_t);
    struct buf entries;
    cocoon_err err;

    buf_init(&entries, LEDGER_BLOCK_BYTES + LEDGER_BLOCK_TXS + BLOCK_LEAF_LEN);
    for (size_t i = 0; i < count; i++) {
        buf_put_u8(&entries, heads[i]);
        buf_put(&entries, rests[i]);
        lens[i] = 1 + rests[i].len;
    }
    if ((err = buf_ok(&entries)) == OK)
        err = store_entries(j, &entries, lens, count);
    if (err == OK)
        err = prune(j);
    buf_fini(&entries);
    mem_free(lens);
    return err;
}

static cocoon_err put_record(struct journal *j, const struct state_change *change)
{
    if (change->gone) {
        db_bind_blob(j->record_drop, 1, cell_key(change->cell));
        return db_run(j->record_drop);
    }
    db_bind_blob(j->record_put, 1, cell_key(change->cell));
    db_bind_u64(j->record_put, 2, change->value.len > 0 ? change->value.ptr[0] : 0);
    db_bind_blob(j->record_put, 3, change->id);
    db_bind_blob(j->record_put, 4, change->value);
    return db_run(j->record_put);
}

static cocoon_err put_change(void *ctx, const struct state_change *change)
{
    struct journal *j = (struct journal *)ctx;

    if (change->cell->bytes[0] == STATE_RECORD)
        return put_record(j, change);
    if (change->gone) {
        db_bind_blob(j->page_drop, 1, page_key(change->cell));
        return db_run(j->page_drop);
    }
    db_bind_blob(j->page_put, 1, page_key(change->cell));
    db_bind_blob(j->page_put, 2, change->value);
    return db_run(j->page_put);
}

static cocoon_err keep_note(struct journal *j, struct slice note)
{
    struct buf fresh;

    buf_init(&fresh, CHECKPOINT_NOTE_MAX);
    buf_put(&fresh, note);
    if (buf_ok(&fresh) != OK) {
        buf_fini(&fresh);
        return ERR_LIMIT;
    }
    buf_fini(&j->note);
    j->note = fresh;
    return OK;
}

cocoon_err journal_settle(struct journal *j, const struct ledger *ledger,
                          const struct ledger_tip *tip, struct slice note)
{
    cocoon_err err;

    if ((err = db_begin(j->db)) != OK)
        return err;
    if ((err = ledger_staged_each(ledger, put_change, j)) == OK)
        err = put_tip(j, tip);
    if (err == OK)
        err = meta_put(j, META_NOTE, note);
    if (err != OK) {
        db_rollback(j->db);
        return err;
    }
    if ((err = db_commit(j->db)) != OK)
        return err;
    j->tip = *tip;
    if ((err = keep_note(j, note)) != OK)
        return err;
    return publish(j, tip->log.size, note);
}

cocoon_err journal_renote(struct journal *j, struct slice note)
{
    cocoon_err err = meta_put(j, META_NOTE, note);

    if (err == OK)
        err = keep_note(j, note);
    return err == OK ? publish(j, j->tip.log.size, note) : err;
}

cocoon_err journal_list(struct journal *j, enum record_type type, journal_fn *fn, void *ctx)
{
    cocoon_err err;

    db_bind_u64(j->record_list, 1, (uint64_t)type);
    while ((err = db_step(j->record_list)) == OK) {
        err = fn(ctx, db_blob(j->record_list, 0), db_blob(j->record_list, 1));
        if (err != OK) {
            db_reset(j->record_list);
            return err;
        }
    }
    return err == ERR_NOT_FOUND ? OK : err;
}
