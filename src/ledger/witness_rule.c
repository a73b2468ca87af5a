#include "ledger/witness_rule.h"

/* Does the tree of `next` extend the tree of `seen`? */
static bool extends(const struct witness_seen *seen, const struct add_checkpoint *request,
                    const struct checkpoint *next)
{
    struct digest empty;

    if (next->size == 0) {
        merkle_empty(&empty);
        return digest_eq(&next->root, &empty) && request->proof.count == 0;
    }
    if (seen->size == 0)
        return request->proof.count == 0;
    return merkle_verify_consistency(seen->size, &seen->root, next->size, &next->root,
                                     &request->proof) == OK;
}

unsigned witness_judge(const struct note_vkey *key, const struct witness_seen *seen,
                       const struct add_checkpoint *request, const struct note *note,
                       const struct checkpoint *next)
{
    if (note_verify(note, key, NULL) != OK)
        return 403;
    if (request->old_size > next->size)
        return 400;
    if (request->old_size != seen->size)
        return 409;
    return extends(seen, request, next) ? 200 : 422;
}
