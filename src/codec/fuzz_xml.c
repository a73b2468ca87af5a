/* XML: parse, canonicalise, parse that again; the second canonical form must equal the first. */
#include <assert.h>

#include "codec/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool canonical(struct slice text, struct arena *arena, struct buf *out)
{
    const struct xml_node *root;
    struct fail fail;

    if (xml_parse(text, arena, &root, &fail) != OK)
        return false;
    xml_c14n(root, NULL, out);
    return buf_ok(out) == OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buf once, twice;

    arena_init(&arena, 8 * 1024 * 1024);
    buf_init(&once, 4 * 1024 * 1024);
    buf_init(&twice, 4 * 1024 * 1024);
    if (canonical(slice_make(data, size), &arena, &once) && once.len <= XML_SIZE_MAX) {
        assert(canonical(buf_slice(&once), &arena, &twice));
        assert(slice_eq(buf_slice(&once), buf_slice(&twice)));
    }
    buf_fini(&twice);
    buf_fini(&once);
    arena_fini(&arena);
    return 0;
}
