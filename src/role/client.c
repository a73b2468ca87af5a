#include "role/client.h"

#include "base/mem.h"
#include "crypto/rand.h"
#include "role/client_receipts.h"

static const struct ini_known client_known[] = {
    {"client", "listen", INI_ONE},  {"client", "proxy", INI_ONE},    {"client", "policy", INI_ONE},
    {"client", "state", INI_ONE},   {"client", "receipts", INI_ONE}, {"client", "pad", INI_ONE},
    {"client", "refresh", INI_ONE}, {"ledger", "at", INI_ONE},
};

static cocoon_err open_proxy(struct client *c)
{
    static const char *const alpn[] = {"h2"};
    struct tls_params params = {
        .alpn = alpn, .alpn_count = 1, .accept = TLS_ACCEPT_PIN, .pin_count = 1};
    struct pinned proxy;
    struct tls_ctx *tls;
    struct slice text;
    cocoon_err err;

    if ((err = config_get(&c->config, "client", "proxy", &text)) != OK)
        return err;
    if (pinned_parse(text, &proxy) != OK)
        return config_complain(&c->config, "client", "proxy",
                               "must be https://host:port#<spki sha256>");
    params.pins = &proxy.spki;
    if ((err = tls_ctx_new(&params, &tls)) != OK)
        return err;
    c->proxy = http_peer_new(c->process.loop,
                             &(struct http_peer_params){.at = proxy.at, .tls = tls, .http2 = true});
    tls_ctx_unref(tls);
    return OK;
}

/* Make the folder that `key` names and set `out` to it. */
static cocoon_err open_dir(struct client *c, const char *key, char out[FILE_PATH_MAX])
{
    cocoon_err err = config_path(&c->config, "client", key, out);

    if (err == OK && (err = file_make_dir(out)) != OK)
        return config_complain(&c->config, "client", key, "cannot be made");
    return err;
}

static cocoon_err open_ledger(struct client *c)
{
    char dir[FILE_PATH_MAX], state[FILE_PATH_MAX];
    struct follow_params params = {.loop = c->process.loop, .policy = c->trust.light};
    struct fail fail = {0};
    cocoon_err err;

    if ((err = config_addr(&c->config, "ledger", "at", &params.ledger)) != OK ||
        (err = open_dir(c, "state", dir)) != OK || (err = file_join(state, dir, "view.json")) != OK)
        return err;
    params.state_path = state;
    if ((err = follow_new(&params, &c->ledger, &fail)) != OK)
        return config_complain(&c->config, "client", "state", fail.what);
    return OK;
}

static void first_worker_usable(struct client *c)
{
    (void)c;
    process_ready();
}

static cocoon_err client_start(struct client *c, const char *path)
{
    char receipts[FILE_PATH_MAX];
    struct addr listen;
    uint64_t refresh;
    cocoon_err err;

    if ((err = config_load(&c->config, path, client_known, COUNT_OF(client_known))) != OK ||
        (err = trust_load(&c->trust, &c->config, "client")) != OK ||
        (err = config_addr(&c->config, "client", "listen", &listen)) != OK ||
        (err = config_bool(&c->config, "client", "pad", false, &c->pad)) != OK ||
        (err = config_u64(&c->config, "client", "refresh", 10, &refresh)) != OK ||
        (err = open_dir(c, "receipts", receipts)) != OK ||
        (err = process_init(&c->process, "client")) != OK || (err = open_proxy(c)) != OK ||
        (err = open_ledger(c)) != OK)
        return err;
    c->pool.rng = &rand_system;
    c->receipts = client_receipts_new(c->process.loop, receipts);
    c->follow = client_follow_start(c, refresh * 1000, first_worker_usable);
    c->server = http_server_new(
        c->process.loop, &(struct http_server_params){.handler = client_http_handle, .owner = c});
    if ((err = http_server_listen(c->server, &listen, NULL, false, NULL)) != OK)
        return config_complain(&c->config, "client", "listen", cocoon_err_text(err));
    return OK;
}

int role_client_run(const char *path)
{
    struct client *c = MEM_NEW(struct client);
    cocoon_err err = client_start(c, path);

    if (err == OK)
        process_run(&c->process);
    http_server_free(c->server);
    follow_free(c->ledger);
    client_follow_stop(c->follow);
    http_peer_free(c->proxy);
    process_fini(&c->process);
    client_receipts_free(c->receipts);
    pool_fini(&c->pool);
    trust_fini(&c->trust);
    config_fini(&c->config);
    mem_free(c);
    return cocoon_err_exit(err);
}
