/* What the parts of struct loop share: loop.c (turns, tasks, posts), loop_timer.c, loop_watch.c. */
#ifndef NET_LOOP_IMPL_H
#define NET_LOOP_IMPL_H

#include <pthread.h>
#include <uv.h>

#include "net/loop.h"

enum { LOOP_SCRATCH = 64 * 1024 };

struct loop_post {
    loop_fn *fn;
    void *owner;
};

/* Timers by rank: a binary heap from 1, under one libuv timer set for the first. */
struct loop_heap {
    struct loop_timer **slots;
    size_t count, room;
    uint64_t armed; /* what the libuv timer is set for; 0 when it is not */
    uv_timer_t clock;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t before; /* tasks run before and after waiting for input */
    uv_check_t after;
    uv_idle_t spin;  /* active while tasks are left: then the loop does not wait */
    uv_async_t wake; /* posts and stops */
    struct loop_task *tasks, **tasks_end;
    struct loop_heap heap;
    size_t jobs; /* work and name look-ups under way */

    /* Where all streams of the loop receive and decrypt, one at a time. */
    uint8_t *wire, *plain; /* LOOP_SCRATCH bytes each */

    pthread_mutex_t lock; /* over what stands below */
    struct loop_post *posts;
    size_t post_count, post_room;
    bool stopping, closed;
};

void loop_heap_open(struct loop *loop);
void loop_heap_close(struct loop *loop);

#endif
