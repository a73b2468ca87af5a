/*
 * The world of llama.cpp's server:
 *
 *   /engine/llama-server    the program       read, execute
 *   /model/weights.gguf     the model         read
 *   /run                    private folder    write: its socket, engine.sock
 *
 * Both files are mounted only if they are the ones that were hashed, so a file put in their place
 * later never runs (one changed in place does: keep them on a read-only or verity mount). The
 * worker reaches the socket through its descriptor of the folder, whose path may be too long for a
 * socket address, and which nobody else may enter.
 *
 * The arguments are part of the engine's manifest, so they name no path of the host. The number of
 * threads decides nothing but speed and goes in the environment.
 */
#include "backend/engine_launch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    DEFAULT_CONTEXT = 4096,
    MAX_TASKS = 1024,   /* its compute and HTTP threads */
    MAX_FILES = 1024,   /* connections */
    MAX_WRITTEN = 4096, /* it has nothing to write but its socket */
};

static const char socket_name[] = "engine.sock";

static void fill_argv(struct engine_launch *l)
{
    const char *const argv[] = {
        "/engine/llama-server",
        "--model",
        "/model/weights.gguf",
        "--alias",
        l->alias,
        "--host",
        "/run/engine.sock",
        "--parallel",
        l->slots,
        "--ctx-size",
        l->context,
        "--no-cache-prompt",
        "--cache-ram",
        "0", /* the same question, the same work, the same answer */
        "--embeddings",
        "--pooling",
        "mean", /* embeddings beside chat, from the same weights */
        "--batch-size",
        "2048",
        "--ubatch-size",
        "2048", /* the longest text to embed */
        "--threads-http",
        "64", /* each connection holds one: more than the worker ever opens */
        "--offline",
        "--no-ui",
        "--no-slots",
        NULL,
    };

    static_assert(COUNT_OF(argv) <= LAUNCH_ARGS_MAX, "room for all arguments");
    memcpy(l->argv, argv, sizeof argv);
}

static void fill_numbers(struct engine_launch *l, const struct engine_params *params)
{
    unsigned slots = params->slots != 0 ? params->slots : 1;
    unsigned context = params->context != 0 ? params->context : DEFAULT_CONTEXT;
    unsigned threads = params->threads;

    if (threads == 0)
        threads = get_nprocs() > 3 ? (unsigned)get_nprocs() / 2 : 1;
    snprintf(l->slots, sizeof l->slots, "%u", slots);
    snprintf(l->context, sizeof l->context, "%llu", (unsigned long long)slots * context);
    snprintf(l->threads, sizeof l->threads, "LLAMA_ARG_THREADS=%u", threads);
}

/* Make the private folder, hand it to the child's user when that is another, and clear it. */
static cocoon_err open_dir(struct engine_launch *l, const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return ERR_IO;
    l->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (l->dir < 0 || fchmod(l->dir, 0700) != 0)
        return ERR_IO;
    if (geteuid() == 0 && fchown(l->dir, SANDBOX_ID, SANDBOX_ID) != 0)
        return ERR_IO;
    l->at.kind = ADDR_UNIX;
    snprintf(l->at.host, sizeof l->at.host, "/proc/self/fd/%d/%s", l->dir, socket_name);
    return OK;
}

static cocoon_err copy_paths(struct engine_launch *l, const struct engine_params *params)
{
    cocoon_err err = slice_cstr(slice_text(params->program), l->program_path, ENGINE_PATH_MAX);

    if (err == OK)
        err = slice_cstr(slice_text(params->model), l->model_path, ENGINE_PATH_MAX);
    if (err == OK)
        err = slice_cstr(slice_text(params->dir), l->dir_path, ENGINE_PATH_MAX);
    return err;
}

static cocoon_err write_manifests(struct engine_launch *l)
{
    const struct model_manifest_params model = {.files = &l->model, .count = 1};
    cocoon_err err = model_manifest(&model, &l->model_manifest, &l->model_digest);

    if (err != OK)
        return err;
    return engine_manifest(&l->program, 1, l->argv, &l->program_manifest, &l->program_digest);
}

cocoon_err engine_launch_describe(struct engine_launch *l, const struct engine_params *params,
                                  struct fail *fail)
{
    cocoon_err err;

    *l = (struct engine_launch){.program.fd = -1, .model.fd = -1, .dir = -1};
    buf_init(&l->model_manifest, MODEL_MANIFEST_MAX);
    buf_init(&l->program_manifest, MODEL_MANIFEST_MAX);
    if ((err = slice_cstr(slice_text(params->alias), l->alias, sizeof l->alias)) != OK)
        return fail_set(fail, err, 0, "the model's alias");
    fill_numbers(l, params);
    fill_argv(l);
    if ((err = model_file_open(params->program, &l->program)) != OK)
        return fail_set(fail, err, 0, "the engine's program");
    if ((err = model_file_open(params->model, &l->model)) != OK)
        return fail_set(fail, err, 0, "the model file");
    if ((err = write_manifests(l)) != OK)
        return fail_set(fail, err, 0, "the manifests");
    return OK;
}

cocoon_err engine_launch_prepare(struct engine_launch *l, const struct engine_params *params,
                                 struct fail *fail)
{
    cocoon_err err;

    if ((err = engine_launch_describe(l, params, fail)) != OK)
        return err;
    if ((err = copy_paths(l, params)) != OK)
        return fail_set(fail, err, 0, "a path");
    if ((err = open_dir(l, params->dir)) != OK)
        return fail_set(fail, err, 0, "the engine's private folder");
    return OK;
}

cocoon_err engine_launch_start(const struct engine_launch *l, int out, struct sandbox_child *child,
                               struct fail *fail)
{
    const char *const env[] = {l->threads, NULL};
    const struct sandbox_mount mounts[] = {
        {l->program_path, "/engine/llama-server", SANDBOX_EXEC, l->program.fd},
        {l->model_path, "/model/weights.gguf", SANDBOX_READ, l->model.fd},
        {l->dir_path, "/run", SANDBOX_WRITE, l->dir},
    };
    const struct sandbox_spec spec = {
        .argv = l->argv,
        .env = env,
        .mounts = mounts,
        .mount_count = COUNT_OF(mounts),
        .profile = SANDBOX_SERVICE,
        .limits = {.tasks = MAX_TASKS, .files = MAX_FILES, .file_size = MAX_WRITTEN},
        .out = out,
        .err = out,
    };

    (void)unlinkat(l->dir, socket_name, 0); /* of an earlier life */
    return sandbox_start(&spec, child, fail);
}

void engine_launch_fini(struct engine_launch *l)
{
    model_file_close(&l->program);
    model_file_close(&l->model);
    if (l->dir >= 0) {
        (void)unlinkat(l->dir, socket_name, 0);
        close(l->dir);
    }
    buf_fini(&l->model_manifest);
    buf_fini(&l->program_manifest);
}
