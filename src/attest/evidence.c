#include "attest/evidence.h"

void evidence_init(struct evidence *e, struct slice kind)
{
    e->kind = kind;
    e->count = 0;
}

static const struct evidence_part *find(const struct evidence *e, struct slice name)
{
    for (size_t i = 0; i < e->count; i++)
        if (slice_eq(e->parts[i].name, name))
            return &e->parts[i];
    return NULL;
}

cocoon_err evidence_add(struct evidence *e, struct slice name, struct slice bytes)
{
    if (find(e, name) != NULL)
        return ERR_DUPLICATE;
    if (e->count == EVIDENCE_PARTS_MAX)
        return ERR_LIMIT;
    e->parts[e->count++] = (struct evidence_part){name, bytes};
    return OK;
}

bool evidence_find(const struct evidence *e, const char *name, struct slice *out)
{
    const struct evidence_part *part = find(e, slice_text(name));

    if (part != NULL)
        *out = part->bytes;
    return part != NULL;
}
