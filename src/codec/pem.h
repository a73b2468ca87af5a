/* PEM (RFC 7468) in a strict form: what certificate chains travel in. */
#ifndef CODEC_PEM_H
#define CODEC_PEM_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * Decode every block `-----BEGIN label-----` of `text` into `arena`, in order, at most `max` of
 * them. Between and around blocks only spaces, tabs and line ends may stand; one NUL may end the
 * text (quotes carry C strings). ERR_MALFORMED, ERR_LIMIT, ERR_MISSING (no block), ERR_NOMEM.
 */
cocoon_err pem_read(struct slice text, const char *label, struct arena *arena, struct slice *out,
                    size_t max, size_t *count, struct fail *fail) MUST_CHECK;

/* Append `der` as one PEM block with lines of 64. */
void pem_put(struct buf *out, const char *label, struct slice der);

#endif
