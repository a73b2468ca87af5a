#include "role/witness.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"
#include "role/config.h"
#include "role/process.h"
#include "role/router.h"

enum { WITNESS_LOGS_MAX = 16 };

struct witnessed {
    struct note_vkey key;
    char state_path[FILE_PATH_MAX];
    uint64_t size; /* of the checkpoint cosigned last; 0: none */
    struct digest root;
};

struct witness {
    struct note_signer signer;
    struct witnessed logs[WITNESS_LOGS_MAX];
    size_t log_count;
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
        log->size = last.size;
        log->root = last.root;
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
        log->size = next->size;
        log->root = next->root;
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

/* Return the HTTP status that c2sp.org/tlog-witness has for this request, 200 when it may be
 * cosigned. */
static unsigned judge(struct witnessed *log, const struct add_checkpoint *request,
                      const struct note *note, const struct checkpoint *next)
{
    if (note_verify(note, &log->key, NULL) != OK)
        return 403;
    if (request->old_size > next->size)
        return 400;
    if (request->old_size != log->size)
        return 409;
    if (log->size == next->size && log->size > 0 && !digest_eq(&log->root, &next->root))
        return 409; /* two trees of one size: a fork */
    if (log->size == 0)
        return request->proof.count == 0 ? 200 : 422;
    if (merkle_verify_consistency(log->size, &log->root, next->size, &next->root,
                                  &request->proof) != OK)
        return 422;
    return 200;
}

/* --- HTTP --- */

struct witness_call {
    struct witness *witness;
    struct http_exchange *x;
};

static void answer_size(struct http_exchange *x, const struct witnessed *log)
{
    struct buf body;

    buf_init(&body, 32);
    buf_put_u64(&body, log->size);
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

static void cosign(struct witness *w, struct http_exchange *x, struct witnessed *log,
                   const struct note *note, const struct checkpoint *next)
{
    struct buf line;

    buf_init(&line, 1024);
    if (state_keep(log, next) != OK ||
        note_signer_sign(&w->signer, note->text, (uint64_t)loop_unix_now(), &line) != OK) {
        log_event(LOG_ERROR, "not_cosigned");
        http_answer(x, 500, "text/plain", SLICE_LIT("the state could not be kept\n"));
    } else {
        http_answer(x, 200, "text/plain", buf_slice(&line));
    }
    buf_fini(&line);
}

static void add_checkpoint_body(void *owner, struct slice body)
{
    struct witness_call *call = owner;
    struct add_checkpoint *request = ARENA_NEW(http_exchange_arena(call->x), struct add_checkpoint);
    struct note *note = MEM_NEW(struct note);
    struct witnessed *log = NULL;
    struct checkpoint next;
    struct fail fail = {0};
    unsigned status = 400;

    if (request != NULL && add_checkpoint_read(body, request, &fail) == OK &&
        note_parse(request->note, note, &fail) == OK && checkpoint_read(note->text, &next) == OK) {
        log = find_log(call->witness, next.origin);
        status = log == NULL ? 404 : judge(log, request, note, &next);
    }
    if (status == 200) {
        cosign(call->witness, call->x, log, note, &next);
    } else {
        struct log_line line = log_begin(LOG_WARN, "checkpoint_refused");

        log_u64(&line, "status", status);
        log_end(&line);
        answer_refusal(call->x, status, log);
    }
    mem_free(note);
}

static void handle_add_checkpoint(void *owner, struct http_exchange *x)
{
    struct witness_call *call = ARENA_NEW(http_exchange_arena(x), struct witness_call);

    if (call == NULL) {
        http_answer(x, 503, "text/plain", SLICE_LIT("out of memory\n"));
        return;
    }
    *call = (struct witness_call){owner, x};
    http_exchange_collect(x, ADD_CHECKPOINT_MAX, add_checkpoint_body, NULL, call);
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
    {"witness", "log", INI_MANY},   {"witness", "state", INI_ONE},
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

int role_witness_run(const char *path)
{
    struct witness *w = MEM_NEW(struct witness);
    struct http_server *server = NULL;
    struct process process = {0};
    struct config config;
    struct addr listen;
    cocoon_err err;

    if ((err = config_load(&config, path, witness_known, COUNT_OF(witness_known))) != OK ||
        (err = witness_setup(w, &config, &listen)) != OK ||
        (err = process_init(&process, "witness")) != OK)
        goto done;
    server = http_server_new(process.loop,
                             &(struct http_server_params){.handler = witness_handle, .owner = w});
    if ((err = http_server_listen(server, &listen, NULL, false, NULL)) != OK) {
        fprintf(stderr, "%s: cannot listen: %s\n", path, cocoon_err_text(err));
        goto done;
    }
    process_ready();
    process_run(&process);
done:
    http_server_free(server);
    process_fini(&process);
    config_fini(&config);
    note_signer_wipe(&w->signer);
    mem_free(w);
    return cocoon_err_exit(err);
}
