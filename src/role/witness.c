#include "role/witness.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/genesis.h"
#include "ledger/witness_rule.h"
#include "role/config.h"
#include "role/process.h"
#include "role/router.h"
#include "role/witness_execute.h"

enum { WITNESS_LOGS_MAX = 16 };

struct witnessed {
    struct note_vkey key;
    char state_path[FILE_PATH_MAX];
    struct witness_seen seen;
    struct witness_execute *execute; /* NULL: this log is witnessed, not executed */
};

struct witness {
    struct process process;
    struct config config;
    struct note_signer signer;
    struct witnessed logs[WITNESS_LOGS_MAX];
    size_t log_count;
    struct witness_execute *execute; /* NULL: a plain witness */
    struct http_server *server;
};

/* --- state --- */

/* Read what was cosigned last: the text of a checkpoint. A file that cannot be read is fatal. */
static cocoon_err state_load(struct witnessed *log)
{
    struct checkpoint last;
    struct buf text;
    cocoon_err err;

    buf_init(&text, CHECKPOINT_TEXT_MAX);
    err = file_read(log->state_path, &text);
    if (err == ERR_NOT_FOUND) {
        err = OK;
    } else if (err == OK && (err = checkpoint_read(buf_slice(&text), &last)) == OK) {
        log->seen.size = last.size;
        log->seen.root = last.root;
    }
    buf_fini(&text);
    return err;
}

/* Record what is about to be cosigned. Only when this is durable may the signature leave. */
static cocoon_err state_keep(struct witnessed *log, const struct checkpoint *next)
{
    struct buf text;
    cocoon_err err;

    buf_init(&text, CHECKPOINT_TEXT_MAX);
    checkpoint_put(&text, next->origin, next->size, &next->root);
    if ((err = buf_ok(&text)) == OK)
        err = file_write(log->state_path, buf_slice(&text), FILE_PUBLIC, true);
    if (err == OK) {
        log->seen.size = next->size;
        log->seen.root = next->root;
    }
    buf_fini(&text);
    return err;
}

/* --- the rule --- */

static struct witnessed *find_log(struct witness *w, struct slice origin)
{
    for (size_t i = 0; i < w->log_count; i++)
        if (slice_eq(w->logs[i].key.name, origin))
            return &w->logs[i];
    return NULL;
}

/* --- HTTP --- */

/* One request. Lives until answered and until the exchange is over: the log may be executed first,
 * and the caller may go away meanwhile. */
struct witness_call {
    struct witness *witness;
    struct http_exchange *x; /* NULL: the caller went away */
    struct witnessed *log;
    struct buf text; /* of the note that is to be cosigned */
    bool executing;
};

static void call_free(struct witness_call *call)
{
    buf_fini(&call->text);
    mem_free(call);
}

static void answer_size(struct http_exchange *x, const struct witnessed *log)
{
    struct buf body;

    buf_init(&body, 32);
    buf_put_u64(&body, log->seen.size);
    buf_put_u8(&body, '\n');
    http_answer(x, 409, "text/x.tlog.size", buf_slice(&body));
    buf_fini(&body);
}

static const char *refusal_text(unsigned status)
{
    switch (status) {
    case 403:
        return "no signature of that log\n";
    case 404:
        return "unknown log\n";
    case 422:
        return "the proof does not verify\n";
    case 503:
        return "busy\n";
    default:
        return "malformed request\n";
    }
}

static void answer_refusal(struct http_exchange *x, unsigned status, const struct witnessed *log)
{
    if (status == 409)
        answer_size(x, log);
    else
        http_answer(x, status, "text/plain", slice_text(refusal_text(status)));
}

static void cosign(struct witness_call *call)
{
    struct slice text = buf_slice(&call->text);
    struct checkpoint next;
    struct buf line;

    buf_init(&line, 1024);
    if (checkpoint_read(text, &next) != OK || state_keep(call->log, &next) != OK ||
        note_signer_sign(&call->witness->signer, text, (uint64_t)loop_unix_now(), &line) != OK) {
        log_event(LOG_ERROR, "not_cosigned");
        http_answer(call->x, 500, "text/plain", SLICE_LIT("the state could not be kept\n"));
    } else {
        http_answer(call->x, 200, "text/plain", buf_slice(&line));
    }
    buf_fini(&line);
}

static void refuse(struct witness_call *call, unsigned status)
{
    struct log_line line = log_begin(status == 409 ? LOG_DEBUG : LOG_WARN, "checkpoint_refused");

    log_u64(&line, "status", status);
    log_end(&line);
    answer_refusal(call->x, status, call->log);
}

/* The log was executed, or could not be: what is not a ledger is not cosigned. */
static void executed(void *owner, const struct fail *fail)
{
    struct witness_call *call = owner;

    call->executing = false;
    if (fail->code != OK) {
        struct log_line line = log_begin(LOG_WARN, "not_executed");

        log_fail(&line, fail);
        log_end(&line);
    }
    if (call->x == NULL)
        call_free(call);
    else if (fail->code == OK)
        cosign(call);
    else
        refuse(call, 422);
}

/* The rules allow it: cosign, after executing where we do that. */
static void take_on(struct witness_call *call, const struct note *note, struct slice bytes)
{
    buf_put(&call->text, note->text);
    if (call->log->execute == NULL) {
        cosign(call);
        return;
    }
    call->executing = true;
    if (witness_execute_start(call->log->execute, bytes, executed, call) != OK) {
        call->executing = false;
        refuse(call, 503);
    }
}

static void add_checkpoint_body(void *owner, struct slice body)
{
    struct witness_call *call = owner;
    struct add_checkpoint *request = MEM_NEW(struct add_checkpoint);
    struct note *note = MEM_NEW(struct note);
    struct checkpoint next;
    struct fail fail = {0};
    unsigned status = 400;

    if (add_checkpoint_read(body, request, &fail) == OK &&
        note_parse(request->note, note, &fail) == OK && checkpoint_read(note->text, &next) == OK) {
        call->log = find_log(call->witness, next.origin);
        status = call->log == NULL
                     ? 404
                     : witness_judge(&call->log->key, &call->log->seen, request, note, &next);
    }
    if (status == 200)
        take_on(call, note, request->note);
    else
        refuse(call, status);
    mem_free(note);
    mem_free(request);
}

static void call_over(void *owner, cocoon_err why)
{
    struct witness_call *call = owner;

    (void)why;
    call->x = NULL;
    if (!call->executing)
        call_free(call);
}

static void handle_add_checkpoint(void *owner, struct http_exchange *x)
{
    struct witness_call *call = MEM_NEW(struct witness_call);

    call->witness = owner;
    call->x = x;
    buf_init(&call->text, CHECKPOINT_NOTE_MAX);
    http_exchange_collect(x, ADD_CHECKPOINT_MAX, add_checkpoint_body, call_over, call);
}

static void handle_health(void *owner, struct http_exchange *x)
{
    (void)owner;
    http_answer(x, 200, "text/plain", SLICE_LIT("ok\n"));
}

static const struct route witness_routes[] = {
    {"POST", "/add-checkpoint", handle_add_checkpoint},
    {"GET", "/healthz", handle_health},
};

static void witness_handle(void *owner, struct http_exchange *x)
{
    router_dispatch(witness_routes, COUNT_OF(witness_routes), owner, x);
}

/* --- starting --- */

static const struct ini_known witness_known[] = {
    {"witness", "listen", INI_ONE}, {"witness", "name", INI_ONE},  {"witness", "key", INI_ONE},
    {"witness", "log", INI_MANY},   {"witness", "state", INI_ONE}, {"witness", "genesis", INI_ONE},
    {"witness", "ledger", INI_ONE},
};

static cocoon_err add_log(struct witness *w, const struct config *c, struct slice vkey,
                          const char *state_dir)
{
    struct witnessed *log = &w->logs[w->log_count];
    struct digest name;
    char file[2 * sizeof name.bytes + 1];
    struct fail fail = {0};
    cocoon_err err;

    if (w->log_count == WITNESS_LOGS_MAX)
        return config_complain(c, "witness", "log", "too many logs");
    if (note_vkey_read(vkey, NOTE_ED25519, &log->key, &fail) != OK)
        return config_complain(c, "witness", "log", "is no verifier key of a log");
    sha256(log->key.name, &name);
    hex_write(digest_slice(&name), file);
    if ((err = file_join(log->state_path, state_dir, file)) != OK || (err = state_load(log)) != OK)
        return config_complain(c, "witness", "state", cocoon_err_text(err));
    w->log_count++;
    return OK;
}

static cocoon_err witness_setup(struct witness *w, const struct config *c, struct addr *listen)
{
    char state_dir[FILE_PATH_MAX];
    struct ed25519_key key;
    struct slice name;
    cocoon_err err;

    if ((err = config_addr(c, "witness", "listen", listen)) != OK ||
        (err = config_get(c, "witness", "name", &name)) != OK ||
        (err = config_path(c, "witness", "state", state_dir)) != OK ||
        (err = config_signing_key(c, "witness", "key", &key)) != OK)
        return err;
    err = note_signer_init(&w->signer, name, NOTE_COSIGNATURE, &key);
    ed25519_wipe(&key);
    if (err != OK)
        return config_complain(c, "witness", "name", "may not name a key");
    if ((err = file_make_dir(state_dir)) != OK)
        return config_complain(c, "witness", "state", "cannot be made");
    for (const struct ini_entry *e = ini_next(&c->ini, "witness", "log", NULL);
         e != NULL && err == OK; e = ini_next(&c->ini, "witness", "log", e))
        err = add_log(w, c, e->value, state_dir);
    return err;
}

/* Set up the execution of the log whose genesis the configuration names, if it names one. */
static cocoon_err execute_setup(struct witness *w, struct config *c)
{
    char state_dir[FILE_PATH_MAX], dir[FILE_PATH_MAX], from[FILE_PATH_MAX];
    struct slice genesis, ledger;
    struct witnessed *log;
    struct fail fail = {0};
    cocoon_err err;

    if (config_get_or_empty(c, "witness", "genesis").len == 0)
        return OK;
    if ((err = config_file(c, "witness", "genesis", GENESIS_MAX, &genesis)) != OK ||
        (err = config_get(c, "witness", "ledger", &ledger)) != OK ||
        (err = config_path(c, "witness", "state", state_dir)) != OK ||
        (err = slice_cstr(ledger, from, sizeof from)) != OK ||
        (err = file_join(dir, state_dir, "mirror")) != OK)
        return err;
    if (witness_execute_new(&w->execute, w->process.loop, dir, genesis, from, &fail) != OK)
        return config_complain(c, "witness", "genesis", fail.what);
    log = find_log(w, witness_execute_log(w->execute)->name);
    if (log == NULL || memcmp(log->key.public_key, witness_execute_log(w->execute)->public_key,
                              sizeof log->key.public_key) != 0)
        return config_complain(c, "witness", "genesis", "its log is not among those witnessed");
    log->execute = w->execute;
    return OK;
}

static cocoon_err witness_start(struct witness *w, const char *path)
{
    struct addr listen;
    cocoon_err err;

    if ((err = config_load(&w->config, path, witness_known, COUNT_OF(witness_known))) != OK ||
        (err = witness_setup(w, &w->config, &listen)) != OK ||
        (err = process_init(&w->process, "witness")) != OK ||
        (err = execute_setup(w, &w->config)) != OK)
        return err;
    w->server = http_server_new(
        w->process.loop, &(struct http_server_params){.handler = witness_handle, .owner = w});
    if ((err = http_server_listen(w->server, &listen, NULL, false, NULL)) != OK)
        return config_complain(&w->config, "witness", "listen", cocoon_err_text(err));
    return OK;
}

int role_witness_run(const char *path)
{
    struct witness *w = MEM_NEW(struct witness);
    cocoon_err err = witness_start(w, path);

    if (err == OK) {
        process_ready();
        process_run(&w->process);
    }
    http_server_free(w->server);
    process_fini(&w->process); /* waits for what is being executed */
    witness_execute_free(w->execute);
    config_fini(&w->config);
    note_signer_wipe(&w->signer);
    mem_free(w);
    return cocoon_err_exit(err);
}
