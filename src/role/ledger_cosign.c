/*
 * Cosigning rounds (c2sp.org/tlog-witness): propose the present as a checkpoint, ask every witness,
 * and publish with what came back.
 *
 * Each witness is asked from the size it signed last; one that remembers another size says so (409)
 * and is asked once more from there. A round ends when every witness that answered the last round
 * has answered, or when the time is up; it is published if enough cosigned. Only cosignatures that
 * verify under a key of genesis.json are taken.
 */
#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "ledger/add_checkpoint.h"
#include "role/ledger_node.h"

enum {
    ANSWER_MAX = 16 * 1024,
    STARTING_MS = 100, /* before the first publication: witnesses start when we do */
    FAILED_MS = 1000,  /* after a round that could not be published */
};

struct asked {
    struct ledger_cosign *cosign;
    struct http_peer *peer;
    struct http_fetch *fetch; /* NULL: nothing under way */
    uint64_t size;            /* of the checkpoint it signed last, as far as we know */
    bool again;               /* was asked a second time in this round */
    bool alive;               /* answered the last time */
};

struct ledger_cosign {
    struct ledger_node *node;
    struct asked witnesses[LEDGER_WITNESSES_MAX];
    size_t count;
    struct loop_timer timeout;
    bool running;
    uint64_t again_at; /* loop time of the next round over the same checkpoint */
    bool failed;       /* the last round was not published */

    /* of the round */
    uint64_t size;
    struct buf note; /* with the signatures so far */
    size_t text_len; /* of the note's text: what is cosigned */
    size_t signatures;
};

static void ask(struct asked *w);

/* Note that a witness failed: told when it begins, not each time. */
static void fail_witness(struct asked *w, const char *why, uint64_t status, cocoon_err err)
{
    struct log_line line = log_begin(w->alive ? LOG_WARN : LOG_DEBUG, "witness");

    log_u64(&line, "index", (uint64_t)(w - w->cosign->witnesses));
    log_word(&line, "what", why);
    log_u64(&line, "status", status);
    log_err(&line, err);
    log_end(&line);
    w->alive = false;
}

static void end_round(struct ledger_cosign *c)
{
    c->running = false;
    loop_timer_stop(&c->timeout);
    for (size_t i = 0; i < c->count; i++) {
        struct asked *w = &c->witnesses[i];

        if (w->fetch == NULL)
            continue;
        http_fetch_cancel(w->fetch);
        w->fetch = NULL;
        fail_witness(w, "is too slow", 0, ERR_TIMEOUT);
    }
}

/* Say it once when publishing stops, and once when it goes on. */
static void note_outcome(struct ledger_cosign *c, bool failed)
{
    struct log_line line = log_begin(failed != c->failed ? LOG_WARN : LOG_DEBUG,
                                     failed ? "too_few_cosignatures" : "published");

    log_u64(&line, "size", c->size);
    log_u64(&line, "cosignatures", c->signatures);
    log_end(&line);
    c->failed = failed;
}

static void publish(struct ledger_cosign *c)
{
    bool failed = c->signatures < c->node->cosignatures;
    bool first = embedded_published(c->node->sequencer) == 0;
    uint64_t pause = failed                      ? (first ? STARTING_MS : FAILED_MS)
                     : c->signatures == c->count ? c->node->refresh_ms
                                                 : c->node->retry_ms;
    cocoon_err err;

    end_round(c);
    c->again_at = loop_now(c->node->process.loop) + pause;
    note_outcome(c, failed);
    if (failed)
        return;
    if ((err = embedded_publish(c->node->sequencer, buf_slice(&c->note))) != OK)
        ledger_node_break(c->node, "publishing", err);
}

/* Publish when nobody is left whose answer is worth waiting for. */
static void check_round(struct ledger_cosign *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct asked *w = &c->witnesses[i];

        if (w->fetch != NULL && (w->alive || c->signatures < c->node->cosignatures))
            return;
    }
    publish(c);
}

static void on_timeout(void *owner)
{
    publish(owner);
}

/* Tell whether one of genesis.json's witnesses made the signature line at the end of `note`. */
static bool is_known(const struct genesis *g, const struct note *note)
{
    for (size_t i = 0; i < g->witness_count; i++)
        if (note_verify(note, &g->witnesses[i].key, NULL) == OK)
            return true;
    return false;
}

/* Take the lines of an answer that verify. Returns how many. */
static size_t take_lines(struct ledger_cosign *c, struct slice lines)
{
    struct slice text = slice_sub(buf_slice(&c->note), 0, c->text_len);
    struct note *note = MEM_NEW(struct note);
    size_t taken = 0;

    while (lines.len > 0 && c->note.len < CHECKPOINT_NOTE_MAX / 2) {
        struct slice rest = slice_cut(&lines, '\n');
        struct buf alone;
        struct fail fail;

        buf_init(&alone, CHECKPOINT_NOTE_MAX);
        buf_put(&alone, text);
        buf_put_text(&alone, "\n");
        buf_put(&alone, rest);
        buf_put_text(&alone, "\n");
        if (note_parse(buf_slice(&alone), note, &fail) == OK && is_known(&c->node->genesis, note)) {
            buf_put(&c->note, rest);
            buf_put_text(&c->note, "\n");
            text = slice_sub(buf_slice(&c->note), 0, c->text_len);
            taken++;
        }
        buf_fini(&alone);
    }
    mem_free(note);
    return taken;
}

/* The witness remembers another size: ask once more from there. */
static void take_size(struct asked *w, struct slice body)
{
    uint64_t size;

    if (w->again || slice_u64(slice_cut(&body, '\n'), &size) != OK || size > w->cosign->size) {
        fail_witness(w, "remembers a log that is not ours", 409, OK);
        return;
    }
    w->again = true;
    w->size = size;
    ask(w);
}

static void on_answer(void *owner, cocoon_err err, const struct http_response *head,
                      struct slice body)
{
    struct asked *w = owner;
    struct ledger_cosign *c = w->cosign;

    w->fetch = NULL;
    if (err != OK) {
        fail_witness(w, "does not answer", 0, err);
    } else if (head->status == 409) {
        take_size(w, body);
    } else if (head->status == 200 && take_lines(c, body) > 0) {
        c->signatures++;
        w->size = c->size;
        w->alive = true;
    } else {
        fail_witness(w, "did not cosign", head->status, OK);
    }
    if (w->fetch == NULL)
        check_round(c);
}

static cocoon_err put_request(const struct asked *w, struct buf *out)
{
    struct ledger_cosign *c = w->cosign;
    struct add_checkpoint *request = MEM_NEW(struct add_checkpoint);
    cocoon_err err = OK;

    request->old_size = w->size;
    request->note = buf_slice(&c->note);
    if (w->size > 0)
        err = embedded_consistency(c->node->sequencer, w->size, c->size, &request->proof);
    if (err == OK)
        err = add_checkpoint_put(out, request);
    mem_free(request);
    return err;
}

static void ask(struct asked *w)
{
    struct ledger_cosign *c = w->cosign;
    struct http_call_params params = {.method = SLICE_LIT("POST"),
                                      .target = SLICE_LIT("/add-checkpoint"),
                                      .whole_ms = (uint32_t)c->node->witness_ms};
    struct buf body;
    cocoon_err err;

    buf_init(&body, ADD_CHECKPOINT_MAX);
    if ((err = put_request(w, &body)) == OK)
        w->fetch = http_fetch(w->peer, &params, buf_slice(&body), ANSWER_MAX, on_answer, w);
    else
        fail_witness(w, "cannot be asked", 0, err);
    buf_fini(&body);
}

bool ledger_cosign_due(const struct ledger_cosign *c)
{
    bool news = !c->failed && embedded_has_news(c->node->sequencer);

    return !c->running && (news || loop_now(c->node->process.loop) >= c->again_at);
}

void ledger_cosign_start(struct ledger_cosign *c)
{
    struct slice text;
    cocoon_err err;
    size_t at;

    assert(!c->running);
    buf_clear(&c->note);
    c->signatures = 0;
    err = embedded_propose(c->node->sequencer, loop_unix_now(), &c->size, &c->note);
    if (err != OK) {
        ledger_node_break(c->node, "proposing", err);
        return;
    }
    text = buf_slice(&c->note);
    if (!slice_find_slice(text, SLICE_LIT("\n\n"), &at)) {
        ledger_node_break(c->node, "proposing", ERR_INTERNAL);
        return;
    }
    c->text_len = at + 1;
    c->running = true;
    loop_timer_set(&c->timeout, c->node->witness_ms);
    for (size_t i = 0; i < c->count; i++) {
        c->witnesses[i].again = false;
        ask(&c->witnesses[i]);
    }
    check_round(c);
}

struct ledger_cosign *ledger_cosign_new(struct ledger_node *n)
{
    struct ledger_cosign *c = MEM_NEW(struct ledger_cosign);

    c->node = n;
    buf_init(&c->note, CHECKPOINT_NOTE_MAX);
    loop_timer_init(&c->timeout, n->process.loop, on_timeout, c);
    return c;
}

cocoon_err ledger_cosign_add(struct ledger_cosign *c, const struct addr *witness)
{
    struct asked *w = &c->witnesses[c->count];
    struct http_peer_params params = {.at = *witness, .connections = 1};

    if (c->count == LEDGER_WITNESSES_MAX)
        return ERR_LIMIT;
    *w = (struct asked){.cosign = c, .alive = true};
    w->peer = http_peer_new(c->node->process.loop, &params);
    c->count++;
    return OK;
}

void ledger_cosign_free(struct ledger_cosign *c)
{
    if (c == NULL)
        return;
    end_round(c);
    for (size_t i = 0; i < c->count; i++)
        http_peer_free(c->witnesses[i].peer);
    buf_fini(&c->note);
    mem_free(c);
}
