/*
 * The gate of a proxy: an accepted tunnel stream becomes a tunnel once the worker behind it has
 * proved, over this very connection, to be one that the ledger has registered.
 */
#ifndef ROLE_PROXY_GATE_H
#define ROLE_PROXY_GATE_H

#include "channel/handshake.h"
#include "channel/known.h"
#include "role/follow.h"
#include "role/proxy_tunnels.h"
#include "role/trust.h"

enum { GATE_MS = 20 * 1000, GATE_WAITING_MAX = 256 };

struct gate {
    struct loop *loop;
    struct tunnels *tunnels;
    struct follow *follow;
    const struct trust *trust;
    struct known *known;
    struct ed25519_key account;
    uint32_t waiting; /* handshakes under way */
};

/* Take an accepted stream: attest who is there, then add its tunnel, or close it. */
void gate_enter(struct gate *gate, struct stream *stream);

#endif
