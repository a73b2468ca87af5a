#include "role/outer.h"

const char *const outer_names[OUTER_FIELDS] = {"cocoon-model", "cocoon-size-class",
                                               "cocoon-deadline", "cocoon-price-cap"};

static bool outer_is_empty(const struct outer *o)
{
    for (size_t i = 0; i < OUTER_FIELDS; i++)
        if (o->value[i].len > 0)
            return false;
    return true;
}

cocoon_err outer_check(const struct outer *open, const struct outer *sealed)
{
    if (outer_is_empty(open))
        return OK;
    for (size_t i = 0; i < OUTER_FIELDS; i++)
        if (!slice_eq(open->value[i], sealed->value[i]))
            return ERR_MISMATCH;
    return OK;
}

cocoon_err outer_deadline(const struct outer *o, uint64_t now_ms, uint64_t *out)
{
    *out = now_ms + OUTER_DEADLINE_MS;
    if (o->value[OUTER_DEADLINE].len == 0)
        return OK;
    return slice_u64(o->value[OUTER_DEADLINE], out);
}
