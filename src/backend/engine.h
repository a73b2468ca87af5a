/*
 * An inference engine of ours: llama.cpp's server as a sandboxed child on a private unix socket.
 *
 * It is started with what was hashed, and with flags that make it answer the same way twice: one
 * slot, no prompt cache (engine_launch.c has them). It serves chat, completions and embeddings from
 * one process. It is ready when its /health says so, is watched, and is
 * started again when it dies or no longer answers: after ENGINE_BACKOFF_MIN_MS, doubled each time
 * up to ENGINE_BACKOFF_MAX_MS, from the start again once it was well for ENGINE_WELL_MS.
 *
 * What it prints is thrown away: it may quote callers' words. Only what it says before it was first
 * ready, when no caller had spoken, is kept for the log.
 */
#ifndef BACKEND_ENGINE_H
#define BACKEND_ENGINE_H

#include "backend/model.h"
#include "net/http_client.h"
#include "sandbox/sandbox.h"

enum {
    ENGINE_BACKOFF_MIN_MS = 250,
    ENGINE_BACKOFF_MAX_MS = 30 * 1000,
    ENGINE_WELL_MS = 60 * 1000,
    ENGINE_POLL_MS = 50,             /* between looks at /health until it is ready */
    ENGINE_CHECK_MS = 10 * 1000,     /* and after; three misses in a row are a death */
    ENGINE_START_MS = 5 * 60 * 1000, /* a large model from a slow disk */
    ENGINE_PATH_MAX = 4096
};

struct engine;

struct engine_params {
    const char *program; /* llama-server, a static program */
    const char *model;   /* its GGUF file */
    const char *alias;   /* the name it gives the model in its answers */
    const char *dir;     /* private folder for its socket; made, mode 0700 */
    unsigned threads;    /* 0: one for each two processors, at least one */
    unsigned slots;      /* requests at once (0: 1); more than one may change the last digit */
    unsigned context;    /* tokens of each slot (0: 4096) */
    unsigned check_ms;   /* between looks at /health once it is ready (0: ENGINE_CHECK_MS) */
};

struct engine_events {
    void (*on_ready)(void *owner);                /* it answers; also after each restart */
    void (*on_down)(void *owner, cocoon_err why); /* it was ready and no longer is */
};

/*
 * Set `*model` and `*engine` to the digests that the engine of `params` will claim (its dir is not
 * needed): for registering it before it runs. Blocks while it hashes. ERR_NOT_FOUND, ERR_IO,
 * ERR_LIMIT.
 */
cocoon_err engine_describe(const struct engine_params *params, struct digest *model,
                           struct digest *engine, struct fail *fail) MUST_CHECK;

/*
 * Hash program and model, start the engine and keep it running until engine_free. Blocks while it
 * hashes. ERR_NOT_FOUND, ERR_IO, ERR_SANDBOX (with the step in `fail`): nothing runs then.
 */
cocoon_err engine_new(struct loop *loop, const struct engine_params *params,
                      const struct engine_events *events, void *owner, struct engine **out,
                      struct fail *fail) MUST_CHECK;

/* Stop it and free. No callback comes any more. NULL is fine. */
void engine_free(struct engine *e);

bool engine_ready(const struct engine *e);
const struct addr *engine_addr(const struct engine *e);
pid_t engine_pid(const struct engine *e); /* 0 between two lives */

/* Borrowed: the manifests in JCS and their digests. */
struct slice engine_model_manifest(const struct engine *e, struct digest *digest);
struct slice engine_program_manifest(const struct engine *e, struct digest *digest);

/*
 * Where the engine and the model of `cocoon up` are: $COCOON_ENGINE and $COCOON_MODEL, else what
 * tools/get-engine and tools/get-model put into the cache folder. ERR_NOT_FOUND when they are not
 * there (the path is filled in all the same, for the message), ERR_LIMIT.
 */
cocoon_err engine_find_program(char out[ENGINE_PATH_MAX]) MUST_CHECK;
cocoon_err engine_find_model(char out[ENGINE_PATH_MAX]) MUST_CHECK;

#endif
