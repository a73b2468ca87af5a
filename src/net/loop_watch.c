/*
 * Descriptors, signals and the thread pool. A libuv handle closes in the turn after it was told to,
 * so each lives in memory of its own that its close callback frees.
 */
#include <assert.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/loop_impl.h"

struct loop_fd {
    uv_poll_t poll;
    loop_ready_fn *fn;
    void *owner;
    int fd;
    unsigned want;
};

struct loop_signal {
    uv_signal_t signal;
    loop_fn *fn;
    void *owner;
};

struct loop_job {
    uv_work_t work;
    struct loop *loop;
    loop_fn *fn;
    loop_done_fn *done;
    void *owner;
};

static void handle_free(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void fd_ready(uv_poll_t *poll, int status, int events)
{
    struct loop_fd *watch = poll->data;
    unsigned ready = 0;

    if (status != 0) { /* libuv stopped watching: the next read or write will tell the error */
        ready = watch->want;
        watch->want = 0;
    }
    if (events & UV_READABLE)
        ready |= LOOP_READ;
    if (events & UV_WRITABLE)
        ready |= LOOP_WRITE;
    if (ready != 0)
        watch->fn(watch->owner, ready);
}

cocoon_err loop_fd_new(struct loop *loop, int fd, loop_ready_fn *fn, void *owner,
                       struct loop_fd **out)
{
    struct loop_fd *watch = MEM_NEW(struct loop_fd);

    if (uv_poll_init(&loop->uv, &watch->poll, fd) != 0) {
        mem_free(watch);
        return ERR_IO;
    }
    watch->poll.data = watch;
    watch->fn = fn;
    watch->owner = owner;
    watch->fd = fd;
    *out = watch;
    return OK;
}

void loop_fd_want(struct loop_fd *watch, unsigned ready)
{
    int events = 0;

    if (ready == watch->want)
        return;
    watch->want = ready;
    if (ready & LOOP_READ)
        events |= UV_READABLE;
    if (ready & LOOP_WRITE)
        events |= UV_WRITABLE;
    if (events == 0)
        uv_poll_stop(&watch->poll);
    else
        uv_poll_start(&watch->poll, events, fd_ready);
}

void loop_fd_free(struct loop_fd *watch)
{
    if (watch == NULL)
        return;
    uv_poll_stop(&watch->poll);
    close(watch->fd);
    uv_close((uv_handle_t *)&watch->poll, handle_free);
}

static void signal_came(uv_signal_t *handle, int signum)
{
    struct loop_signal *signal = handle->data;

    (void)signum;
    signal->fn(signal->owner);
}

cocoon_err loop_signal_new(struct loop *loop, int signum, loop_fn *fn, void *owner,
                           struct loop_signal **out)
{
    struct loop_signal *signal = MEM_NEW(struct loop_signal);

    uv_signal_init(&loop->uv, &signal->signal);
    signal->signal.data = signal;
    signal->fn = fn;
    signal->owner = owner;
    if (uv_signal_start(&signal->signal, signal_came, signum) != 0) {
        uv_close((uv_handle_t *)&signal->signal, handle_free);
        return ERR_IO;
    }
    *out = signal;
    return OK;
}

void loop_signal_free(struct loop_signal *signal)
{
    if (signal != NULL)
        uv_close((uv_handle_t *)&signal->signal, handle_free);
}

static void job_work(uv_work_t *work)
{
    struct loop_job *job = work->data;

    job->fn(job->owner);
}

static void job_done(uv_work_t *work, int status)
{
    struct loop_job *job = work->data;

    job->loop->jobs--;
    job->done(job->owner, status == 0 ? OK : ERR_CANCELED);
    mem_free(job);
}

struct loop_job *loop_work(struct loop *loop, loop_fn *work, loop_done_fn *done, void *owner)
{
    struct loop_job *job = MEM_NEW(struct loop_job);
    int rc;

    *job = (struct loop_job){.loop = loop, .fn = work, .done = done, .owner = owner};
    job->work.data = job;
    loop->jobs++;
    rc = uv_queue_work(&loop->uv, &job->work, job_work, job_done);
    assert(rc == 0); /* fails only without a work function */
    return job;
}

void loop_work_cancel(struct loop_job *job)
{
    uv_cancel((uv_req_t *)&job->work); /* UV_EBUSY: it runs already, and job_done will say so */
}
