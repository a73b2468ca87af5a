#include "role/ledger.h"

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypto/hmac.h"
#include "ledger/tx.h"
#include "role/ledger_node.h"

enum { GENESIS_ARENA = 16 * 1024 * 1024, WITNESS_PREFIX = 7 };

static const struct ini_known known[] = {
    {"ledger", "listen", INI_ONE},       {"ledger", "genesis", INI_ONE},
    {"ledger", "dir", INI_ONE},          {"ledger", "log_key", INI_ONE},
    {"ledger", "cosigner_key", INI_ONE}, {"ledger", "cosigner_name", INI_ONE},
    {"ledger", "witness", INI_MANY},     {"ledger", "cosignatures", INI_ONE},
    {"timing", "block_ms", INI_ONE},     {"timing", "checkpoint_ms", INI_ONE},
    {"timing", "witness_ms", INI_ONE},   {"timing", "retry_ms", INI_ONE},
    {"timing", "refresh_ms", INI_ONE},   {"timing", "heartbeat_ms", INI_ONE},
};

uint64_t ledger_node_now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0)
        return 0;
    return 1000 * (uint64_t)now.tv_sec + (uint64_t)now.tv_nsec / 1000000;
}

void ledger_node_break(struct ledger_node *n, const char *event, cocoon_err err)
{
    struct log_line line = log_begin(LOG_ERROR, "ledger_stops");

    log_word(&line, "while", event);
    log_err(&line, err);
    log_end(&line);
    n->broken = err;
    loop_stop(n->process.loop);
}

/* --- blocks --- */

static void on_block(void *owner)
{
    struct ledger_node *n = owner;
    cocoon_err err;

    n->last_block = loop_now(n->process.loop);
    if ((err = embedded_block(n->sequencer, ledger_node_now_ms())) != OK)
        ledger_node_break(n, "making_a_block", err);
    else if (embedded_waiting(n->sequencer) > 0)
        loop_timer_set(&n->block, n->block_ms);
}

cocoon_err ledger_node_submit(struct ledger_node *n, struct slice tx, embedded_done_fn *done,
                              void *owner, struct fail *fail)
{
    uint64_t since = loop_now(n->process.loop) - n->last_block;
    cocoon_err err = embedded_submit(n->sequencer, tx, done, owner, fail);

    if (err == OK && !loop_timer_is_set(&n->block))
        loop_timer_set(&n->block, since < n->block_ms ? n->block_ms - since : 0);
    return err;
}

/* --- checkpoints --- */

static void on_checkpoint(void *owner)
{
    struct ledger_node *n = owner;

    if (ledger_cosign_due(n->cosign))
        ledger_cosign_start(n->cosign);
    loop_timer_set(&n->checkpoint, n->checkpoint_ms);
}

/* --- heartbeats --- */

static cocoon_err count_worker(void *ctx, struct slice id, struct slice value)
{
    uint64_t now = (uint64_t)loop_unix_now();
    struct record_worker worker;

    (void)id;
    if (record_get_worker(value, &worker) == OK && worker.status != WORKER_RETIRED &&
        worker.expires_at > now)
        ++*(size_t *)ctx;
    return OK;
}

size_t ledger_node_workers(struct ledger_node *n)
{
    size_t count = 0;
    cocoon_err err =
        journal_list(embedded_journal(n->sequencer), RECORD_WORKER, count_worker, &count);

    if (err != OK)
        ledger_node_break(n, "counting_workers", err);
    return count;
}

static void heartbeat_done(void *owner, const struct ledger_result *result)
{
    (void)owner;
    if (result->err != OK && result->err != ERR_CANCELED) {
        struct log_line line = log_begin(LOG_WARN, "heartbeat_refused");

        log_err(&line, result->err);
        log_word(&line, "what", result->what);
        log_end(&line);
    }
}

static cocoon_err next_nonce(struct ledger_node *n, uint64_t *nonce)
{
    struct record_account account = {0};
    struct buf value;
    cocoon_err err;

    buf_init(&value, RECORD_MAX);
    err = ledger_get(embedded_ledger(n->sequencer), LEDGER_HEAD, RECORD_ACCOUNT,
                     ed25519_public_slice(&n->account.public), &value);
    if (err == OK)
        err = record_get_account(buf_slice(&value), &account);
    else if (err == ERR_ABSENT)
        err = OK;
    *nonce = account.nonce;
    buf_fini(&value);
    return err;
}

static void beat(struct ledger_node *n)
{
    struct fail fail = {0};
    struct buf tx;
    uint64_t nonce;
    cocoon_err err;

    buf_init(&tx, TX_MAX);
    if ((err = next_nonce(n, &nonce)) == OK)
        err = tx_sign(&tx, &n->account, TX_HEARTBEAT, &n->genesis.network_id, nonce,
                      slice_make(NULL, 0));
    if (err == OK)
        err = ledger_node_submit(n, buf_slice(&tx), heartbeat_done, n, &fail);
    if (err != OK) {
        struct log_line line = log_begin(LOG_WARN, "no_heartbeat");

        log_err(&line, err);
        log_end(&line);
    }
    buf_fini(&tx);
}

/* A worker is active and nothing else moved the time on: make a transaction that does. */
static void on_heartbeat(void *owner)
{
    struct ledger_node *n = owner;
    uint64_t now = ledger_node_now_ms();
    uint64_t last = ledger_tip(embedded_ledger(n->sequencer))->time_ms;
    uint64_t quiet = now > last ? now - last : 0;

    if (quiet >= n->heartbeat_ms && ledger_node_workers(n) > 0) {
        beat(n);
        quiet = 0;
    }
    loop_timer_set(&n->heartbeat,
                   quiet < n->heartbeat_ms ? n->heartbeat_ms - quiet : n->heartbeat_ms);
}

/* --- starting --- */

/* One key has one role: heartbeats are signed by a key made from the log's, not by it. */
static void make_account(struct ledger_node *n)
{
    struct secret32 seed;
    struct digest code;

    hmac_sha256(SLICE_OF(n->log.key.seed), SLICE_LIT("cocoon heartbeat account"), &code);
    memcpy(seed.bytes, code.bytes, sizeof seed.bytes);
    ed25519_from_seed(&n->account, &seed);
    secret32_wipe(&seed);
    mem_wipe(&code, sizeof code);
}

static cocoon_err load_keys(struct ledger_node *n)
{
    const struct config *c = &n->config;
    struct slice name = config_get_or_empty(c, "ledger", "cosigner_name");
    struct ed25519_key key;
    cocoon_err err;

    if ((err = config_signing_key(c, "ledger", "log_key", &key)) != OK)
        return err;
    err = note_signer_init(&n->log, n->genesis.log.name, NOTE_ED25519, &key);
    ed25519_wipe(&key);
    if (err != OK)
        return config_complain(c, "ledger", "log_key", cocoon_err_text(err));
    make_account(n);
    if (config_get_or_empty(c, "ledger", "cosigner_key").len == 0)
        return OK;
    if ((err = config_signing_key(c, "ledger", "cosigner_key", &key)) != OK)
        return err;
    err = note_signer_init(&n->cosigner, name, NOTE_COSIGNATURE, &key);
    ed25519_wipe(&key);
    if (err != OK)
        return config_complain(c, "ledger", "cosigner_name", "names no key");
    n->has_cosigner = true;
    return OK;
}

static cocoon_err load_genesis(struct ledger_node *n)
{
    struct fail fail = {0};
    struct slice text;
    cocoon_err err = config_file(&n->config, "ledger", "genesis", GENESIS_MAX, &text);

    arena_init(&n->arena, GENESIS_ARENA);
    if (err != OK)
        return err;
    if (genesis_read(text, &n->arena, &n->genesis, &fail) != OK)
        return config_complain(&n->config, "ledger", "genesis", fail.what);
    return OK;
}

static cocoon_err load_timing(struct ledger_node *n)
{
    const struct {
        const char *key;
        uint64_t fallback;
        uint64_t *out;
    } all[] = {
        {"block_ms", 20, &n->block_ms},        {"checkpoint_ms", 200, &n->checkpoint_ms},
        {"witness_ms", 2000, &n->witness_ms},  {"retry_ms", 5000, &n->retry_ms},
        {"refresh_ms", 60000, &n->refresh_ms}, {"heartbeat_ms", 240000, &n->heartbeat_ms},
    };
    cocoon_err err;

    for (size_t i = 0; i < COUNT_OF(all); i++) {
        err = config_u64(&n->config, "timing", all[i].key, all[i].fallback, all[i].out);
        if (err != OK)
            return err;
        if (*all[i].out < 1 || *all[i].out > 86400000)
            return config_complain(&n->config, "timing", all[i].key, "is not 1 ms to one day");
    }
    return OK;
}

static cocoon_err load_witnesses(struct ledger_node *n)
{
    const struct config *c = &n->config;
    const struct ini_entry *e = NULL;
    size_t count = 0;
    cocoon_err err;

    n->cosign = ledger_cosign_new(n);
    while ((e = ini_next(&c->ini, "ledger", "witness", e)) != NULL) {
        struct addr at;

        if (!slice_starts(e->value, SLICE_LIT("http://")) ||
            addr_parse(slice_skip(e->value, WITNESS_PREFIX), &at) != OK)
            return config_complain(c, "ledger", "witness", "is not http://host:port");
        if (ledger_cosign_add(n->cosign, &at) != OK)
            return config_complain(c, "ledger", "witness", "stands too often");
        count++;
    }
    err = config_u64(c, "ledger", "cosignatures", count > 0, &n->cosignatures);
    if (err == OK && n->cosignatures > count)
        err = config_complain(c, "ledger", "cosignatures", "is more than there are witnesses");
    return err;
}

static cocoon_err open_sequencer(struct ledger_node *n)
{
    char dir[FILE_PATH_MAX];
    struct embedded_params params = {.dir = dir,
                                     .genesis = &n->genesis,
                                     .log = &n->log,
                                     .cosigner = n->has_cosigner ? &n->cosigner : NULL,
                                     .now_ms = ledger_node_now_ms()};
    struct fail fail = {0};
    struct log_line line;
    cocoon_err err = config_path(&n->config, "ledger", "dir", dir);

    if (err != OK || (err = embedded_open(&n->sequencer, &params, &fail)) == OK)
        return err;
    line = log_begin(LOG_ERROR, "ledger_not_opened");
    log_fail(&line, &fail);
    log_end(&line);
    return err;
}

static cocoon_err serve(struct ledger_node *n)
{
    struct http_server_params params = {.handler = ledger_http_handle, .owner = n};
    struct addr at;
    cocoon_err err = config_addr(&n->config, "ledger", "listen", &at);

    if (err != OK)
        return err;
    n->server = http_server_new(n->process.loop, &params);
    if ((err = http_server_listen(n->server, &at, NULL, false, NULL)) != OK)
        return config_complain(&n->config, "ledger", "listen", cocoon_err_text(err));
    return OK;
}

static void start_timers(struct ledger_node *n)
{
    struct loop *loop = n->process.loop;

    loop_timer_init(&n->block, loop, on_block, n);
    loop_timer_init(&n->checkpoint, loop, on_checkpoint, n);
    loop_timer_init(&n->heartbeat, loop, on_heartbeat, n);
    loop_timer_set(&n->checkpoint, 0);
    loop_timer_set(&n->heartbeat, n->heartbeat_ms);
}

static cocoon_err start(struct ledger_node *n, const char *path)
{
    cocoon_err err;

    if ((err = config_load(&n->config, path, known, COUNT_OF(known))) != OK)
        return err;
    if ((err = process_init(&n->process, "ledger")) != OK)
        return err;
    if ((err = load_genesis(n)) != OK)
        return err;
    if ((err = load_keys(n)) != OK)
        return err;
    if ((err = load_timing(n)) != OK)
        return err;
    if ((err = load_witnesses(n)) != OK)
        return err;
    if ((err = open_sequencer(n)) != OK)
        return err;
    start_timers(n);
    return serve(n);
}

static void stop(struct ledger_node *n)
{
    if (n->block.loop != NULL) {
        loop_timer_stop(&n->block);
        loop_timer_stop(&n->checkpoint);
        loop_timer_stop(&n->heartbeat);
    }
    ledger_cosign_free(n->cosign);
    embedded_close(n->sequencer);
    http_server_free(n->server);
    process_fini(&n->process);
    ed25519_wipe(&n->account);
    note_signer_wipe(&n->log);
    note_signer_wipe(&n->cosigner);
    arena_fini(&n->arena);
    config_fini(&n->config);
}

int role_ledger_run(const char *path)
{
    struct ledger_node *n = MEM_NEW(struct ledger_node);
    cocoon_err err = start(n, path);

    if (err == OK) {
        process_ready();
        process_run(&n->process);
        err = n->broken;
    }
    stop(n);
    mem_free(n);
    return cocoon_err_exit(err);
}
