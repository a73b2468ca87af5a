/* How the transcript writes text that came from outside. Internal to attest. */
#ifndef ATTEST_RENDER_H
#define ATTEST_RENDER_H

#include "attest/claims.h"
#include "codec/json_wr.h"

/* Append `text` with everything but printable ASCII as \xNN, cut at 256 bytes. */
void render_escaped(struct buf *out, struct slice text);

/* Write a string: `text` as it is if it is UTF-8 without control characters, else escaped. */
void render_text(struct json_wr *w, const char *name, struct slice text);

/* Write the tree of claims as one object, the value that is due. */
void claims_write(const struct claims *c, struct json_wr *w);

#endif
