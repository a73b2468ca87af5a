/* Fuzz the binary HTTP decoder. The first byte picks direction and the size of pieces. */
#include "codec/bhttp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bhttp_rd b;
    struct slice in = slice_make(data, size);
    enum bhttp_event event = BHTTP_MORE;
    struct fail fail;
    size_t step, seen = 0;

    if (size == 0)
        return 0;
    step = 1 + data[0] / 2U;
    bhttp_rd_init(&b, data[0] % 2 == 1);
    in = slice_skip(in, 1);
    while (event != BHTTP_DONE) {
        size_t used;

        seen = seen + step < in.len ? seen + step : in.len;
        if (bhttp_next(&b, slice_sub(in, 0, seen), seen == in.len, &used, &event, &fail) != OK)
            return 0;
        in = slice_skip(in, used);
        seen -= used;
    }
    return 0;
}
