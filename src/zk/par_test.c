#include "zk/par.h"

#include <stdatomic.h>

#include "zk/testing.h"

enum { PARTS_MAX = 40, LOOPS = 3000 };

struct loop {
    atomic_uint count[PARTS_MAX];
};

static void count_part(void *arg, size_t i)
{
    atomic_fetch_add(&((struct loop *)arg)->count[i], 1);
}

static void check_loops(struct par *p)
{
    for (unsigned n = 0; n < LOOPS; n++) {
        size_t parts = n % (PARTS_MAX + 1);
        struct loop loop = {{0}};

        par_for(p, parts, count_part, &loop);
        for (size_t i = 0; i < PARTS_MAX; i++)
            assert_int_equal(atomic_load(&loop.count[i]), i < parts ? 1 : 0);
    }
}

/* Each part is done exactly once, whatever the number of threads. */
static void test_each_part_once(void **state)
{
    (void)state;
    check_loops(NULL);
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct par *p = NULL;

        assert_int_equal(par_new(threads, &p), OK);
        assert_int_equal(par_threads(p), threads);
        check_loops(p);
        par_free(p);
    }
    par_free(NULL);
    assert_int_equal(par_threads(NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_part_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
