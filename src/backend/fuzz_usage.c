#include "backend/usage.h"

/* The first byte says whether the answer is a stream and how it is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct usage_counter *c;
    struct usage sum;
    size_t piece;

    if (size == 0)
        return 0;
    c = usage_new((data[0] & 1) != 0, 4096);
    piece = (size_t)1 + (data[0] >> 1);
    for (size_t at = 1; at < size; at += piece)
        usage_feed(c, slice_make(data + at, size - at < piece ? size - at : piece));
    usage_end(c, &sum);
    if (sum.bytes != size - 1)
        __builtin_trap();
    usage_free(c);
    return 0;
}
