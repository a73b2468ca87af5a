#include "store/db.h"

#include "base/test.h"

#include <unistd.h>

static char path[64];

static int new_path(void **state)
{
    char dir[] = "/tmp/cocoon-db-XXXXXX";

    (void)state;
    snprintf(path, sizeof path, "%s/x.db", mkdtemp(dir));
    return 0;
}

static struct db *open_table(void)
{
    struct db *db;

    assert_int_equal(db_open(&db, path, DB_SYNC_FULL), OK);
    assert_int_equal(db_exec(db, "CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b BLOB)"),
                     OK);
    return db;
}

static void test_rows(void **state)
{
    struct db *db = open_table();
    struct db_stmt *insert, *select;

    (void)state;
    assert_int_equal(db_prepare(db, "INSERT INTO t VALUES (?, ?)", &insert), OK);
    assert_int_equal(db_prepare(db, "SELECT a, b FROM t ORDER BY a", &select), OK);
    assert_int_equal(db_begin(db), OK);
    for (uint64_t i = 0; i < 3; i++) {
        db_bind_u64(insert, 1, i);
        db_bind_blob(insert, 2, i == 0 ? slice_make(NULL, 0) : SLICE_LIT("blob"));
        assert_int_equal(db_run(insert), OK);
    }
    assert_int_equal(db_commit(db), OK);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(db_step(select), OK);
        assert_int_equal(db_u64(select, 0), i);
        assert_true(slice_eq_text(db_blob(select, 1), i == 0 ? "" : "blob"));
    }
    assert_int_equal(db_step(select), ERR_NOT_FOUND);
    /* the same key again */
    assert_int_equal(db_run(insert), ERR_DB);
    db_close(db);
}

static void test_rollback_and_reopen(void **state)
{
    struct db *db = open_table();
    struct db_stmt *count;

    (void)state;
    assert_int_equal(db_begin(db), OK);
    assert_int_equal(db_exec(db, "DELETE FROM t"), OK);
    db_rollback(db);
    db_rollback(db); /* harmless */
    db_close(db);
    db = open_table();
    assert_int_equal(db_prepare(db, "SELECT count(*) FROM t", &count), OK);
    assert_int_equal(db_step(count), OK);
    assert_int_equal(db_u64(count, 0), 3);
    db_reset(count);
    db_close(db);
}

/* One process, one owner: a second opener is refused. */
static void test_alone(void **state)
{
    struct db *db = open_table(), *other;

    (void)state;
    assert_int_equal(db_open(&other, path, DB_SYNC_FULL), ERR_BUSY);
    db_close(db);
}

static void test_not_a_database(void **state)
{
    struct db *db;
    FILE *file = fopen(path, "wb");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database", file);
    fclose(file);
    assert_int_equal(db_open(&db, path, DB_SYNC_FULL), ERR_CORRUPT);
    assert_int_equal(db_open(&db, "/nonexistent/x.db", DB_SYNC_NORMAL), ERR_DB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_rollback_and_reopen),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_not_a_database),
    };

    return cmocka_run_group_tests(tests, new_path, NULL);
}
