/*
 * Loops shared by a few threads that live as long as their owner.
 *
 * Work comes in parts of tens of microseconds, so a waiting helper spins for a moment before it
 * sleeps. Results do not depend on who does which part: sums in a finite field are exact.
 */
#ifndef ZK_PAR_H
#define ZK_PAR_H

#include "base/err.h"

struct par;

/* Start `threads` - 1 helpers (1 <= threads <= 16) and set `*out`. ERR_BUSY when a thread cannot be
 * started. Free with par_free. */
cocoon_err par_new(unsigned threads, struct par **out) MUST_CHECK;

/* Stop the helpers; NULL is fine. */
void par_free(struct par *p);

/* Return how many threads share a loop of `p`: 1 for NULL. */
unsigned par_threads(const struct par *p);

/*
 * Call part(arg, i) once for each i < count, in any order and on several threads, and return when
 * all are done. `p` may be NULL: then the caller does all. One loop at a time.
 */
void par_for(struct par *p, size_t count, void (*part)(void *arg, size_t i), void *arg);

#endif
