/* A place for sockets and files, and a loop that runs until something happened. */
#ifndef BACKEND_TEST_H
#define BACKEND_TEST_H

#include "base/test.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/loop.h"

static char test_place[] = "/tmp/backend_test.XXXXXX";

static inline const char *test_path(const char *name)
{
    static char path[4][128];
    static unsigned turn;

    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", test_place, name);
    return path[turn];
}

static inline void test_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static inline void test_late(void *owner)
{
    (void)owner;
    fail_msg("nothing happened for too long");
}

/* Run `loop` until it is stopped; fail after `seconds`. */
static inline void test_run(struct loop *loop, unsigned seconds)
{
    struct loop_timer late;

    loop_timer_init(&late, loop, test_late, NULL);
    loop_timer_set(&late, seconds * UINT64_C(1000));
    loop_run(loop);
    loop_timer_stop(&late);
}

#endif
