/*
 * jansson behind a wall: its names (JSON_OBJECT and the like) are ours too, so json_test.c sees
 * only this. A document's values are compared as text: n, t, f, numbers as %.17g, strings as hex,
 * arrays and objects in brackets, in source order.
 */
#ifndef CODEC_JSON_ORACLE_TEST_H
#define CODEC_JSON_ORACLE_TEST_H

#include "base/buf.h"

enum oracle_verdict {
    ORACLE_ACCEPTS,
    ORACLE_REFUSES,
    ORACLE_OVERFLOWS, /* a number beyond its types: it cannot say */
};

/* Parse `text` and append its values to `dump` if it is accepted. */
enum oracle_verdict oracle_parse(struct slice text, struct buf *dump);

void oracle_put_number(struct buf *dump, double value);
void oracle_put_string(struct buf *dump, struct slice text);

#endif
