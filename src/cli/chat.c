/*
 * `cocoon chat`: talk to a model through the sidecar, in the terminal, and see who answered.
 *
 *   cocoon chat [--url URL] [--model NAME] [PROMPT ...]
 *
 * With a prompt: one answer. Without: a conversation, one line a turn, until end of input. After
 * every answer the shield says whether the worker was verified, and if not, why.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"
#include "codec/json.h"
#include "codec/json_wr.h"
#include "codec/sse.h"
#include "net/http_client.h"

enum {
    CHAT_TEXT_MAX = 8 * 1024 * 1024, /* one conversation */
    CHAT_ARENA_MAX = 1024 * 1024,    /* one event */
    CHAT_FETCH_MAX = 1024 * 1024,
    CHAT_WHOLE_MS = 600 * 1000,
};

struct chat {
    struct loop *loop;
    struct http_peer *peer;
    char model[256];
    struct buf messages; /* JSON objects, comma-separated: the conversation so far */

    /* the answer under way */
    struct sse sse;
    struct buf events; /* bytes of the stream not yet split */
    struct buf joined;
    struct buf answer;
    struct buf error_body;
    char receipt_id[128];
    unsigned status;
    cocoon_err err;
};

/* --- small calls that wait for a whole answer --- */

struct waited {
    struct chat *chat;
    unsigned status;
    cocoon_err err;
    struct buf body;
};

static void waited_answer(void *owner, cocoon_err err, const struct http_response *head,
                          struct slice body)
{
    struct waited *w = owner;

    w->err = err;
    if (err == OK) {
        w->status = head->status;
        buf_put(&w->body, body);
    }
    loop_stop(w->chat->loop);
}

/* GET `path` and wait; `w->body` is the caller's to free. */
static void chat_get(struct chat *c, struct slice path, struct waited *w)
{
    *w = (struct waited){.chat = c};
    buf_init(&w->body, CHAT_FETCH_MAX);
    http_fetch(
        c->peer,
        &(struct http_call_params){.method = SLICE_LIT("GET"), .target = path, .no_body = true},
        SLICE_LIT(""), CHAT_FETCH_MAX, waited_answer, w);
    loop_run(c->loop);
}

/* Choose the first model the sidecar offers. */
static cocoon_err chat_first_model(struct chat *c)
{
    const struct json *root, *list;
    struct arena arena;
    struct waited w;
    struct slice id;
    struct fail fail;
    cocoon_err err;

    arena_init(&arena, CHAT_ARENA_MAX);
    chat_get(c, SLICE_LIT("/v1/models"), &w);
    err = w.err;
    if (err == OK && (err = json_parse(buf_slice(&w.body), &arena, &root, &fail)) == OK &&
        (err = json_get_array(root, "data", &list)) == OK)
        err = list->first == NULL ? ERR_NOT_FOUND : json_get_text(list->first, "id", &id);
    if (err == OK)
        err = slice_cstr(id, c->model, sizeof c->model);
    buf_fini(&w.body);
    arena_fini(&arena);
    return err;
}

/* --- one answer, streamed --- */

/* Print `text` without the control characters that could steer the terminal. */
static void print_safely(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];

        putchar((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f ? '?' : byte);
    }
    fflush(stdout);
}

/* Print the piece of text that one event carries, if any. */
static void chat_event(struct chat *c, struct slice data)
{
    const struct json *root, *choices, *delta;
    struct arena arena;
    struct slice text;
    struct fail fail;

    arena_init(&arena, CHAT_ARENA_MAX);
    if (json_parse(data, &arena, &root, &fail) == OK &&
        json_get_array(root, "choices", &choices) == OK && choices->first != NULL &&
        json_get_object(choices->first, "delta", &delta) == OK &&
        json_get_text(delta, "content", &text) == OK) {
        buf_put(&c->answer, text);
        print_safely(text);
    }
    arena_fini(&arena);
}

static void answer_head(void *owner, const struct http_response *head)
{
    struct chat *c = owner;
    struct slice id;

    c->status = head->status;
    if (http_field_get(head->fields, "x-receipt-id", &id) &&
        slice_cstr(id, c->receipt_id, sizeof c->receipt_id) != OK)
        c->receipt_id[0] = '\0';
}

static void answer_body(void *owner, struct slice bytes)
{
    struct chat *c = owner;
    struct sse_event event;

    if (c->status != 200) {
        buf_put(&c->error_body, bytes);
        return;
    }
    buf_put(&c->events, bytes);
    while (sse_next(&c->sse, buf_slice(&c->events), false, &c->joined, &event)) {
        size_t used = event.raw.len;

        if (event.has_data && !slice_eq_text(event.data, "[DONE]"))
            chat_event(c, event.data);
        buf_drop(&c->events, used);
    }
}

static void answer_end(void *owner, struct http_fields trailers)
{
    struct chat *c = owner;

    (void)trailers;
    loop_stop(c->loop);
}

static void answer_error(void *owner, cocoon_err why)
{
    struct chat *c = owner;

    c->err = why;
    loop_stop(c->loop);
}

static void chat_request(struct chat *c, struct buf *out)
{
    struct json_wr w;
    struct buf list;

    buf_init(&list, CHAT_TEXT_MAX);
    buf_put_u8(&list, '[');
    buf_put(&list, buf_slice(&c->messages));
    buf_put_u8(&list, ']');
    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_cstr(&w, "model", c->model);
    json_wr_raw(&w, "messages", buf_slice(&list));
    json_wr_bool(&w, "stream", true);
    json_wr_close(&w);
    if (json_wr_end(&w) != OK)
        c->err = ERR_LIMIT;
    buf_fini(&list);
}

static void chat_say(struct chat *c, const char *role, struct slice text)
{
    struct json_wr w;

    if (c->messages.len > 0)
        buf_put_u8(&c->messages, ',');
    json_wr_init(&w, &c->messages);
    json_wr_object(&w, NULL);
    json_wr_cstr(&w, "role", role);
    json_wr_text(&w, "content", text);
    json_wr_close(&w);
    if (json_wr_end(&w) != OK)
        c->err = ERR_ENCODING;
}

/* Ask, print the answer as it comes, and keep it in the conversation. */
static void chat_turn(struct chat *c, struct slice prompt)
{
    static const struct http_call_events events = {.on_head = answer_head,
                                                   .on_body = answer_body,
                                                   .on_end = answer_end,
                                                   .on_error = answer_error};
    struct http_field type = HTTP_FIELD("content-type", SLICE_LIT("application/json"));
    struct http_call *call;
    struct buf body;

    c->err = OK;
    c->receipt_id[0] = '\0';
    buf_clear(&c->events);
    buf_clear(&c->answer);
    buf_clear(&c->error_body);
    sse_init(&c->sse);
    buf_init(&body, CHAT_TEXT_MAX);
    chat_say(c, "user", prompt);
    chat_request(c, &body);
    if (c->err == OK) {
        call =
            http_call_start(c->peer,
                            &(struct http_call_params){.method = SLICE_LIT("POST"),
                                                       .target = SLICE_LIT("/v1/chat/completions"),
                                                       .fields = {&type, 1},
                                                       .first_ms = CHAT_WHOLE_MS,
                                                       .whole_ms = CHAT_WHOLE_MS},
                            &events, c);
        http_call_write(call, buf_slice(&body));
        http_call_end(call, HTTP_NO_FIELDS);
        loop_run(c->loop);
    }
    buf_fini(&body);
    if (c->err == OK && c->status == 200)
        chat_say(c, "assistant", buf_slice(&c->answer));
}

/* --- the shield --- */

static const char *shield_colour(bool verified)
{
    if (!isatty(STDOUT_FILENO) || getenv("NO_COLOR") != NULL)
        return "";
    return verified ? "\033[32m" : "\033[31m";
}

/* Print one line from what the sidecar says of the receipt. */
static void shield_print(const struct json *root)
{
    struct slice verdict = SLICE_LIT("NOT VERIFIED"), worker = SLICE_LIT("?"), why = SLICE_LIT("");
    bool simulated = false;
    const char *colour;

    if (json_get_text(root, "verdict", &verdict) != OK ||
        json_get_text(root, "worker", &worker) != OK ||
        json_get_bool(root, "simulated", &simulated) != OK)
        verdict = SLICE_LIT("NOT VERIFIED");
    if (json_get_text(root, "why", &why) != OK)
        why = SLICE_LIT("");
    colour = shield_colour(slice_eq_text(verdict, "VERIFIED"));
    printf("%s[%.*s]%s worker %.*s%s%s%.*s\n", colour, (int)verdict.len, (const char *)verdict.ptr,
           colour[0] == '\0' ? "" : "\033[0m", (int)(worker.len < 12 ? worker.len : 12),
           (const char *)worker.ptr, simulated ? " - SIMULATED, no trusted hardware" : "",
           why.len > 0 ? " - " : "", (int)why.len, (const char *)why.ptr);
}

static void chat_shield(struct chat *c)
{
    const struct json *root;
    struct arena arena;
    struct waited w;
    struct fail fail;
    struct buf path;

    if (c->receipt_id[0] == '\0') {
        printf("%s[NOT VERIFIED]%s no receipt came with this answer\n", shield_colour(false),
               shield_colour(false)[0] == '\0' ? "" : "\033[0m");
        return;
    }
    buf_init(&path, 512);
    buf_printf(&path, "/v1/cocoon/receipts/%s", c->receipt_id);
    chat_get(c, buf_slice(&path), &w);
    arena_init(&arena, CHAT_ARENA_MAX);
    if (w.err == OK && w.status == 200 &&
        json_parse(buf_slice(&w.body), &arena, &root, &fail) == OK)
        shield_print(root);
    else
        printf("[NOT VERIFIED] the sidecar holds no receipt %s\n", c->receipt_id);
    arena_fini(&arena);
    buf_fini(&w.body);
    buf_fini(&path);
}

/* Say what went wrong with the last answer; return the exit code. */
static int chat_report(struct chat *c)
{
    if (c->err != OK) {
        fprintf(stderr, "\ncocoon chat: %s\n", cocoon_err_text(c->err));
        return EXIT_INTERNAL;
    }
    if (c->status != 200) {
        fprintf(stderr, "\ncocoon chat: the sidecar answered %u: %.*s\n", c->status,
                (int)c->error_body.len, (const char *)c->error_body.ptr);
        return EXIT_REJECTED;
    }
    putchar('\n');
    chat_shield(c);
    return EXIT_OK;
}

static int chat_converse(struct chat *c)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int code = EXIT_OK;

    for (;;) {
        if (isatty(STDIN_FILENO)) {
            printf("> ");
            fflush(stdout);
        }
        if ((len = getline(&line, &room, stdin)) < 0)
            break;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        if (len == 0)
            continue;
        chat_turn(c, slice_make(line, (size_t)len));
        code = chat_report(c);
    }
    free(line);
    return code;
}

static void chat_usage(void)
{
    fputs("usage: cocoon chat [--url http://HOST:PORT] [--model NAME] [PROMPT ...]\n"
          "The sidecar's address is --url, or COCOON_URL, or http://127.0.0.1:10000.\n",
          stderr);
}

static cocoon_err chat_open(struct chat *c, const char *url)
{
    struct slice text = slice_text(url);
    struct addr at;
    cocoon_err err;

    if (!slice_starts(text, SLICE_LIT("http://")))
        return ERR_MALFORMED;
    text = slice_skip(text, 7);
    text = slice_cut(&text, '/');
    if ((err = addr_parse(text, &at)) != OK || (err = loop_new(&c->loop)) != OK)
        return err;
    c->peer = http_peer_new(c->loop, &(struct http_peer_params){.at = at});
    buf_init(&c->messages, CHAT_TEXT_MAX);
    buf_init(&c->events, CHAT_TEXT_MAX);
    buf_init(&c->joined, CHAT_TEXT_MAX);
    buf_init(&c->answer, CHAT_TEXT_MAX);
    buf_init(&c->error_body, CHAT_TEXT_MAX);
    return OK;
}

static void chat_close(struct chat *c)
{
    struct buf *all[] = {&c->messages, &c->events, &c->joined, &c->answer, &c->error_body};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        buf_wipe(all[i]);
    http_peer_free(c->peer);
    if (c->loop != NULL)
        loop_free(c->loop);
}

static void join_words(char **words, int count, struct buf *out)
{
    for (int i = 0; i < count; i++) {
        if (i > 0)
            buf_put_u8(out, ' ');
        buf_put_text(out, words[i]);
    }
}

int command_chat(int argc, char **argv)
{
    static const struct option options[] = {{"url", required_argument, NULL, 'u'},
                                            {"model", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    const char *url = getenv("COCOON_URL");
    struct chat c = {0};
    struct buf prompt;
    cocoon_err err;
    int option, code;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'u') {
            url = optarg;
        } else if (option == 'm' && slice_cstr(slice_text(optarg), c.model, sizeof c.model) == OK) {
            continue;
        } else {
            chat_usage();
            return EXIT_USAGE;
        }
    }
    buf_init(&prompt, CHAT_TEXT_MAX);
    join_words(argv + optind, argc - optind, &prompt);
    err = chat_open(&c, url == NULL ? "http://127.0.0.1:10000" : url);
    if (err == OK && c.model[0] == '\0')
        err = chat_first_model(&c);
    if (err != OK) {
        fprintf(stderr, "cocoon chat: %s\n", cocoon_err_text(err));
        code = EXIT_INTERNAL;
    } else if (prompt.len > 0) {
        chat_turn(&c, buf_slice(&prompt));
        code = chat_report(&c);
    } else {
        code = chat_converse(&c);
    }
    buf_fini(&prompt);
    chat_close(&c);
    return code;
}
