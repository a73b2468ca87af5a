#include "base/arena.h"

#include <stdalign.h>

#include "base/test.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    for (size_t size = 1; size < 20000; size = size * 3 + 1) {
        uint8_t *p = arena_new(&a, size);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    arena_fini(&a);
}

static void test_pieces_do_not_overlap(void **state)
{
    struct arena a;
    uint8_t *pieces[300];

    (void)state;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        pieces[i] = arena_new(&a, 100 + i);
        memset(pieces[i], (int)(i % 251), 100 + i);
    }
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        for (size_t k = 0; k < 100 + i; k++)
            assert_int_equal(pieces[i][k], i % 251);
    arena_fini(&a);
}

static void test_cap_holds(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 64);
    assert_non_null(arena_new(&a, 48));
    assert_null(arena_new(&a, 17));
    assert_non_null(arena_new(&a, 16));
    assert_null(arena_new(&a, 1));
    arena_fini(&a);
    assert_non_null(arena_new(&a, 64)); /* usable again, with the whole cap */
    arena_wipe(&a);
    assert_int_equal(a.used, 0);
}

static void test_overflowing_sizes_are_refused(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, SIZE_MAX);
    assert_null(arena_new(&a, SIZE_MAX));
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_non_null(arena_array(&a, 3, 5));
    arena_fini(&a);
}

static void test_copy(void **state)
{
    struct arena a;
    struct slice copy;
    char text[] = "text";

    (void)state;
    arena_init(&a, 32);
    assert_int_equal(arena_copy(&a, slice_text(text), &copy), OK);
    text[0] = 'n';
    assert_true(slice_eq_text(copy, "text"));
    assert_int_equal(arena_copy(&a, slice_make(NULL, 0), &copy), OK);
    assert_int_equal(copy.len, 0);
    assert_int_equal(arena_copy(&a, SLICE_LIT("seventeen letters"), &copy), ERR_NOMEM);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_pieces_do_not_overlap),
        cmocka_unit_test(test_cap_holds),
        cmocka_unit_test(test_overflowing_sizes_are_refused),
        cmocka_unit_test(test_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
