#include "role/devnet_conf.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/mem.h"
#include "role/config.h"
#include "role/worker.h"

enum { VKEY_MAX = 512, CONFS_FIXED = 7 };

void devnet_vkeys_init(struct devnet_vkeys *v)
{
    buf_init(&v->log, VKEY_MAX);
    buf_init(&v->operator, VKEY_MAX);
    for (size_t i = 0; i < COUNT_OF(v->witnesses); i++)
        buf_init(&v->witnesses[i], VKEY_MAX);
}

void devnet_vkeys_fini(struct devnet_vkeys *v)
{
    buf_fini(&v->log);
    buf_fini(&v->operator);
    for (size_t i = 0; i < COUNT_OF(v->witnesses); i++)
        buf_fini(&v->witnesses[i]);
}

struct genesis devnet_genesis_base(void)
{
    return (struct genesis){
        .params = {
            .evidence_age = 24 * 3600, .nonce_age = 600, .heartbeat_gap = 1, .appraisals = 64}};
}

/* --- one function a file --- */

static void put_network(const struct devnet *n, struct buf *out)
{
    buf_printf(
        out,
        "# Kept across restarts. `cocoon up` wrote it.\n[network]\nworkers = %u\nmodel = %s\n"
        "renew = %llu\nledger_port = %u\nproxy_port = %u\nclient_port = %u\n",
        n->workers, n->model, (unsigned long long)n->renew_s, n->ledger_port, n->proxy_port,
        n->client_port);
    if (n->backend[0] != '\0')
        buf_printf(out, "backend = %s\n", n->backend);
    for (size_t i = 0; i < DEVNET_WITNESSES; i++)
        buf_printf(out, "witness_port = %u\n", n->witness_ports[i]);
    for (unsigned i = 0; i < n->workers; i++)
        buf_printf(out, "worker_port = %u\n", n->worker_ports[i]);
}

static void put_line(struct buf *out, const char *word, const struct buf *rest)
{
    buf_put_text(out, word);
    buf_put(out, buf_slice(rest));
    buf_put_u8(out, '\n');
}

static void put_policy(const struct devnet *n, const struct devnet_vkeys *v,
                       const struct ed25519_public *sim_root, struct buf *out)
{
    char id[65], root[65];

    hex_write(digest_slice(&n->network_id), id);
    hex_write(ed25519_public_slice(sim_root), root);
    buf_printf(
        out,
        "# What this machine believes. SIMULATED: it admits the software attester of this folder, "
        "which\n"
        "# protects nothing. No production policy does.\n\n"
        "[network]\nid = %s\n\n[sim]\nallow = yes\nroot = %s\n\n[release]\nfrom_log = yes\n\n"
        "[egress]\nallow = %s\n\n[tlog]\n",
        id, root, n->backend[0] != '\0' ? "yes" : "no");
    put_line(out, "log ", &v->log);
    put_line(out, "witness operator ", &v->operator);
    put_line(out, "witness w1 ", &v->witnesses[0]);
    put_line(out, "witness w2 ", &v->witnesses[1]);
    buf_put_text(out, "group executing any operator\ngroup plain any w1 w2\n"
                      "group both all executing plain\nquorum both\n");
}

static void put_ledger(const struct devnet *n, struct buf *out)
{
    buf_printf(out,
               "[ledger]\nlisten = 127.0.0.1:%u\ngenesis = ../genesis.json\ndir = data\n"
               "log_key = ../keys/log.key\ncosigner_key = ../keys/operator.key\n"
               "cosigner_name = operator\n",
               n->ledger_port);
    for (size_t i = 0; i < DEVNET_WITNESSES; i++)
        buf_printf(out, "witness = http://127.0.0.1:%u\n", n->witness_ports[i]);
}

static void put_witness(const struct devnet *n, unsigned i, const struct devnet_vkeys *v,
                        struct buf *out)
{
    buf_printf(out,
               "[witness]\nlisten = 127.0.0.1:%u\nname = witness-%u\nkey = ../keys/witness-%u.key\n"
               "state = state\n",
               n->witness_ports[i], i + 1, i + 1);
    put_line(out, "log = ", &v->log);
}

static void put_proxy(const struct devnet *n, struct buf *out)
{
    buf_printf(out,
               "[proxy]\nlisten = 127.0.0.1:%u\nkey = ../keys/proxy.key\ntls_key = proxy.tls\n"
               "policy = ../client/policy.conf\nstate = state\n[ledger]\nat = 127.0.0.1:%u\n",
               n->proxy_port, n->ledger_port);
}

static void put_client(const struct devnet *n, const char *proxy_pin, struct buf *out)
{
    buf_printf(out,
               "[client]\nlisten = 127.0.0.1:%u\nproxy = https://127.0.0.1:%u#%s\n"
               "policy = policy.conf\nstate = state\nreceipts = receipts\nrefresh = %u\n"
               "[ledger]\nat = 127.0.0.1:%u\n",
               n->client_port, n->proxy_port, proxy_pin, n->renew_s > 0 && n->renew_s < 60 ? 1 : 5,
               n->ledger_port);
}

static void put_worker(const struct devnet *n, unsigned i, const char *proxy_pin, struct buf *out)
{
    char release[65];

    hex_write(digest_slice(&n->release), release);
    buf_printf(
        out,
        "[worker]\naccount = ../keys/worker-%u.key\nindex = 0\nmodel = %s\nrelease = %s\n"
        "capacity = %u\npolicy = ../client/policy.conf\nstate = state\nlisten = 127.0.0.1:%u\n"
        "renew = %llu\n[ledger]\nat = 127.0.0.1:%u\n[proxy]\nat = https://127.0.0.1:%u#%s\n"
        "[tee]\nsim_root = ../keys/sim.key\n[engine]\n",
        i + 1, n->model, release, n->has_engine ? 16 : 512, n->worker_ports[i],
        (unsigned long long)(n->renew_s == 0 ? WORKER_RENEW_S : n->renew_s), n->ledger_port,
        n->proxy_port, proxy_pin);
    if (n->has_engine)
        buf_printf(out, "program = %s\nweights = %s\ndir = engine\n", n->engine, n->weights);
    else
        buf_printf(out, "backend = %s\n", n->backend);
}

unsigned devnet_conf_count(const struct devnet *n)
{
    return CONFS_FIXED + n->workers;
}

void devnet_conf_put(const struct devnet *n, unsigned i, const struct devnet_vkeys *vkeys,
                     const char *proxy_pin, const struct ed25519_public *sim_root, struct buf *out,
                     char *name, size_t name_size)
{
    static const char *const names[CONFS_FIXED] = {
        "network.conf",           "client/policy.conf",     "ledger/ledger.conf",
        "witness-1/witness.conf", "witness-2/witness.conf", "proxy/proxy.conf",
        "client/client.conf"};

    if (i >= CONFS_FIXED) {
        snprintf(name, name_size, "worker-%u/worker.conf", i - CONFS_FIXED + 1);
        put_worker(n, i - CONFS_FIXED, proxy_pin, out);
        return;
    }
    snprintf(name, name_size, "%s", names[i]);
    if (i == 0)
        put_network(n, out);
    else if (i == 1)
        put_policy(n, vkeys, sim_root, out);
    else if (i == 2)
        put_ledger(n, out);
    else if (i == 3 || i == 4)
        put_witness(n, i - 3, vkeys, out);
    else if (i == 5)
        put_proxy(n, out);
    else
        put_client(n, proxy_pin, out);
}

/* --- reading network.conf --- */

static const struct ini_known network_known[] = {
    {"network", "workers", INI_ONE},      {"network", "model", INI_ONE},
    {"network", "backend", INI_ONE},      {"network", "renew", INI_ONE},
    {"network", "ledger_port", INI_ONE},  {"network", "proxy_port", INI_ONE},
    {"network", "client_port", INI_ONE},  {"network", "witness_port", INI_MANY},
    {"network", "worker_port", INI_MANY},
};

static cocoon_err read_port(const struct config *c, const char *key, uint16_t *out)
{
    uint64_t port;
    cocoon_err err = config_u64(c, "network", key, 0, &port);

    if (err == OK && (port == 0 || port > UINT16_MAX))
        return config_complain(c, "network", key, "is no port");
    *out = (uint16_t)port;
    return err;
}

static cocoon_err read_ports(const struct config *c, const char *key, uint16_t *out, size_t count)
{
    const struct ini_entry *e = NULL;

    for (size_t i = 0; i < count; i++) {
        uint64_t port;

        e = ini_next(&c->ini, "network", key, e);
        if (e == NULL || slice_u64(e->value, &port) != OK || port == 0 || port > UINT16_MAX)
            return config_complain(c, "network", key, "is missing or no port");
        out[i] = (uint16_t)port;
    }
    return OK;
}

cocoon_err devnet_conf_read(struct devnet *n)
{
    char path[FILE_PATH_MAX];
    struct config config;
    struct slice model;
    uint64_t workers;
    cocoon_err err;

    if ((err = file_join(path, n->dir, "network.conf")) != OK)
        return err;
    if ((err = config_load(&config, path, network_known, COUNT_OF(network_known))) != OK ||
        (err = config_u64(&config, "network", "workers", 0, &workers)) != OK ||
        (err = config_u64(&config, "network", "renew", 0, &n->renew_s)) != OK ||
        (err = config_get(&config, "network", "model", &model)) != OK ||
        (err = slice_cstr(model, n->model, sizeof n->model)) != OK ||
        (err = slice_cstr(config_get_or_empty(&config, "network", "backend"), n->backend,
                          sizeof n->backend)) != OK ||
        (err = read_port(&config, "ledger_port", &n->ledger_port)) != OK ||
        (err = read_port(&config, "proxy_port", &n->proxy_port)) != OK ||
        (err = read_port(&config, "client_port", &n->client_port)) != OK)
        goto done;
    if (workers == 0 || workers > DEVNET_WORKERS_MAX) {
        err = config_complain(&config, "network", "workers", "is out of range");
        goto done;
    }
    n->workers = (unsigned)workers;
    if ((err = read_ports(&config, "witness_port", n->witness_ports, DEVNET_WITNESSES)) == OK)
        err = read_ports(&config, "worker_port", n->worker_ports, n->workers);
done:
    config_fini(&config);
    return err;
}
