/*
 * What a ledger node says in JSON without proof: hints, and content that its reader checks by its
 * digest. Of the published state, but for accounts: those are of the present, so that a nonce is
 * the next one.
 */
#ifndef ROLE_LEDGER_VIEW_H
#define ROLE_LEDGER_VIEW_H

#include "codec/json_wr.h"
#include "role/ledger_node.h"

enum { LEDGER_VIEW_MAX = 8 * 1024 * 1024 };

/* Each writes one JSON object. Parameters stand in `query`. ERR_NOT_FOUND, ERR_MALFORMED,
 * ERR_ABSENT, and the errors of the store. */
cocoon_err ledger_view_status(struct ledger_node *n, struct slice query,
                              struct json_wr *w) MUST_CHECK;
cocoon_err ledger_view_workers(struct ledger_node *n, struct slice query,
                               struct json_wr *w) MUST_CHECK; /* [model=hex] */
cocoon_err ledger_view_models(struct ledger_node *n, struct slice query,
                              struct json_wr *w) MUST_CHECK;
cocoon_err ledger_view_releases(struct ledger_node *n, struct slice query,
                                struct json_wr *w) MUST_CHECK;
cocoon_err ledger_view_witnesses(struct ledger_node *n, struct slice query,
                                 struct json_wr *w) MUST_CHECK;
cocoon_err ledger_view_account(struct ledger_node *n, struct slice query,
                               struct json_wr *w) MUST_CHECK; /* id=hex */

/* The evidence that a worker registered with, put together from its leaves: worker=hex. */
cocoon_err ledger_view_evidence(struct ledger_node *n, struct slice query,
                                struct json_wr *w) MUST_CHECK;

/* A small page for people. */
void ledger_view_page(struct ledger_node *n, struct buf *out);

#endif
