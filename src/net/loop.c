/*
 * One turn: timers that are due; tasks; wait for input; input callbacks (and posts among them);
 * tasks. Tasks queued by tasks run in the same turn, up to LOOP_ROUNDS rounds, so that a flush
 * asked for by a flush leaves at once and yet nothing can keep the loop from its input.
 */
#include "net/loop_impl.h"

#include <assert.h>
#include <time.h>

#include "base/mem.h"

enum {
    LOOP_ROUNDS = 8,
    LOOP_POSTS_MAX = 64 * 1024 /* far above any burst of finished work; a cap on runaway threads */
};

void loop_task_init(struct loop_task *task, struct loop *loop, loop_fn *fn, void *owner)
{
    *task = (struct loop_task){.fn = fn, .owner = owner, .loop = loop};
}

void loop_task_queue(struct loop_task *task)
{
    struct loop *loop = task->loop;

    if (task->link != NULL)
        return;
    task->next = NULL;
    task->link = loop->tasks_end;
    *loop->tasks_end = task;
    loop->tasks_end = &task->next;
}

void loop_task_drop(struct loop_task *task)
{
    if (task->link == NULL)
        return;
    *task->link = task->next;
    if (task->next != NULL)
        task->next->link = task->link;
    else
        task->loop->tasks_end = task->link;
    task->link = NULL;
}

/*
 * Run the tasks queued so far. A marker at the end of the queue tells where the round is over,
 * whatever tasks do to the queue meanwhile.
 */
static void loop_round(struct loop *loop)
{
    struct loop_task end;

    loop_task_init(&end, loop, NULL, NULL);
    loop_task_queue(&end);
    while (loop->tasks != &end) {
        struct loop_task *task = loop->tasks;

        loop_task_drop(task);
        task->fn(task->owner);
    }
    loop_task_drop(&end);
}

static void loop_tasks(struct loop *loop)
{
    for (int i = 0; i < LOOP_ROUNDS && loop->tasks != NULL; i++)
        loop_round(loop);
}

static void loop_spin(uv_idle_t *spin)
{
    (void)spin;
}

static void loop_before(uv_prepare_t *before)
{
    struct loop *loop = before->data;

    loop_tasks(loop);
    if (loop->tasks != NULL)
        uv_idle_start(&loop->spin, loop_spin);
    else
        uv_idle_stop(&loop->spin);
}

static void loop_after(uv_check_t *after)
{
    loop_tasks(after->data);
}

/* Take all posts at once, so that `lock` is not held while they run. */
static void loop_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    struct loop_post *posts;
    size_t count;
    bool stopping;

    pthread_mutex_lock(&loop->lock);
    posts = loop->posts;
    count = loop->post_count;
    stopping = loop->stopping;
    loop->posts = NULL;
    loop->post_count = loop->post_room = 0;
    pthread_mutex_unlock(&loop->lock);

    for (size_t i = 0; i < count; i++)
        posts[i].fn(posts[i].owner);
    mem_free(posts);
    if (stopping)
        uv_stop(&loop->uv);
}

cocoon_err loop_post(struct loop *loop, loop_fn *fn, void *owner)
{
    cocoon_err err = OK;

    pthread_mutex_lock(&loop->lock);
    if (loop->closed) {
        err = ERR_CANCELED;
    } else if (loop->post_count == LOOP_POSTS_MAX) {
        err = ERR_BUSY;
    } else {
        if (loop->post_count == loop->post_room) {
            loop->post_room = loop->post_room == 0 ? 16 : loop->post_room * 2;
            loop->posts = mem_resize(loop->posts, loop->post_room, sizeof *loop->posts);
        }
        loop->posts[loop->post_count++] = (struct loop_post){fn, owner};
        uv_async_send(&loop->wake);
    }
    pthread_mutex_unlock(&loop->lock);
    return err;
}

cocoon_err loop_new(struct loop **out)
{
    struct loop *loop = MEM_NEW(struct loop);

    if (uv_loop_init(&loop->uv) != 0) {
        mem_free(loop);
        return ERR_IO;
    }
    if (uv_async_init(&loop->uv, &loop->wake, loop_wake) != 0) {
        uv_loop_close(&loop->uv);
        mem_free(loop);
        return ERR_IO;
    }
    pthread_mutex_init(&loop->lock, NULL);
    uv_prepare_init(&loop->uv, &loop->before);
    uv_check_init(&loop->uv, &loop->after);
    uv_idle_init(&loop->uv, &loop->spin);
    loop->wake.data = loop->before.data = loop->after.data = loop;
    loop->tasks_end = &loop->tasks;
    loop->wire = mem_new(LOOP_SCRATCH);
    loop->plain = mem_new(LOOP_SCRATCH);
    loop_heap_open(loop);
    uv_prepare_start(&loop->before, loop_before);
    uv_check_start(&loop->after, loop_after);
    *out = loop;
    return OK;
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    pthread_mutex_lock(&loop->lock);
    loop->stopping = false;
    pthread_mutex_unlock(&loop->lock);
}

void loop_stop(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->stopping = true;
    uv_async_send(&loop->wake);
    pthread_mutex_unlock(&loop->lock);
}

void loop_free(struct loop *loop)
{
    int rc;

    if (loop == NULL)
        return;
    while (loop->jobs > 0 || loop->tasks != NULL)
        uv_run(&loop->uv, loop->tasks != NULL ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    pthread_mutex_lock(&loop->lock);
    loop->closed = true;
    pthread_mutex_unlock(&loop->lock);
    loop_wake(&loop->wake);

    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->before, NULL);
    uv_close((uv_handle_t *)&loop->after, NULL);
    uv_close((uv_handle_t *)&loop->spin, NULL);
    loop_heap_close(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT); /* the close callbacks */
    rc = uv_loop_close(&loop->uv);
    assert(rc == 0); /* UV_EBUSY: somebody left a watch, a signal or a stream open */
    pthread_mutex_destroy(&loop->lock);
    mem_wipe(loop->plain, LOOP_SCRATCH);
    mem_wipe(loop->wire, LOOP_SCRATCH);
    mem_free(loop->plain);
    mem_free(loop->wire);
    mem_free(loop);
}

uint64_t loop_now(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

unix_time loop_unix_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}
