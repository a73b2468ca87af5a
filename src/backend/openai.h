/*
 * One OpenAI-style request, forwarded byte for byte to a backend, and its answer streamed back.
 *
 * The caller always gets an answer: what the engine says, untouched (its own 4xx and 5xx too), or,
 * when it says nothing, an error of ours in OpenAI's shape:
 *
 *   503 engine_unavailable   not running, refused, died before its answer began
 *   504 engine_timeout       no answer within the deadline
 *   502 engine_error         it broke HTTP, or its answer is too large
 *   429 engine_overloaded    too many requests wait for it already
 *
 * After the head only on_abort can tell of a failure. A streamed request ("stream": true) goes out
 * on a connection of its own; others use kept ones, and are sent once more when such a connection
 * turns out dead before the first byte (engines close after a stream although they promise not to).
 * Cancelling closes the connection, which stops the engine's generation.
 */
#ifndef BACKEND_OPENAI_H
#define BACKEND_OPENAI_H

#include "backend/backend.h"
#include "backend/usage.h"

struct openai_call;

struct openai_request {
    struct slice method;       /* GET or POST */
    struct slice target;       /* path and query, begins with '/'; at most LIMIT_HTTP_HEAD */
    struct slice content_type; /* empty: none */
    struct slice accept;       /* empty: none */
    struct slice body;         /* copied; at most LIMIT_REQUEST_BODY */
    uint32_t first_ms;         /* to the head of the answer; 0: OPENAI_FIRST_MS */
    uint32_t whole_ms;         /* to its end; 0: OPENAI_WHOLE_MS */
};

enum {
    OPENAI_FIRST_MS = 5 * 60 * 1000,  /* a long prompt behind others on a slow processor */
    OPENAI_WHOLE_MS = 60 * 60 * 1000, /* the longest generation anybody waits for */
};

struct openai_head {
    unsigned status;
    struct slice content_type;
    bool streamed; /* server-sent events follow */
    bool ours;     /* an error of ours: the engine said nothing */
};

struct openai_events {
    void (*on_head)(void *owner, const struct openai_head *head); /* lives until the return */
    void (*on_body)(void *owner, struct slice bytes);
    void (*on_end)(void *owner, const struct usage *usage);

    /* The answer broke off: ERR_CLOSED, ERR_TIMEOUT, ERR_LIMIT, ERR_PROTOCOL. The call is dead. */
    void (*on_abort)(void *owner, cocoon_err why, const struct usage *usage);
};

/*
 * Start; never fails here, callbacks come later. `request` is copied. The call is dead after on_end
 * or on_abort.
 */
struct openai_call *openai_start(struct backend *b, const struct openai_request *request,
                                 const struct openai_events *events, void *owner);

/* Hold back, and let come again, the answer. */
void openai_pause(struct openai_call *call);
void openai_resume(struct openai_call *call);

/* Stop the engine's work and free the call: nothing comes any more. NULL is fine. */
void openai_cancel(struct openai_call *call);

/*
 * Append {"error":{"message","type","code","param":null}}: the shape of every error. The texts are
 * static.
 */
void openai_error_put(struct buf *out, const char *message, const char *type, const char *code);

#endif
