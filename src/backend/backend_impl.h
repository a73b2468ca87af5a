/* The inside of struct backend, for the files that speak through it. */
#ifndef BACKEND_BACKEND_IMPL_H
#define BACKEND_BACKEND_IMPL_H

#include "backend/backend.h"
#include "base/buf.h"

enum { BACKEND_TEXT_MAX = 4096 };

struct backend {
    struct loop *loop;
    struct http_peer *peer;
    struct engine *engine;                     /* NULL: a server behind a URL */
    struct buf prefix;                         /* goes before every target */
    struct buf authority;                      /* Host */
    struct buf bearer;                         /* value of Authorization; empty: none */
    struct digest model_digest, engine_digest; /* of the engine */
};

#endif
