/*
 * Claims: what evidence says, as a tree of typed values under names.
 *
 * A verifier adds what it read; the policy looks values up by path ("mr_td", "pcrs.0",
 * "status_detail.platform"); the renderer prints the tree as JSON. Nodes live in the result's
 * arena. Adders return nothing: running out of memory makes the tree `bad`, and a result over a bad
 * tree never passes.
 */
#ifndef ATTEST_CLAIMS_H
#define ATTEST_CLAIMS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "codec/json.h"

enum claim_kind {
    CLAIM_NULL,
    CLAIM_BOOL,
    CLAIM_INT,  /* JSON number */
    CLAIM_TEXT, /* JSON string, escaped */
    CLAIM_HEX,  /* bytes; JSON string of lower-case hex */
    CLAIM_TIME, /* JSON string, RFC 3339 */
    CLAIM_LIST, /* children without names */
    CLAIM_MAP,
};

struct claim {
    enum claim_kind kind;
    struct slice name; /* empty in a list */
    union {
        bool yes;
        int64_t number;
        struct slice bytes; /* CLAIM_TEXT, CLAIM_HEX */
        unix_time at;
    };
    struct claim *first, *last; /* children of a list or map */
    struct claim *next;
};

struct claims {
    struct arena *arena;
    struct claim root; /* CLAIM_MAP */
    bool bad;          /* a node did not fit */
};

void claims_init(struct claims *c, struct arena *arena);

/* Return the root map. */
struct claim *claims_root(struct claims *c);

/*
 * Add one value under `name` (copied reference: static or as long-lived as the arena) to `in`, a
 * map, or to a list with name NULL. Bytes and text are borrowed, not copied. `in` may be NULL after
 * an earlier failure; then nothing happens.
 */
void claim_null(struct claims *c, struct claim *in, const char *name);
void claim_bool(struct claims *c, struct claim *in, const char *name, bool value);
void claim_int(struct claims *c, struct claim *in, const char *name, int64_t value);
void claim_text(struct claims *c, struct claim *in, const char *name, struct slice utf8);
void claim_word(struct claims *c, struct claim *in, const char *name, const char *static_text);
void claim_hex(struct claims *c, struct claim *in, const char *name, struct slice bytes);
void claim_time(struct claims *c, struct claim *in, const char *name, unix_time value);
struct claim *claim_list(struct claims *c, struct claim *in, const char *name);
struct claim *claim_map(struct claims *c, struct claim *in, const char *name);

/* As the adders, for names made at run time ("0".."31"): `name` is copied into the arena. */
struct claim *claim_map_named(struct claims *c, struct claim *in, struct slice name);
void claim_hex_indexed(struct claims *c, struct claim *in, unsigned index, struct slice bytes);
void claim_bool_indexed(struct claims *c, struct claim *in, unsigned index, bool value);

/* Add a map `name` with the booleans, strings and integers among the members of `object`; NULL or
 * another kind of value adds nothing. Borrows from it. */
void claim_members(struct claims *c, struct claim *in, const char *name, const struct json *object);

/* Follow `path` ("a.b.c") from the root; NULL if there is no such claim. O(siblings). */
const struct claim *claims_find(const struct claims *c, const char *path);

/* Set `*out` and return true if the claim at `path` exists and has that kind. */
bool claims_get_bool(const struct claims *c, const char *path, bool *out);
bool claims_get_int(const struct claims *c, const char *path, int64_t *out);
bool claims_get_text(const struct claims *c, const char *path, struct slice *out);
bool claims_get_hex(const struct claims *c, const char *path, struct slice *out);

/* Append the tree as one JSON object. */
void claims_json(const struct claims *c, struct buf *out);

#endif
