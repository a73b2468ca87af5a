#include "zk/par.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

enum { THREADS_MAX = 16, SPINS = 4000 };

struct par {
    pthread_t helper[THREADS_MAX];
    unsigned helpers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint round;    /* grows with each loop */
    atomic_uint sleeping; /* helpers in pthread_cond_wait */
    atomic_bool stop;
    /*
     * Parts not yet taken, counting down; whoever takes the value v > 0 does part v - 1. A helper
     * that comes late finds 0 or less and touches nothing else of the loop.
     */
    atomic_llong left;
    atomic_size_t done;
    void (*part)(void *arg, size_t i);
    void *arg;
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Do parts until none is left. */
static void take_parts(struct par *p)
{
    long long v;

    while ((v = atomic_fetch_sub(&p->left, 1)) > 0) {
        p->part(p->arg, (size_t)v - 1);
        atomic_fetch_add(&p->done, 1);
    }
}

/* Return when there is a loop after `seen`, or the pool stops. */
static void wait_round(struct par *p, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->round) != seen)
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleeping, 1);
    while (atomic_load(&p->round) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleeping, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *helper_main(void *arg)
{
    struct par *p = (struct par *)arg;

    for (unsigned seen = 0; !atomic_load(&p->stop); seen = atomic_load(&p->round)) {
        take_parts(p);
        wait_round(p, seen);
    }
    return NULL;
}

/* Tell the helpers that a round has begun. */
static void announce(struct par *p)
{
    atomic_fetch_add(&p->round, 1);
    if (atomic_load(&p->sleeping) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
}

cocoon_err par_new(unsigned threads, struct par **out)
{
    struct par *p = MEM_NEW(struct par);

    assert(threads >= 1 && threads <= THREADS_MAX);
    *out = NULL;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    while (p->helpers + 1 < threads) {
        if (pthread_create(&p->helper[p->helpers], NULL, helper_main, p) != 0) {
            par_free(p);
            return ERR_BUSY;
        }
        p->helpers++;
    }
    *out = p;
    return OK;
}

void par_free(struct par *p)
{
    if (p == NULL)
        return;
    atomic_store(&p->stop, true);
    announce(p);
    for (unsigned i = 0; i < p->helpers; i++)
        pthread_join(p->helper[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

unsigned par_threads(const struct par *p)
{
    return p == NULL ? 1 : p->helpers + 1;
}

void par_for(struct par *p, size_t count, void (*part)(void *arg, size_t i), void *arg)
{
    unsigned spins = 0;

    if (p == NULL || p->helpers == 0 || count < 2) {
        for (size_t i = 0; i < count; i++)
            part(arg, i);
        return;
    }
    p->part = part;
    p->arg = arg;
    atomic_store(&p->done, 0);
    atomic_store(&p->left, (long long)count);
    announce(p);
    take_parts(p);
    while (atomic_load(&p->done) < count) {
        if (++spins % SPINS == 0)
            sched_yield();
        pause_briefly();
    }
}
