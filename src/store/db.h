/*
 * SQLite, as one writer uses it: write-ahead log, every commit synced before it returns.
 *
 *     err = db_open(&db, path);
 *     err = db_prepare(db, "INSERT INTO entries VALUES (?, ?)", &insert);
 *     db_bind_u64(insert, 1, index);
 *     db_bind_blob(insert, 2, leaf);
 *     err = db_run(insert);
 *
 * Binding fails only on a programmer's error, which is asserted. Statements are reset by db_run and
 * when db_step finds no further row. Errors are ERR_DB (with SQLite's text in the log), ERR_CORRUPT
 * for a damaged file, ERR_BUSY when another process holds it. Not thread-safe: one owner.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/slice.h"

struct db;
struct db_stmt;

enum db_sync {
    DB_SYNC_FULL,   /* a commit survives the loss of power: what was acknowledged */
    DB_SYNC_NORMAL, /* the file stays whole, the last commits may be lost: what can be made again */
};

/* Open or make the database at `path`, alone: a second opener gets ERR_BUSY. */
cocoon_err db_open(struct db **out, const char *path, enum db_sync sync) MUST_CHECK;

/* Close it and free its statements. NULL is fine. */
void db_close(struct db *db);

/* Run SQL text (static) without results: schema, BEGIN, COMMIT. */
cocoon_err db_exec(struct db *db, const char *sql) MUST_CHECK;

/* Begin a transaction; end it by db_commit or db_rollback. A commit that fails is rolled back. */
cocoon_err db_begin(struct db *db) MUST_CHECK;
cocoon_err db_commit(struct db *db) MUST_CHECK;
void db_rollback(struct db *db);

/* Compile `sql` (static text) once; `*out` lives until db_close. */
cocoon_err db_prepare(struct db *db, const char *sql, struct db_stmt **out) MUST_CHECK;

/* Set parameter `at`, from 1. Slices must live until the statement has run. Numbers fit 63 bits. */
void db_bind_u64(struct db_stmt *s, int at, uint64_t value);
void db_bind_blob(struct db_stmt *s, int at, struct slice value);

/* Run a statement that yields no rows. */
cocoon_err db_run(struct db_stmt *s) MUST_CHECK;

/* Go to the next row: OK, or ERR_NOT_FOUND when there is none (any more). */
cocoon_err db_step(struct db_stmt *s) MUST_CHECK;

/* Columns of the row, from 0; slices live until the next step or reset. */
uint64_t db_u64(struct db_stmt *s, int column);
struct slice db_blob(struct db_stmt *s, int column);

/* End a statement whose rows are not read to the end. */
void db_reset(struct db_stmt *s);

#endif
