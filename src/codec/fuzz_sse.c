/* Fuzz the event splitter: whatever comes, the raw parts joined are the stream. */
#include <stdlib.h>

#include "codec/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make(data, size);
    struct sse_event event;
    struct buf joined;
    struct sse s;

    sse_init(&s);
    buf_init(&joined, size);
    while (sse_next(&s, in, true, &joined, &event)) {
        if (event.raw.ptr != in.ptr || event.raw.len == 0)
            abort();
        in = slice_skip(in, event.raw.len);
    }
    buf_fini(&joined);
    return 0;
}
