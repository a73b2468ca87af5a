#include "net/test.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct probe {
    struct loop *loop;
    struct loop_timer timers[200];
    struct loop_task task, other;
    uint64_t fired[200];
    size_t count;
    bool done;
};

static int probe_setup(void **state)
{
    struct probe *p = MEM_NEW(struct probe);

    assert_int_equal(loop_new(&p->loop), OK);
    *state = p;
    return 0;
}

static int probe_teardown(void **state)
{
    struct probe *p = *state;

    loop_free(p->loop);
    mem_free(p);
    return 0;
}

struct due {
    struct probe *probe;
    size_t index;
};

static void due_fired(void *owner)
{
    struct due *due = owner;
    struct probe *p = due->probe;

    assert_true(p->timers[due->index].due <= loop_now(p->loop));
    p->fired[p->count++] = p->timers[due->index].due;
    p->done = p->count == 100;
}

/* 200 timers in scrambled order, half of them stopped or put off: they fire once each, in order. */
static void timers_fire_in_order(void **state)
{
    struct probe *p = *state;
    struct due dues[200];

    for (size_t i = 0; i < 200; i++) {
        dues[i] = (struct due){p, i};
        loop_timer_init(&p->timers[i], p->loop, due_fired, &dues[i]);
        loop_timer_set(&p->timers[i], i * 37 % 101);
    }
    for (size_t i = 0; i < 200; i += 2)
        loop_timer_stop(&p->timers[i]);
    for (size_t i = 1; i < 200; i += 4)
        loop_timer_set(&p->timers[i], 60 + i * 31 % 50); /* later or sooner than it was */
    test_until(p->loop, &p->done);
    for (size_t i = 1; i < 100; i++)
        assert_true(p->fired[i - 1] <= p->fired[i]);
    for (size_t i = 0; i < 200; i++)
        assert_false(loop_timer_is_set(&p->timers[i]));
}

static void again(void *owner)
{
    struct probe *p = owner;

    p->count++;
    if (p->count < 3)
        loop_timer_set(&p->timers[0], 0);
    p->done = p->count == 3;
}

static void timer_may_set_itself(void **state)
{
    struct probe *p = *state;

    loop_timer_init(&p->timers[0], p->loop, again, p);
    loop_timer_set(&p->timers[0], 0);
    test_until(p->loop, &p->done);
    assert_int_equal(p->count, 3);
}

static void count_task(void *owner)
{
    struct probe *p = owner;

    p->count++;
    p->done = true;
}

static void queue_other(void *owner)
{
    struct probe *p = owner;

    loop_task_queue(&p->other);
}

static void tasks_run_once_in_the_same_turn(void **state)
{
    struct probe *p = *state;

    loop_task_init(&p->task, p->loop, queue_other, p);
    loop_task_init(&p->other, p->loop, count_task, p);
    loop_task_queue(&p->task);
    loop_task_queue(&p->task);
    test_turn(p->loop);
    assert_int_equal(p->count, 1);

    loop_task_queue(&p->task);
    loop_task_queue(&p->other);
    loop_task_drop(&p->task);
    loop_task_drop(&p->task);
    loop_task_drop(&p->other);
    test_turn(p->loop);
    assert_int_equal(p->count, 1);
}

static void requeue(void *owner)
{
    struct probe *p = owner;

    loop_task_queue(&p->task);
}

/* A task that always queues itself neither stops timers nor input, nor ends the program. */
static void greedy_task_starves_nobody(void **state)
{
    struct probe *p = *state;

    loop_task_init(&p->task, p->loop, requeue, p);
    loop_timer_init(&p->timers[0], p->loop, count_task, p);
    loop_task_queue(&p->task);
    loop_timer_set(&p->timers[0], 5);
    test_until(p->loop, &p->done);
    loop_task_drop(&p->task);
}

static void posted(void *owner)
{
    struct probe *p = owner;

    p->count++;
    p->done = p->count == 1000;
}

static void *poster(void *owner)
{
    struct probe *p = owner;

    for (int i = 0; i < 500; i++)
        if (loop_post(p->loop, posted, p) != OK)
            abort();
    return NULL;
}

static void posts_come_from_threads(void **state)
{
    struct probe *p = *state;
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, poster, p);
    test_until(p->loop, &p->done);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(p->count, 1000);
}

static void *stopper(void *owner)
{
    struct probe *p = owner;

    loop_stop(p->loop);
    return NULL;
}

static void run_ends_when_stopped(void **state)
{
    struct probe *p = *state;
    pthread_t thread;

    for (int i = 0; i < 2; i++) {
        pthread_create(&thread, NULL, stopper, p);
        loop_run(p->loop);
        pthread_join(thread, NULL);
    }
}

static void work_in_thread(void *owner)
{
    ((struct probe *)owner)->count = (size_t)gettid();
}

static void work_done(void *owner, cocoon_err err)
{
    struct probe *p = owner;

    assert_int_equal(err, OK);
    assert_int_not_equal(p->count, (size_t)gettid());
    p->done = true;
}

static void work_runs_elsewhere(void **state)
{
    struct probe *p = *state;

    loop_work(p->loop, work_in_thread, work_done, p);
    test_until(p->loop, &p->done);
}

static void free_waits_for_work(void **state)
{
    struct probe *p = *state;

    loop_work(p->loop, work_in_thread, work_done, p);
    loop_free(p->loop);
    assert_true(p->done);
    assert_int_equal(loop_new(&p->loop), OK);
}

struct blocked {
    struct probe *probe;
    pthread_mutex_t gate;
    cocoon_err last;
    bool ran;
};

static void wait_at_gate(void *owner)
{
    struct blocked *b = owner;

    pthread_mutex_lock(&b->gate);
    pthread_mutex_unlock(&b->gate);
}

static void never(void *owner)
{
    ((struct blocked *)owner)->ran = true;
}

static void gate_done(void *owner, cocoon_err err)
{
    struct blocked *b = owner;

    assert_int_equal(err, OK);
    b->probe->count++;
}

static void cancelled(void *owner, cocoon_err err)
{
    struct blocked *b = owner;

    b->last = err;
    b->probe->done = true;
    pthread_mutex_unlock(&b->gate);
}

static void work_not_begun_can_be_cancelled(void **state)
{
    struct probe *p = *state;
    struct blocked b = {.probe = p, .gate = PTHREAD_MUTEX_INITIALIZER};
    struct loop_job *job;

    pthread_mutex_lock(&b.gate);
    for (int i = 0; i < 4; i++) /* every thread of the pool */
        loop_work(p->loop, wait_at_gate, gate_done, &b);
    job = loop_work(p->loop, never, cancelled, &b);
    loop_work_cancel(job);
    test_until(p->loop, &p->done);
    assert_int_equal(b.last, ERR_CANCELED);
    assert_false(b.ran);
    loop_free(p->loop);
    assert_int_equal(p->count, 4);
    assert_int_equal(loop_new(&p->loop), OK);
}

static void signal_is_heard(void **state)
{
    struct probe *p = *state;
    struct loop_signal *signal;

    assert_int_equal(loop_signal_new(p->loop, SIGUSR1, count_task, p, &signal), OK);
    raise(SIGUSR1);
    test_until(p->loop, &p->done);
    loop_signal_free(signal);
}

static void pipe_ready(void *owner, unsigned ready)
{
    struct probe *p = owner;

    p->count = ready;
    p->done = true;
}

static void descriptor_is_watched(void **state)
{
    struct probe *p = *state;
    struct loop_fd *watch;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(loop_fd_new(p->loop, ends[0], pipe_ready, p, &watch), OK);
    assert_int_equal(write(ends[1], "x", 1), 1);
    test_turn(p->loop);
    assert_false(p->done); /* nothing is wanted yet */
    loop_fd_want(watch, LOOP_READ);
    test_until(p->loop, &p->done);
    assert_int_equal(p->count, LOOP_READ);
    loop_fd_free(watch);
    close(ends[1]);
}

int main(void)
{
#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, probe_setup, probe_teardown)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(timers_fire_in_order),
        LOOP_TEST(timer_may_set_itself),
        LOOP_TEST(tasks_run_once_in_the_same_turn),
        LOOP_TEST(greedy_task_starves_nobody),
        LOOP_TEST(posts_come_from_threads),
        LOOP_TEST(run_ends_when_stopped),
        LOOP_TEST(work_runs_elsewhere),
        LOOP_TEST(free_waits_for_work),
        LOOP_TEST(work_not_begun_can_be_cancelled),
        LOOP_TEST(signal_is_heard),
        LOOP_TEST(descriptor_is_watched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
