#include "crypto/secret.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"
#include "crypto/rand.h"

static void test_values(void **state)
{
    struct secret32 a, b, zero = {{0}};

    (void)state;
    secret32_fill(&a, &rand_system);
    secret32_fill(&b, &rand_system);
    assert_false(secret32_eq(&a, &b));
    assert_false(secret32_eq(&a, &zero));
    b = a;
    assert_true(secret32_eq(&a, &b));
    b.bytes[31] ^= 1;
    assert_false(secret32_eq(&a, &b));
    secret32_wipe(&a);
    assert_true(secret32_eq(&a, &zero));
}

static void test_pages(void **state)
{
    uint8_t *bytes = secret_pages(100);

    (void)state;
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(bytes[i], 0);
    memset(bytes, 0x55, 100);
    secret_pages_free(bytes);
    secret_pages_free(NULL);
}

/* Writing past the end hits the guard page: tried in a child. */
static void test_pages_are_guarded(void **state)
{
    volatile uint8_t *bytes = secret_pages(64);
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        bytes[64] = 1;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
#ifndef __SANITIZE_ADDRESS__ /* which answers the fault itself */
    assert_true(WIFSIGNALED(status));
#endif
    secret_pages_free((void *)(uintptr_t)bytes);
}

static void test_rand_lengths(void **state)
{
    static uint8_t big[1000], zero[1000];

    (void)state;
    rand_fill(big, 0);
    assert_memory_equal(big, zero, sizeof big);
    rand_fill(big, sizeof big);
    for (size_t at = 0; at + 16 <= sizeof big; at += 16)
        assert_memory_not_equal(big + at, zero, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_pages_are_guarded),
        cmocka_unit_test(test_rand_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
