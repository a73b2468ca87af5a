/* The configuration files of a development network: their texts, from what role/devnet.h holds. */
#ifndef ROLE_DEVNET_CONF_H
#define ROLE_DEVNET_CONF_H

#include "ledger/genesis.h"
#include "role/devnet.h"

#define DEVNET_LOG_NAME "cocoon.dev/ledger"

/* What each account starts with: enough for any test. */
#define DEVNET_BALANCE ((amount)1000000000)

/* Verifier keys as text. */
struct devnet_vkeys {
    struct buf log, operator, witnesses[DEVNET_WITNESSES];
};

void devnet_vkeys_init(struct devnet_vkeys *v);
void devnet_vkeys_fini(struct devnet_vkeys *v);

/* A genesis with the parameters of a development network: no fees, no bonds, no delay. */
struct genesis devnet_genesis_base(void);

/* How many files there are; and the text and name (under n->dir) of file `i`. */
unsigned devnet_conf_count(const struct devnet *n);
void devnet_conf_put(const struct devnet *n, unsigned i, const struct devnet_vkeys *vkeys,
                     const char *proxy_pin, const struct ed25519_public *sim_root, struct buf *out,
                     char *name, size_t name_size);

/* Read network.conf back. ERR_CONFIG, said on standard error. */
cocoon_err devnet_conf_read(struct devnet *n) MUST_CHECK;

#endif
