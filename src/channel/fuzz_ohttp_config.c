/* Key configurations and collections: what is read must be written back to what is read again. */
#include "channel/ohttp_config.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ohttp_config list[OHTTP_CONFIGS_MAX], again[OHTTP_CONFIGS_MAX];
    struct fail fail;
    struct buf out;
    size_t count, count_again;

    buf_init(&out, 1 << 20);
    if (ohttp_config_read(slice_make(data, size), &list[0], &fail) == OK) {
        assert(ohttp_config_put(&list[0], &out) == OK);
        assert(ohttp_config_read(buf_slice(&out), &again[0], &fail) == OK);
        assert(again[0].key_id == list[0].key_id && again[0].alg_count == list[0].alg_count);
    }
    buf_clear(&out);
    if (ohttp_configs_read(slice_make(data, size), list, &count, &fail) == OK) {
        assert(ohttp_configs_put(list, count, &out) == OK);
        assert(ohttp_configs_read(buf_slice(&out), again, &count_again, &fail) == OK);
        assert(count == count_again);
    }
    buf_fini(&out);
    return 0;
}
