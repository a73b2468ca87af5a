#include "attest/claims.h"

#include <string.h>

#include "attest/render.h"
#include "base/mem.h"
#include "codec/json_wr.h"

enum { PATH_DEPTH_MAX = 8 };

void claims_init(struct claims *c, struct arena *arena)
{
    *c = (struct claims){.arena = arena, .root = {.kind = CLAIM_MAP}};
}

struct claim *claims_root(struct claims *c)
{
    return &c->root;
}

/* Add a node of `kind` to `in`; NULL when `in` is or the arena is full. */
static struct claim *add(struct claims *c, struct claim *in, struct slice name,
                         enum claim_kind kind)
{
    struct claim *node = in == NULL ? NULL : ARENA_NEW(c->arena, struct claim);

    if (node == NULL) {
        c->bad = true;
        return NULL;
    }
    node->kind = kind;
    node->name = name;
    if (in->last == NULL)
        in->first = node;
    else
        in->last->next = node;
    in->last = node;
    return node;
}

static struct slice name_slice(const char *name)
{
    return name == NULL ? (struct slice){0} : slice_text(name);
}

void claim_null(struct claims *c, struct claim *in, const char *name)
{
    (void)add(c, in, name_slice(name), CLAIM_NULL);
}

void claim_bool(struct claims *c, struct claim *in, const char *name, bool value)
{
    struct claim *node = add(c, in, name_slice(name), CLAIM_BOOL);

    if (node != NULL)
        node->yes = value;
}

void claim_int(struct claims *c, struct claim *in, const char *name, int64_t value)
{
    struct claim *node = add(c, in, name_slice(name), CLAIM_INT);

    if (node != NULL)
        node->number = value;
}

void claim_text(struct claims *c, struct claim *in, const char *name, struct slice utf8)
{
    struct claim *node = add(c, in, name_slice(name), CLAIM_TEXT);

    if (node != NULL)
        node->bytes = utf8;
}

void claim_word(struct claims *c, struct claim *in, const char *name, const char *static_text)
{
    claim_text(c, in, name, slice_text(static_text));
}

void claim_hex(struct claims *c, struct claim *in, const char *name, struct slice bytes)
{
    struct claim *node = add(c, in, name_slice(name), CLAIM_HEX);

    if (node != NULL)
        node->bytes = bytes;
}

void claim_time(struct claims *c, struct claim *in, const char *name, unix_time value)
{
    struct claim *node = add(c, in, name_slice(name), CLAIM_TIME);

    if (node != NULL)
        node->at = value;
}

struct claim *claim_list(struct claims *c, struct claim *in, const char *name)
{
    return add(c, in, name_slice(name), CLAIM_LIST);
}

struct claim *claim_map(struct claims *c, struct claim *in, const char *name)
{
    return add(c, in, name_slice(name), CLAIM_MAP);
}

struct claim *claim_map_named(struct claims *c, struct claim *in, struct slice name)
{
    struct slice copy;

    if (arena_copy(c->arena, name, &copy) != OK) {
        c->bad = true;
        return NULL;
    }
    return add(c, in, copy, CLAIM_MAP);
}

/* Return `index` in decimal, kept in the arena; empty and `bad` when it is full. */
static struct slice decimal(struct claims *c, unsigned index)
{
    struct slice copy = {NULL, 0};
    struct buf text;

    buf_init(&text, 16);
    buf_put_u64(&text, index);
    if (arena_copy(c->arena, buf_slice(&text), &copy) != OK)
        c->bad = true;
    buf_fini(&text);
    return copy;
}

void claim_hex_indexed(struct claims *c, struct claim *in, unsigned index, struct slice bytes)
{
    struct claim *node = add(c, in, decimal(c, index), CLAIM_HEX);

    if (node != NULL)
        node->bytes = bytes;
}

void claim_bool_indexed(struct claims *c, struct claim *in, unsigned index, bool value)
{
    struct claim *node = add(c, in, decimal(c, index), CLAIM_BOOL);

    if (node != NULL)
        node->yes = value;
}

static void add_member(struct claims *c, struct claim *in, const struct json *m)
{
    struct claim *node = NULL;
    int64_t number;

    if (m->kind == JSON_BOOL && (node = add(c, in, m->name, CLAIM_BOOL)) != NULL)
        node->yes = m->truth;
    else if (m->kind == JSON_STRING && (node = add(c, in, m->name, CLAIM_TEXT)) != NULL)
        node->bytes = m->text;
    else if (m->kind == JSON_NUMBER && json_i64(m, &number) == OK &&
             (node = add(c, in, m->name, CLAIM_INT)) != NULL)
        node->number = number;
}

void claim_members(struct claims *c, struct claim *in, const char *name, const struct json *object)
{
    struct claim *map;

    if (object == NULL || object->kind != JSON_OBJECT)
        return;
    map = claim_map(c, in, name);
    for (const struct json *m = object->first; m != NULL; m = m->next)
        add_member(c, map, m);
}

/* --- lookup --- */

static const struct claim *find_child(const struct claim *in, struct slice name)
{
    for (const struct claim *at = in->first; at != NULL; at = at->next)
        if (slice_eq(at->name, name))
            return at;
    return NULL;
}

const struct claim *claims_find(const struct claims *c, const char *path)
{
    const struct claim *at = &c->root;
    struct slice rest = slice_text(path);

    while (at != NULL && rest.len > 0)
        at = at->kind == CLAIM_MAP ? find_child(at, slice_cut(&rest, '.')) : NULL;
    return at;
}

static const struct claim *find_kind(const struct claims *c, const char *path, enum claim_kind kind)
{
    const struct claim *at = claims_find(c, path);

    return at != NULL && at->kind == kind ? at : NULL;
}

bool claims_get_bool(const struct claims *c, const char *path, bool *out)
{
    const struct claim *at = find_kind(c, path, CLAIM_BOOL);

    if (at != NULL)
        *out = at->yes;
    return at != NULL;
}

bool claims_get_int(const struct claims *c, const char *path, int64_t *out)
{
    const struct claim *at = find_kind(c, path, CLAIM_INT);

    if (at != NULL)
        *out = at->number;
    return at != NULL;
}

bool claims_get_text(const struct claims *c, const char *path, struct slice *out)
{
    const struct claim *at = find_kind(c, path, CLAIM_TEXT);

    if (at != NULL)
        *out = at->bytes;
    return at != NULL;
}

bool claims_get_hex(const struct claims *c, const char *path, struct slice *out)
{
    const struct claim *at = find_kind(c, path, CLAIM_HEX);

    if (at != NULL)
        *out = at->bytes;
    return at != NULL;
}

/* --- rendering --- */

static void put_value(struct json_wr *w, const struct claim *claim)
{
    struct buf text;

    buf_init(&text, 64);
    switch (claim->kind) {
    case CLAIM_NULL:
        json_wr_null(w, NULL);
        break;
    case CLAIM_BOOL:
        json_wr_bool(w, NULL, claim->yes);
        break;
    case CLAIM_INT:
        json_wr_i64(w, NULL, claim->number);
        break;
    case CLAIM_TEXT:
        render_text(w, NULL, claim->bytes);
        break;
    case CLAIM_HEX:
        json_wr_hex(w, NULL, claim->bytes);
        break;
    case CLAIM_TIME:
        rfc3339_put(&text, claim->at);
        json_wr_text(w, NULL, buf_slice(&text));
        break;
    case CLAIM_LIST:
        json_wr_array(w, NULL);
        break;
    case CLAIM_MAP:
        json_wr_object(w, NULL);
        break;
    }
    buf_fini(&text);
}

void claims_write(const struct claims *c, struct json_wr *w)
{
    const struct claim *open[PATH_DEPTH_MAX]; /* where to go on, at each level that is open */
    size_t depth = 1;

    json_wr_object(w, NULL);
    open[0] = c->root.first;
    while (depth > 0) {
        const struct claim *at = open[depth - 1];

        if (at == NULL) {
            json_wr_close(w);
            depth--;
            continue;
        }
        open[depth - 1] = at->next;
        if (at->name.len > 0)
            json_wr_name(w, at->name);
        put_value(w, at);
        if ((at->kind != CLAIM_LIST && at->kind != CLAIM_MAP))
            continue;
        if (depth < PATH_DEPTH_MAX)
            open[depth++] = at->first;
        else
            json_wr_close(w); /* deeper than any format goes: shown empty */
    }
}

void claims_json(const struct claims *c, struct buf *out)
{
    struct json_wr w;

    json_wr_init(&w, out);
    claims_write(c, &w);
    if (json_wr_end(&w) != OK)
        out->over = true;
}
