#include "role/proxy.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "role/leaf.h"
#include "role/process.h"
#include "role/proxy_gate.h"
#include "role/proxy_http.h"

struct proxy {
    struct process process;
    struct config config;
    struct trust trust;
    struct ratls_leaf leaf;
    struct loop_timer renew; /* of the leaf's certificate */
    struct http_server *server;
    struct proxy_http http;
    struct gate gate;
};

static const struct ini_known proxy_known[] = {
    {"proxy", "listen", INI_ONE}, {"proxy", "key", INI_ONE},   {"proxy", "tls_key", INI_ONE},
    {"proxy", "policy", INI_ONE}, {"proxy", "state", INI_ONE}, {"ledger", "at", INI_ONE},
};

/* In the handshake: form, self-signature and keyset of a worker's leaf. Who it is, the gate asks.
 */
static cocoon_err check_leaf(void *owner, struct slice leaf_der)
{
    struct ratls_peer peer;
    struct fail fail;

    (void)owner;
    return ratls_check(leaf_der, loop_unix_now(), &peer, &fail);
}

static cocoon_err proxy_context(struct proxy *p, struct tls_ctx **out)
{
    static const char *const alpn[] = {"h2", "cocoon-tunnel/1"};
    struct tls_params params = {.acceptor = true,
                                .alpn = alpn,
                                .alpn_count = COUNT_OF(alpn),
                                .accept = TLS_ACCEPT_CHECK,
                                .optional = true, /* clients have no leaf */
                                .check = check_leaf};

    return leaf_context(&p->leaf, "cocoon proxy", &params, out);
}

static void renew_leaf(void *owner)
{
    struct proxy *p = owner;
    struct tls_ctx *tls;

    if (proxy_context(p, &tls) == OK) {
        http_server_set_tls(p->server, tls);
        tls_ctx_unref(tls);
    } else {
        log_event(LOG_ERROR, "leaf_not_renewed");
    }
    loop_timer_set(&p->renew, LEAF_RENEW_MS);
}

static void on_raw(void *owner, struct stream *stream)
{
    struct proxy *p = owner;

    gate_enter(&p->gate, stream);
}

static void on_request(void *owner, struct http_exchange *x)
{
    struct proxy *p = owner;

    proxy_http_handle(&p->http, x);
}

static cocoon_err proxy_follow(struct proxy *p)
{
    char dir[FILE_PATH_MAX], state[FILE_PATH_MAX];
    struct follow_params params = {.loop = p->process.loop, .policy = p->trust.light};
    struct fail fail = {0};
    cocoon_err err;

    if ((err = config_addr(&p->config, "ledger", "at", &params.ledger)) != OK ||
        (err = config_path(&p->config, "proxy", "state", dir)) != OK)
        return err;
    if ((err = file_make_dir(dir)) != OK || (err = file_join(state, dir, "view.json")) != OK)
        return config_complain(&p->config, "proxy", "state", cocoon_err_text(err));
    params.state_path = state;
    if ((err = follow_new(&params, &p->gate.follow, &fail)) != OK)
        return config_complain(&p->config, "proxy", "state", fail.what);
    return OK;
}

static cocoon_err proxy_listen(struct proxy *p)
{
    struct tls_ctx *tls = NULL;
    struct addr listen;
    cocoon_err err;

    if ((err = config_addr(&p->config, "proxy", "listen", &listen)) != OK ||
        (err = proxy_context(p, &tls)) != OK)
        return err;
    p->server = http_server_new(
        p->process.loop,
        &(struct http_server_params){
            .handler = on_request, .raw_alpn = "cocoon-tunnel/1", .on_raw = on_raw, .owner = p});
    if ((err = http_server_listen(p->server, &listen, tls, false, NULL)) != OK)
        (void)config_complain(&p->config, "proxy", "listen", cocoon_err_text(err));
    tls_ctx_unref(tls);
    return err;
}

static cocoon_err proxy_start(struct proxy *p, const char *path)
{
    char tls_key[FILE_PATH_MAX];
    cocoon_err err;

    if ((err = config_load(&p->config, path, proxy_known, COUNT_OF(proxy_known))) != OK ||
        (err = trust_load(&p->trust, &p->config, "proxy")) != OK ||
        (err = config_signing_key(&p->config, "proxy", "key", &p->gate.account)) != OK ||
        (err = config_path(&p->config, "proxy", "tls_key", tls_key)) != OK ||
        (err = process_init(&p->process, "proxy")) != OK)
        return err;
    if ((err = leaf_load(&p->leaf, tls_key)) != OK)
        return config_complain(&p->config, "proxy", "tls_key", cocoon_err_text(err));
    p->gate.loop = p->process.loop;
    p->gate.tunnels = &p->http.tunnels;
    p->gate.trust = &p->trust;
    p->gate.known = known_new(KNOWN_MAX);
    if ((err = proxy_follow(p)) != OK || (err = proxy_listen(p)) != OK)
        return err;
    loop_timer_init(&p->renew, p->process.loop, renew_leaf, p);
    loop_timer_set(&p->renew, LEAF_RENEW_MS);
    return OK;
}

int role_proxy_run(const char *path)
{
    struct proxy *p = MEM_NEW(struct proxy);
    cocoon_err err = proxy_start(p, path);

    if (err == OK) {
        process_ready();
        process_run(&p->process);
        loop_timer_stop(&p->renew);
    }
    http_server_free(p->server);
    tunnels_fini(&p->http.tunnels);
    follow_free(p->gate.follow);
    known_free(p->gate.known);
    ed25519_wipe(&p->gate.account);
    ratls_leaf_fini(&p->leaf);
    process_fini(&p->process);
    trust_fini(&p->trust);
    config_fini(&p->config);
    mem_free(p);
    return cocoon_err_exit(err);
}
