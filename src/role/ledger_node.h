/* Inside of the ledger role: what its parts share. */
#ifndef ROLE_LEDGER_NODE_H
#define ROLE_LEDGER_NODE_H

#include "ledger/genesis.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "role/config.h"
#include "role/process.h"
#include "sequencer/embedded.h"

enum { LEDGER_WITNESSES_MAX = 32 };

struct ledger_cosign;

struct ledger_node {
    struct process process;
    struct config config;
    struct arena arena; /* of genesis */
    struct genesis genesis;
    struct note_signer log, cosigner;
    bool has_cosigner;
    struct ed25519_key account; /* heartbeats are its transactions */
    struct embedded *sequencer;
    struct http_server *server;
    struct ledger_cosign *cosign;

    uint64_t block_ms, checkpoint_ms, witness_ms, retry_ms, refresh_ms, heartbeat_ms;
    uint64_t cosignatures;
    uint64_t last_block; /* loop time of the last one */
    struct loop_timer block, checkpoint, heartbeat;
    cocoon_err broken; /* why the node had to stop; OK while it runs */
};

/* Milliseconds on the wall clock. */
uint64_t ledger_node_now_ms(void);

/* Hand in a transaction, and see that a block comes. As embedded_submit. */
cocoon_err ledger_node_submit(struct ledger_node *n, struct slice tx, embedded_done_fn *done,
                              void *owner, struct fail *fail) MUST_CHECK;

/* Stop the process: the disk failed, or the state is damaged. */
void ledger_node_break(struct ledger_node *n, const char *event, cocoon_err err);

/* How many workers the published state holds that may serve now. */
size_t ledger_node_workers(struct ledger_node *n);

/* ledger_http.c: serve `x`. */
void ledger_http_handle(void *node, struct http_exchange *x);

/* ledger_cosign.c: propose the present, collect cosignatures, publish. A round is due when there is
 * news, or when the published checkpoint should be cosigned again; start one only then. */
struct ledger_cosign *ledger_cosign_new(struct ledger_node *n);
cocoon_err ledger_cosign_add(struct ledger_cosign *c, const struct addr *witness) MUST_CHECK;
bool ledger_cosign_due(const struct ledger_cosign *c);
void ledger_cosign_start(struct ledger_cosign *c);
void ledger_cosign_free(struct ledger_cosign *c);

#endif
