/*
 * Reads JSON texts from standard input, one a line, and writes the canonical form of each, or
 * the name of the error: the C side of jcs_node_test.mjs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/jcs.h"

enum { LINE_MAX_BYTES = 1 << 20 };

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    while ((len = getline(&line, &room, stdin)) > 0) {
        struct buf out;
        struct fail fail;
        cocoon_err err;

        buf_init(&out, LINE_MAX_BYTES);
        err = jcs_canonicalize(slice_make(line, (size_t)len), &out, &fail);
        puts(err == OK ? buf_cstr(&out) : cocoon_err_name(err));
        buf_fini(&out);
    }
    free(line);
    return 0;
}
