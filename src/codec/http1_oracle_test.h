/*
 * llhttp, the parser of node, as oracle for http1_test.c: it reads one message and stops.
 * http1_no_oracle_test.c stands in where its sources are not installed.
 */
#ifndef CODEC_HTTP1_ORACLE_TEST_H
#define CODEC_HTTP1_ORACLE_TEST_H

#include "base/buf.h"

struct oracle_message {
    bool refused;
    bool complete; /* the message ended, at `used` */
    size_t used;
    struct buf fields; /* "name:value\n" for each, values without space at their ends */
    struct buf body;
};

/* Tell whether there is an oracle. */
bool oracle_present(void);

/* Read a message from `in`; `to_head`: a response to HEAD. Free `fields` and `body`. */
void oracle_read(struct slice in, bool response, bool to_head, struct oracle_message *out);

#endif
