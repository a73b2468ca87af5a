/*
 * Versions of the rules. The root contract says from which height each holds; every version ever in
 * force stays here, so that the whole log can be executed again.
 */
#include "base/mem.h"
#include "ledger/appraise.h"
#include "ledger/exec.h"

static const struct rules versions[] = {
    {1, ledger_appraise_v1},
};

const struct rules *rules_find(uint32_t version)
{
    for (size_t i = 0; i < COUNT_OF(versions); i++)
        if (versions[i].version == version)
            return &versions[i];
    return NULL;
}
