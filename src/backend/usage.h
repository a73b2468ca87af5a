/*
 * What an answer cost, counted from the answer itself while it passes by.
 *
 * Three sources, best first: the OpenAI `usage` member (of the answer, or of an SSE chunk);
 * llama.cpp's `timings`; our own count of the chunks that carried text. Our own count is kept
 * always, so that a bill can be compared with it. Feeding never fails and never changes a byte:
 * what is not JSON is simply not counted.
 */
#ifndef BACKEND_USAGE_H
#define BACKEND_USAGE_H

#include "base/buf.h"
#include "codec/sse.h"

enum usage_source { USAGE_NONE, USAGE_COUNTED, USAGE_TIMINGS, USAGE_ENGINE };

struct usage {
    enum usage_source source;
    uint64_t prompt, completion; /* tokens */
    uint64_t cached;             /* of the prompt, found in the engine's cache */
    uint64_t chunks;             /* SSE events with text that passed */
    uint64_t text;               /* bytes of generated text that passed */
    uint64_t bytes;              /* body bytes that passed */
    bool done;                   /* the stream's last event came, or a whole JSON answer */
};

/*
 * True when the bill agrees with what we saw. A token writes at least one byte, but for a few that
 * end or open something, so more completion tokens than bytes of text plus USAGE_SLACK are not
 * believed, nor more cached tokens than the prompt has.
 */
enum { USAGE_SLACK = 16 };
bool usage_plausible(const struct usage *u);

struct usage_counter;

/* `streamed`: the body is SSE; else it is one JSON value of at most `max` bytes (more: uncounted).
 */
struct usage_counter *usage_new(bool streamed, size_t max);
void usage_free(struct usage_counter *c); /* wipes what it held; NULL is fine */

void usage_feed(struct usage_counter *c, struct slice body);

/* The body ended: set `*out`. */
void usage_end(struct usage_counter *c, struct usage *out);

#endif
