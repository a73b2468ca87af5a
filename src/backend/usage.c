/*
 * Reading the cost of an answer while it passes.
 *
 * SSE (WHATWG HTML section 9.2): each event's data is "[DONE]" or one JSON object:
 *
 *   {"choices":[{"delta":{"content":"Hi"}}],...}                       chat: a chunk of text
 *   {"choices":[{"text":"Hi"}],...}                                    completions: the same
 *   {"type":"response.output_text.delta","delta":"Hi",...}             Responses: the same
 *   {"choices":[],"usage":{"prompt_tokens":..,"completion_tokens":..},"timings":{..}}   the bill
 *
 * A whole answer is one such object with `message` in place of `delta`, kept up to a cap and read
 * at its end. One too large for a tree (a batch of embeddings) is searched for its bill only.
 */
#include "backend/usage.h"

#include "backend/member.h"
#include "base/mem.h"
#include "codec/json.h"

enum {
    /* One SSE event worth reading: a chunk with 20 log probabilities is some 4 KB. */
    EVENT_MAX = 1024 * 1024,

    /* The largest answer that is read as a tree, and the tree: some 20 bytes a byte at worst. */
    WHOLE_MAX = 1024 * 1024,
    TREE_MAX = 32 * 1024 * 1024,
};

struct usage_counter {
    bool streamed;
    struct usage sum;
    struct sse sse;
    struct buf in;     /* SSE: what is not consumed yet; JSON: all of it */
    struct buf joined; /* for sse_next */
};

bool usage_plausible(const struct usage *u)
{
    uint64_t most;

    if (u->source == USAGE_NONE || u->source == USAGE_COUNTED)
        return true;
    if (u->cached > u->prompt)
        return false;
    return __builtin_add_overflow(u->text, USAGE_SLACK, &most) || u->completion <= most;
}

struct usage_counter *usage_new(bool streamed, size_t max)
{
    struct usage_counter *c = MEM_NEW(struct usage_counter);

    c->streamed = streamed;
    sse_init(&c->sse);
    buf_init(&c->in, streamed ? EVENT_MAX : max);
    buf_init(&c->joined, EVENT_MAX);
    return c;
}

void usage_free(struct usage_counter *c)
{
    if (c == NULL)
        return;
    buf_wipe(&c->in);
    buf_wipe(&c->joined);
    mem_free(c);
}

/* Take the OpenAI member `usage`. Embeddings have no completion; Responses use other names. */
static void read_usage(const struct json *usage, struct usage *sum)
{
    const struct json *details;
    uint64_t prompt, completion = 0;

    if (json_get_u64(usage, "prompt_tokens", &prompt) != OK &&
        json_get_u64(usage, "input_tokens", &prompt) != OK)
        return;
    if (json_get_u64(usage, "completion_tokens", &completion) != OK)
        (void)!json_get_u64(usage, "output_tokens", &completion);
    sum->source = USAGE_ENGINE;
    sum->prompt = prompt;
    sum->completion = completion;
    if (json_get_object(usage, "prompt_tokens_details", &details) == OK ||
        json_get_object(usage, "input_tokens_details", &details) == OK)
        (void)!json_get_u64(details, "cached_tokens", &sum->cached);
}

/* Take llama.cpp's `timings`: what it did, whether or not it was asked for the usage. */
static void read_timings(const struct json *timings, struct usage *sum)
{
    uint64_t fresh, cached, predicted, prompt;

    if (json_get_u64(timings, "prompt_n", &fresh) != OK ||
        json_get_u64(timings, "cache_n", &cached) != OK ||
        json_get_u64(timings, "predicted_n", &predicted) != OK ||
        __builtin_add_overflow(fresh, cached, &prompt))
        return;
    sum->source = USAGE_TIMINGS;
    sum->prompt = prompt;
    sum->cached = cached;
    sum->completion = predicted;
}

/* Read the bill in `root`, if there is one. */
static void read_bill(const struct json *root, struct usage *sum)
{
    const struct json *found;

    if (json_get_object(root, "usage", &found) == OK)
        read_usage(found, sum);
    else if (sum->source != USAGE_ENGINE && json_get_object(root, "timings", &found) == OK)
        read_timings(found, sum);
}

static uint64_t text_len(const struct json *object, const char *name)
{
    struct slice text;

    return json_get_text(object, name, &text) == OK ? text.len : 0;
}

/* Bytes of text in a `delta` or `message`. */
static uint64_t message_len(const struct json *message)
{
    const struct json *calls, *function;
    uint64_t len = text_len(message, "content") + text_len(message, "reasoning_content") +
                   text_len(message, "refusal");

    if (json_get_array(message, "tool_calls", &calls) != OK)
        return len;
    for (const struct json *call = calls->first; call != NULL; call = call->next)
        if (json_get_object(call, "function", &function) == OK)
            len += text_len(function, "name") + text_len(function, "arguments");
    return len;
}

/* Bytes of text in the choices of a chunk or an answer, or in a delta of Responses. */
static uint64_t generated_len(const struct json *root)
{
    const struct json *choices, *message;
    uint64_t len = text_len(root, "delta");

    if (json_get_array(root, "choices", &choices) != OK)
        return len;
    for (const struct json *choice = choices->first; choice != NULL; choice = choice->next) {
        len += text_len(choice, "text");
        if (json_get_object(choice, "delta", &message) == OK ||
            json_get_object(choice, "message", &message) == OK)
            len += message_len(message);
    }
    return len;
}

/* Read one JSON text of the answer; true if it is one. */
static bool read_value(struct slice text, struct usage *sum, uint64_t *generated)
{
    struct arena arena;
    struct fail fail;
    const struct json *root, *inner;
    bool is_json;

    arena_init(&arena, TREE_MAX);
    is_json = json_parse(text, &arena, &root, &fail) == OK;
    if (is_json) {
        *generated = generated_len(root);
        /* Responses wrap the answer in the stream's last event. */
        read_bill(json_get_object(root, "response", &inner) == OK ? inner : root, sum);
    }
    arena_wipe(&arena);
    return is_json;
}

static void take_event(struct usage_counter *c, const struct sse_event *event)
{
    uint64_t generated = 0;

    if (!event->has_data)
        return;
    if (slice_eq_text(event->data, "[DONE]") || slice_eq_text(event->name, "response.completed"))
        c->sum.done = true;
    (void)read_value(event->data, &c->sum, &generated);
    c->sum.text += generated;
    if (generated > 0)
        c->sum.chunks++;
}

static void take_events(struct usage_counter *c, bool last)
{
    struct slice rest = buf_slice(&c->in);
    struct sse_event event;

    while (sse_next(&c->sse, rest, last, &c->joined, &event)) {
        take_event(c, &event);
        rest = slice_skip(rest, event.raw.len);
    }
    buf_drop(&c->in, c->in.len - rest.len);
}

void usage_feed(struct usage_counter *c, struct slice body)
{
    c->sum.bytes += body.len;
    buf_put(&c->in, body); /* once over its cap it takes nothing more, and nothing is counted */
    if (c->streamed && !c->in.over)
        take_events(c, false);
}

/* The bill of an answer that is too large for a tree. */
static void search_bill(struct slice text, struct usage *sum)
{
    struct slice usage = member_find(text, "usage");
    struct arena arena;
    struct fail fail;
    const struct json *root;

    arena_init(&arena, TREE_MAX);
    if (usage.len > 0 && json_parse(usage, &arena, &root, &fail) == OK)
        read_usage(root, sum);
    arena_wipe(&arena);
}

void usage_end(struct usage_counter *c, struct usage *out)
{
    struct slice all = buf_slice(&c->in);

    if (c->streamed && !c->in.over)
        take_events(c, true);
    else if (!c->in.over && all.len > WHOLE_MAX)
        search_bill(all, &c->sum);
    else if (!c->in.over)
        c->sum.done = read_value(all, &c->sum, &c->sum.text);
    if (c->sum.source == USAGE_NONE && c->sum.chunks > 0) {
        c->sum.source = USAGE_COUNTED;
        c->sum.completion = c->sum.chunks;
    }
    *out = c->sum;
}
