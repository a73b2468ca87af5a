/* TCB info and QE identity: levels are in order, and a match meets its level. */
#include <assert.h>

#include "attest/qe_identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make(data, size);
    static const uint8_t tdx[PCK_COMPONENTS] = {1, 1};
    const struct pck_extension pck = {.components = {1}, .pce_svn = 1};
    struct arena arena;
    struct tcb_info *info;
    struct qe_identity *id;
    struct fail fail;

    arena_init(&arena, 8 * 1024 * 1024);
    if (tcb_info_parse(in, &arena, &info, &fail) == OK) {
        const struct tcb_level *level =
            tcb_info_match(info, &pck, info->is_tdx ? SLICE_OF(tdx) : (struct slice){NULL, 0});

        assert(level == NULL || (level->pce_svn <= 1 && level->sgx[0] <= 1 && level->sgx[1] == 0));
    }
    if (qe_identity_parse(in, &arena, &id, &fail) == OK)
        for (size_t i = 1; i < id->level_count; i++)
            assert(id->levels[i - 1].isv_svn >= id->levels[i].isv_svn);
    arena_fini(&arena);
    return 0;
}
