/*
 * Actions of the root contract: what its owners decide (docs/spec/tx.md).
 *
 *   put      01 | id length u8 | id | value     a record; the id is 32 bytes, or none
 *   revoke   02 | type u8 | id 32 | at u64      0: at execution
 *   cancel   03 | proposal 32
 *   rules    04 | version u32 | height u64      the version that holds from that height on
 *
 * Put sets owners, parameters, releases, models, engines and witnesses. The last four can be put
 * once, then only revoked; revoked once, for ever.
 */
#ifndef LEDGER_ACTION_H
#define LEDGER_ACTION_H

#include "ledger/record.h"

enum action_kind { ACTION_PUT = 1, ACTION_REVOKE = 2, ACTION_CANCEL = 3, ACTION_RULES = 4 };

enum { ACTION_MAX = RECORD_MAX - 64 - 32 * OWNERS_MAX }; /* fits its proposal */

struct action {
    enum action_kind kind;
    enum record_type type; /* put, revoke */
    struct slice id;       /* put, revoke; the proposal of cancel */
    struct slice value;    /* put */
    uint64_t at;           /* revoke */
    uint32_t rules;        /* rules */
    uint64_t height;       /* rules */
};

/* Decode all of `bytes`; slices borrow from it. A put's value is decoded too, to see that it is
 * one. ERR_TRUNCATED, ERR_TRAILING, ERR_MALFORMED, ERR_UNKNOWN_NAME (a type owners cannot set),
 * ERR_LIMIT. */
cocoon_err action_read(struct slice bytes, struct action *out) MUST_CHECK;

void action_put(struct wr *w, const struct action *a);

/* Tell whether it takes effect without delay: what takes away, never what adds. */
static inline bool action_is_urgent(const struct action *a)
{
    return a->kind == ACTION_REVOKE || a->kind == ACTION_CANCEL;
}

#endif
