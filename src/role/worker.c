#include "role/worker.h"

#include "attest/statement.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/rand.h"
#include "tee/sim.h"

enum { KEY_TICK_MS = 10 * 1000 };

static const struct ini_known worker_known[] = {
    {"worker", "account", INI_ONE}, {"worker", "index", INI_ONE},    {"worker", "model", INI_ONE},
    {"worker", "release", INI_ONE}, {"worker", "capacity", INI_ONE}, {"worker", "policy", INI_ONE},
    {"worker", "state", INI_ONE},   {"worker", "listen", INI_ONE},   {"worker", "renew", INI_ONE},
    {"ledger", "at", INI_ONE},      {"proxy", "at", INI_MANY},       {"tee", "sim_root", INI_ONE},
    {"engine", "program", INI_ONE}, {"engine", "weights", INI_ONE},  {"engine", "dir", INI_ONE},
    {"engine", "slots", INI_ONE},   {"engine", "backend", INI_ONE},  {"engine", "api_key", INI_ONE},
};

/* --- configuration --- */

static cocoon_err read_worker(struct worker *w)
{
    struct config *c = &w->config;
    struct slice model, release;
    uint64_t index, capacity;
    cocoon_err err;

    if ((err = config_signing_key(c, "worker", "account", &w->account)) != OK ||
        (err = config_u64(c, "worker", "index", 0, &index)) != OK ||
        (err = config_u64(c, "worker", "capacity", 8, &capacity)) != OK ||
        (err = config_u64(c, "worker", "renew", WORKER_RENEW_S, &w->renew_s)) != OK ||
        (err = config_get(c, "worker", "model", &model)) != OK ||
        (err = config_get(c, "worker", "release", &release)) != OK)
        return err;
    if (slice_cstr(model, w->model, sizeof w->model) != OK || model.len == 0)
        return config_complain(c, "worker", "model", "is no name for a model");
    if (hex_read(release, w->release_digest.bytes, sizeof w->release_digest.bytes) != OK)
        return config_complain(c, "worker", "release", "must be 64 hex digits");
    if (index > UINT32_MAX || capacity == 0 || capacity > 100000)
        return config_complain(c, "worker", "capacity", "is out of range");
    w->index = (uint32_t)index;
    w->capacity = (uint32_t)capacity;
    worker_id_make(w->account.public.bytes, w->index, w->worker_id);
    return OK;
}

static cocoon_err open_tee(struct worker *w)
{
    struct tee_sim_params params = {0};
    struct ed25519_key root;
    cocoon_err err;

    if ((err = config_signing_key(&w->config, "tee", "sim_root", &root)) != OK)
        return err;
    params.root = &root;
    if ((err = tee_measure_program(params.measurement)) == OK)
        w->tee = tee_sim_open(&params);
    ed25519_wipe(&root);
    if (err == OK)
        log_event(LOG_WARN, "SIMULATED_tee_protects_nothing");
    return err;
}

static cocoon_err open_follow(struct worker *w)
{
    char dir[FILE_PATH_MAX], state[FILE_PATH_MAX];
    struct follow_params params = {.loop = w->process.loop, .policy = w->trust.light};
    struct fail fail = {0};
    cocoon_err err;

    if ((err = config_addr(&w->config, "ledger", "at", &params.ledger)) != OK ||
        (err = config_path(&w->config, "worker", "state", dir)) != OK)
        return err;
    if ((err = file_make_dir(dir)) != OK || (err = file_join(state, dir, "view.json")) != OK)
        return config_complain(&w->config, "worker", "state", cocoon_err_text(err));
    params.state_path = state;
    if ((err = follow_new(&params, &w->follow, &fail)) != OK)
        return config_complain(&w->config, "worker", "state", fail.what);
    return OK;
}

/* --- the engine --- */

static void on_current(struct worker *w);

/* The engine answers: from now on there is something to register. */
static void engine_up(void *owner)
{
    struct worker *w = owner;

    log_event(LOG_INFO, "engine_ready");
    if (w->registration == NULL)
        w->registration = worker_register_start(w, on_current);
}

static void engine_down(void *owner, cocoon_err why)
{
    struct log_line line = log_begin(LOG_ERROR, "engine_down");

    (void)owner;
    log_err(&line, why);
    log_end(&line);
}

/* An engine behind a URL is nothing we measured: its model's digest is that of an empty manifest.
 */
static cocoon_err open_url(struct worker *w, struct slice url)
{
    struct model_manifest_params nothing = {0};
    struct buf manifest;
    cocoon_err err;

    buf_init(&manifest, MODEL_MANIFEST_MAX);
    err = model_manifest(&nothing, &manifest, &w->model_digest);
    buf_fini(&manifest);
    if (err != OK)
        return err;
    err = backend_of_url(w->process.loop, url, config_get_or_empty(&w->config, "engine", "api_key"),
                         &w->backend);
    if (err != OK)
        return config_complain(&w->config, "engine", "backend", cocoon_err_text(err));
    engine_up(w);
    return OK;
}

static cocoon_err open_engine(struct worker *w)
{
    static const struct engine_events events = {.on_ready = engine_up, .on_down = engine_down};
    char program[FILE_PATH_MAX], weights[FILE_PATH_MAX], dir[FILE_PATH_MAX];
    struct slice url = config_get_or_empty(&w->config, "engine", "backend");
    struct fail fail = {0};
    uint64_t slots;
    cocoon_err err;

    if (url.len > 0)
        return open_url(w, url);
    if ((err = config_path(&w->config, "engine", "program", program)) != OK ||
        (err = config_path(&w->config, "engine", "weights", weights)) != OK ||
        (err = config_path(&w->config, "engine", "dir", dir)) != OK ||
        (err = config_u64(&w->config, "engine", "slots", 1, &slots)) != OK)
        return err;
    err = engine_new(w->process.loop,
                     &(struct engine_params){.program = program,
                                             .model = weights,
                                             .alias = w->model,
                                             .dir = dir,
                                             .slots = (unsigned)slots},
                     &events, w, &w->engine, &fail);
    if (err != OK)
        return config_complain(&w->config, "engine", "program",
                               fail.what == NULL ? cocoon_err_text(err) : fail.what);
    (void)engine_model_manifest(w->engine, &w->model_digest);
    (void)engine_program_manifest(w->engine, &w->engine_digest);
    w->backend = backend_of_engine(w->process.loop, w->engine);
    return OK;
}

/* --- keys and tunnels --- */

static void key_tick(void *owner)
{
    struct worker *w = owner;

    if (ohttp_keys_tick(w->ohttp_keys, loop_unix_now(), NULL) != OK)
        log_event(LOG_ERROR, "ohttp_key_not_made");
    loop_timer_set(&w->key_timer, KEY_TICK_MS);
}

/* The identity changed: everything that shows it is made anew, nothing that runs is cut. */
static void on_current(struct worker *w)
{
    worker_tunnels_renew(w->tunnels);
    if (w->previous == NULL)
        process_ready();
}

static cocoon_err open_direct(struct worker *w)
{
    struct addr listen;
    cocoon_err err;

    if (config_get_or_empty(&w->config, "worker", "listen").len == 0)
        return OK;
    if ((err = config_addr(&w->config, "worker", "listen", &listen)) != OK)
        return err;
    w->direct = http_server_new(
        w->process.loop, &(struct http_server_params){.handler = worker_http_handle, .owner = w});
    if ((err = http_server_listen(w->direct, &listen, NULL, false, NULL)) != OK)
        return config_complain(&w->config, "worker", "listen", cocoon_err_text(err));
    return OK;
}

static cocoon_err worker_start(struct worker *w, const char *path)
{
    cocoon_err err;

    if ((err = config_load(&w->config, path, worker_known, COUNT_OF(worker_known))) != OK ||
        (err = trust_load(&w->trust, &w->config, "worker")) != OK || (err = read_worker(w)) != OK ||
        (err = process_init(&w->process, "worker")) != OK || (err = open_tee(w)) != OK ||
        (err = open_follow(w)) != OK)
        return err;
    w->ohttp_keys = ohttp_keys_new(KEM_X25519, WORKER_KEY_LIFE_S, &rand_system);
    quota_init(&w->documents, WORKER_DOCUMENTS, WORKER_DOCUMENT_MS, loop_now(w->process.loop));
    loop_timer_init(&w->key_timer, w->process.loop, key_tick, w);
    key_tick(w);
    w->tunnels = worker_tunnels_start(w);
    if ((err = open_direct(w)) != OK)
        return err;
    return open_engine(w);
}

int role_worker_run(const char *path)
{
    struct worker *w = MEM_NEW(struct worker);
    cocoon_err err = worker_start(w, path);

    if (err == OK)
        process_run(&w->process);
    loop_timer_stop(&w->key_timer);
    http_server_free(w->direct);
    follow_free(w->follow);
    worker_register_stop(w->registration);
    worker_tunnels_stop(w->tunnels);
    backend_free(w->backend);
    engine_free(w->engine);
    process_fini(&w->process);
    worker_tunnels_free(w->tunnels);
    worker_identity_unref(w->identity);
    worker_identity_unref(w->previous);
    ohttp_keys_free(w->ohttp_keys);
    tee_close(w->tee);
    ed25519_wipe(&w->account);
    trust_fini(&w->trust);
    config_fini(&w->config);
    mem_free(w);
    return cocoon_err_exit(err);
}
