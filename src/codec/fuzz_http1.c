/* Fuzz the HTTP/1.1 head parser, both ways, and the chunked decoder behind it. */
#include <stdlib.h>

#include "codec/http1.h"
#include "codec/http1_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(struct slice rest)
{
    struct http1_chunked c;
    struct slice piece;
    struct fail fail;

    http1_chunked_init(&c);
    while (http1_chunked_next(&c, &rest, &piece, &fail) == OK && piece.len > 0)
        continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http1_head head;
    struct slice in = slice_make(data, size);
    struct fail fail;
    size_t used;

    if (http1_request_parse(in, &head, &used, &fail) == OK && head.body == HTTP1_CHUNKED)
        drain(slice_skip(in, used));
    if (http1_response_parse(in, size % 2 == 0, &head, &used, &fail) == OK &&
        head.body == HTTP1_CHUNKED)
        drain(slice_skip(in, used));
    return 0;
}
