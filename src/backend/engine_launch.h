/* What an engine is started with: hashed files, arguments, mounts, a private folder. */
#ifndef BACKEND_ENGINE_LAUNCH_H
#define BACKEND_ENGINE_LAUNCH_H

#include "backend/engine.h"

enum { LAUNCH_ARGS_MAX = 40, LAUNCH_TEXT_MAX = 64 };

struct engine_launch {
    struct model_file program, model;
    int dir; /* the private folder, open */
    char program_path[ENGINE_PATH_MAX], model_path[ENGINE_PATH_MAX], dir_path[ENGINE_PATH_MAX];
    const char *argv[LAUNCH_ARGS_MAX];
    char alias[MODEL_NAME_MAX + 1];
    char slots[LAUNCH_TEXT_MAX], context[LAUNCH_TEXT_MAX], threads[LAUNCH_TEXT_MAX];
    struct buf model_manifest, program_manifest;
    struct digest model_digest, program_digest;
    struct addr at; /* of the engine's socket */
};

/* Hash program and model and write their manifests: what the engine is, without a place to run.
 * Release with engine_launch_fini, always. ERR_NOT_FOUND, ERR_IO, ERR_LIMIT. */
cocoon_err engine_launch_describe(struct engine_launch *l, const struct engine_params *params,
                                  struct fail *fail) MUST_CHECK;

/* Hash, make the folder and write the manifests. Errors as of engine_new. */
cocoon_err engine_launch_prepare(struct engine_launch *l, const struct engine_params *params,
                                 struct fail *fail) MUST_CHECK;

/* Start one life of it; what it prints goes to `out`. */
cocoon_err engine_launch_start(const struct engine_launch *l, int out, struct sandbox_child *child,
                               struct fail *fail) MUST_CHECK;

/* Close and release what engine_launch_prepare took, whether or not it succeeded. */
void engine_launch_fini(struct engine_launch *l);

#endif
