#include "store/db.h"

#include <assert.h>
#include <sqlite3.h>

#include "base/log.h"
#include "base/mem.h"

enum { STATEMENTS_MAX = 64, BUSY_MS = 2000 };

struct db_stmt {
    struct db *db;
    sqlite3_stmt *stmt;
};

struct db {
    sqlite3 *sqlite;
    struct db_stmt *statements[STATEMENTS_MAX];
    size_t count;
};

/* Turn SQLite's code into ours, and log what it says. Its texts hold no data of rows. */
static cocoon_err complain(struct db *db, int code)
{
    struct log_line line = log_begin(LOG_ERROR, "database");

    log_text(&line, "text", slice_text(sqlite3_errmsg(db->sqlite)));
    log_u64(&line, "code", (uint64_t)sqlite3_extended_errcode(db->sqlite));
    log_end(&line);
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        return ERR_CORRUPT;
    return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED ? ERR_BUSY : ERR_DB;
}

cocoon_err db_exec(struct db *db, const char *sql)
{
    int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? OK : complain(db, code);
}

/* Exclusive locking keeps other processes out and needs no shared-memory file. */
static cocoon_err set_up(struct db *db, enum db_sync sync)
{
    cocoon_err err;

    sqlite3_busy_timeout(db->sqlite, BUSY_MS);
    sqlite3_extended_result_codes(db->sqlite, 1);
    if ((err = db_exec(db, "PRAGMA locking_mode = EXCLUSIVE")) != OK)
        return err;
    if ((err = db_exec(db, "PRAGMA journal_mode = WAL")) != OK)
        return err;
    err = db_exec(db, sync == DB_SYNC_FULL ? "PRAGMA synchronous = FULL"
                                           : "PRAGMA synchronous = NORMAL");
    if (err != OK)
        return err;
    if ((err = db_exec(db, "PRAGMA cache_size = -32768")) != OK)
        return err;
    /* Take the lock now, not at the first write. */
    if ((err = db_exec(db, "BEGIN IMMEDIATE")) != OK)
        return err;
    return db_exec(db, "COMMIT");
}

cocoon_err db_open(struct db **out, const char *path, enum db_sync sync)
{
    struct db *db = MEM_NEW(struct db);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
    cocoon_err err = code == SQLITE_OK ? set_up(db, sync) : complain(db, code);

    if (err != OK) {
        db_close(db);
        return err;
    }
    *out = db;
    return OK;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < db->count; i++) {
        sqlite3_finalize(db->statements[i]->stmt);
        mem_free(db->statements[i]);
    }
    sqlite3_close(db->sqlite);
    mem_free(db);
}

cocoon_err db_begin(struct db *db)
{
    return db_exec(db, "BEGIN IMMEDIATE");
}

cocoon_err db_commit(struct db *db)
{
    cocoon_err err = db_exec(db, "COMMIT");

    if (err != OK)
        db_rollback(db);
    return err;
}

void db_rollback(struct db *db)
{
    /* SQLite may have rolled back by itself; a second time is an error of no interest. */
    if (sqlite3_get_autocommit(db->sqlite) == 0)
        (void)!db_exec(db, "ROLLBACK");
}

cocoon_err db_prepare(struct db *db, const char *sql, struct db_stmt **out)
{
    struct db_stmt *s = MEM_NEW(struct db_stmt);
    int code;

    assert(db->count < STATEMENTS_MAX);
    s->db = db;
    code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL);
    if (code != SQLITE_OK) {
        mem_free(s);
        return complain(db, code);
    }
    db->statements[db->count++] = s;
    *out = s;
    return OK;
}

void db_bind_u64(struct db_stmt *s, int at, uint64_t value)
{
    int code;

    assert(value <= INT64_MAX);
    code = sqlite3_bind_int64(s->stmt, at, (sqlite3_int64)value);
    assert(code == SQLITE_OK);
}

void db_bind_blob(struct db_stmt *s, int at, struct slice value)
{
    const void *ptr = value.len > 0 ? (const void *)value.ptr : "";
    int code = sqlite3_bind_blob64(s->stmt, at, ptr, value.len, SQLITE_STATIC);

    assert(code == SQLITE_OK);
}

cocoon_err db_run(struct db_stmt *s)
{
    int code = sqlite3_step(s->stmt);
    cocoon_err err = code == SQLITE_DONE ? OK : complain(s->db, code);

    assert(code != SQLITE_ROW);
    sqlite3_reset(s->stmt);
    return err;
}

cocoon_err db_step(struct db_stmt *s)
{
    int code = sqlite3_step(s->stmt);
    cocoon_err err;

    if (code == SQLITE_ROW)
        return OK;
    err = code == SQLITE_DONE ? ERR_NOT_FOUND : complain(s->db, code);
    sqlite3_reset(s->stmt);
    return err;
}

uint64_t db_u64(struct db_stmt *s, int column)
{
    sqlite3_int64 value = sqlite3_column_int64(s->stmt, column);

    return value < 0 ? 0 : (uint64_t)value;
}

struct slice db_blob(struct db_stmt *s, int column)
{
    const void *ptr = sqlite3_column_blob(s->stmt, column);

    return slice_make(ptr, (size_t)sqlite3_column_bytes(s->stmt, column));
}

void db_reset(struct db_stmt *s)
{
    sqlite3_reset(s->stmt);
}
