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

static bool goes_before(struct slice a, struct slice b)
{
    return a.len != b.len ? a.len < b.len : slice_cmp(a, b) < 0;
}

void evidence_sort(struct evidence *e)
{
    for (size_t i = 1; i < e->count; i++)
        for (size_t k = i; k > 0 && goes_before(e->parts[k].name, e->parts[k - 1].name); k--) {
            struct evidence_part swapped = e->parts[k];

            e->parts[k] = e->parts[k - 1];
            e->parts[k - 1] = swapped;
        }
}

bool evidence_find(const struct evidence *e, const char *name, struct slice *out)
{
    const struct evidence_part *part = find(e, slice_text(name));

    if (part != NULL)
        *out = part->bytes;
    return part != NULL;
}
