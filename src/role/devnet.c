#include "role/devnet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/engine.h"
#include "base/hex.h"
#include "base/mem.h"
#include "codec/json_wr.h"
#include "crypto/rand.h"
#include "ledger/action.h"
#include "ledger/checkpoint.h"
#include "ledger/genesis.h"
#include "ledger/tx.h"
#include "role/config.h"
#include "role/devnet_conf.h"
#include "role/leaf.h"
#include "store/key_file.h"
#include "tee/sim.h"

enum { WRITE_MAX = 64 * 1024, ROOT_VALUE_MAX = 2048 };

/* For functions whose paths would otherwise all stand in the frame of one caller. */
#define OWN_FRAME __attribute__((noinline))

/* Keys of every network; workers' keys come besides. */
static const char *const key_names[] = {"owner",     "log", "operator", "witness-1",
                                        "witness-2", "sim", "proxy"};

/* --- files --- */

static cocoon_err path_of(const struct devnet *n, const char *name, char out[FILE_PATH_MAX])
{
    return file_join(out, n->dir, name);
}

static cocoon_err key_path(const struct devnet *n, const char *name, char out[FILE_PATH_MAX])
{
    char file[128];

    snprintf(file, sizeof file, "keys/%s.key", name);
    return path_of(n, file, out);
}

OWN_FRAME static cocoon_err key_read(const struct devnet *n, const char *name,
                                     struct ed25519_key *out)
{
    char path[FILE_PATH_MAX];
    cocoon_err err = key_path(n, name, path);

    return err == OK ? key_file_read(path, out) : err;
}

OWN_FRAME static cocoon_err key_make(const struct devnet *n, const char *name)
{
    struct ed25519_key key;
    char path[FILE_PATH_MAX];
    cocoon_err err = key_path(n, name, path);

    if (err != OK)
        return err;
    ed25519_keygen(&key, &rand_system);
    err = key_file_write(path, &key);
    ed25519_wipe(&key);
    return err;
}

bool devnet_exists(const char *dir)
{
    char path[FILE_PATH_MAX];

    return file_join(path, dir, "genesis.json") == OK && file_exists(path);
}

OWN_FRAME static cocoon_err make_dirs(const struct devnet *n)
{
    static const char *const dirs[] = {"keys",      "logs",  "ledger", "witness-1",
                                       "witness-2", "proxy", "client"};
    char path[FILE_PATH_MAX], name[32];
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < COUNT_OF(dirs); i++)
        if ((err = path_of(n, dirs[i], path)) == OK)
            err = file_make_dir(path);
    for (unsigned i = 1; err == OK && i <= n->workers; i++) {
        snprintf(name, sizeof name, "worker-%u", i);
        if ((err = path_of(n, name, path)) == OK)
            err = file_make_dir(path);
    }
    return err;
}

static cocoon_err make_keys(const struct devnet *n)
{
    char name[32];
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < COUNT_OF(key_names); i++)
        err = key_make(n, key_names[i]);
    for (unsigned i = 1; err == OK && i <= n->workers; i++) {
        snprintf(name, sizeof name, "worker-%u", i);
        err = key_make(n, name);
    }
    return err;
}

/* --- ports --- */

/* Choose `count` free ports, all held until the last is known, so that no two are the same. */
static cocoon_err choose_ports(uint16_t **ports, size_t count)
{
    int held[DEVNET_WORKERS_MAX + DEVNET_WITNESSES + 4];
    size_t have = 0;
    cocoon_err err = OK;

    for (; have < count && err == OK; have++) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof at;

        held[have] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (held[have] < 0 || bind(held[have], (struct sockaddr *)&at, sizeof at) != 0 ||
            getsockname(held[have], (struct sockaddr *)&at, &len) != 0)
            err = ERR_IO;
        else
            *ports[have] = ntohs(at.sin_port);
    }
    for (size_t i = 0; i < have; i++)
        if (held[i] >= 0)
            close(held[i]);
    return err;
}

static cocoon_err make_ports(struct devnet *n)
{
    uint16_t *ports[DEVNET_WORKERS_MAX + DEVNET_WITNESSES + 4];
    size_t count = 0;

    ports[count++] = &n->ledger_port;
    ports[count++] = &n->proxy_port;
    for (size_t i = 0; i < DEVNET_WITNESSES; i++)
        ports[count++] = &n->witness_ports[i];
    for (unsigned i = 0; i < n->workers; i++)
        ports[count++] = &n->worker_ports[i];
    if (n->client_port == 0)
        ports[count++] = &n->client_port;
    return choose_ports(ports, count);
}

/* --- genesis --- */

static cocoon_err make_signer(const struct devnet *n, const char *key_name, const char *name,
                              uint8_t type, struct note_signer *out)
{
    struct ed25519_key key;
    cocoon_err err = key_read(n, key_name, &key);

    if (err == OK)
        err = note_signer_init(out, slice_text(name), type, &key);
    ed25519_wipe(&key);
    return err;
}

/* Append the vkey of `key_name` as a note key called `name`. */
static cocoon_err put_vkey(const struct devnet *n, const char *key_name, const char *name,
                           uint8_t type, struct buf *out)
{
    struct note_signer signer;
    cocoon_err err = make_signer(n, key_name, name, type, &signer);

    if (err == OK)
        note_signer_vkey(&signer, out);
    note_signer_wipe(&signer);
    return err;
}

cocoon_err devnet_owner(const struct devnet *n, struct ed25519_public *out)
{
    struct ed25519_key key;
    cocoon_err err = key_read(n, "owner", &key);

    *out = key.public;
    ed25519_wipe(&key);
    return err;
}

/* Parse back a vkey that put_vkey wrote, into what genesis wants. */
static cocoon_err read_vkey(const struct devnet *n, const char *key_name, const char *name,
                            uint8_t type, struct buf *text, struct note_vkey *out)
{
    struct fail fail;
    cocoon_err err;

    if ((err = put_vkey(n, key_name, name, type, text)) != OK)
        return err;
    return note_vkey_read(buf_slice(text), type, out, &fail);
}

static cocoon_err fill_accounts(const struct devnet *n, struct genesis_account *accounts,
                                size_t *count)
{
    struct ed25519_key key;
    char name[32];
    cocoon_err err;

    if ((err = key_read(n, "owner", &key)) != OK)
        return err;
    memcpy(accounts[0].account, key.public.bytes, sizeof accounts[0].account);
    accounts[0].balance = DEVNET_BALANCE;
    *count = 1;
    for (unsigned i = 1; i <= n->workers; i++) {
        snprintf(name, sizeof name, "worker-%u", i);
        if ((err = key_read(n, name, &key)) != OK)
            return err;
        memcpy(accounts[*count].account, key.public.bytes, sizeof accounts[*count].account);
        accounts[(*count)++].balance = DEVNET_BALANCE;
    }
    ed25519_wipe(&key);
    return OK;
}

OWN_FRAME static cocoon_err make_genesis(struct devnet *n)
{
    static const char *const witness_keys[] = {"operator", "witness-1", "witness-2"};
    struct genesis_account accounts[DEVNET_WORKERS_MAX + 1];
    struct genesis_witness witnesses[COUNT_OF(witness_keys)];
    struct buf texts[COUNT_OF(witness_keys) + 1], out;
    struct genesis g = devnet_genesis_base();
    struct ed25519_key sim, owner;
    char path[FILE_PATH_MAX];
    cocoon_err err;

    buf_init(&out, GENESIS_MAX);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        buf_init(&texts[i], 1024);
    if ((err = read_vkey(n, "log", DEVNET_LOG_NAME, NOTE_ED25519, &texts[0], &g.log)) != OK)
        goto done;
    g.log_vkey = buf_slice(&texts[0]);
    for (size_t i = 0; i < COUNT_OF(witness_keys); i++) {
        witnesses[i].group = i == 0 ? WITNESS_EXECUTING : WITNESS_PLAIN;
        if ((err = read_vkey(n, witness_keys[i], witness_keys[i], NOTE_COSIGNATURE, &texts[i + 1],
                             &witnesses[i].key)) != OK)
            goto done;
    }
    g.witnesses = witnesses;
    g.witness_count = COUNT_OF(witnesses);
    if ((err = fill_accounts(n, accounts, &g.account_count)) != OK ||
        (err = key_read(n, "owner", &owner)) != OK || (err = key_read(n, "sim", &sim)) != OK)
        goto done;
    g.accounts = accounts;
    g.owners.threshold = g.owners.count = 1;
    memcpy(g.owners.keys[0], owner.public.bytes, sizeof g.owners.keys[0]);
    g.has_sim_root = true;
    memcpy(g.sim_root, sim.public.bytes, sizeof g.sim_root);
    ed25519_wipe(&owner);
    ed25519_wipe(&sim);
    if ((err = genesis_put(&g, &out)) == OK && (err = path_of(n, "genesis.json", path)) == OK)
        err = file_write(path, buf_slice(&out), FILE_PUBLIC, true);
    n->network_id = g.network_id;
done:
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        buf_fini(&texts[i]);
    buf_fini(&out);
    return err;
}

/* --- what will be registered --- */

/* The manifest of this program as a release, and its digest: the id on the ledger. */
static cocoon_err describe_release(struct devnet *n)
{
    struct json_wr w;
    struct buf out;
    cocoon_err err;

    if ((err = tee_measure_program(n->measurement)) != OK)
        return err;
    buf_init(&out, 4096);
    json_wr_init(&w, &out);
    json_wr_object(&w, NULL);
    json_wr_array(&w, "measurements");
    json_wr_object(&w, NULL);
    json_wr_hex(&w, "measurement", SLICE_OF(n->measurement));
    json_wr_cstr(&w, "tee", "sim");
    json_wr_close(&w);
    json_wr_close(&w);
    json_wr_cstr(&w, "name", "cocoon " COCOON_VERSION);
    json_wr_close(&w);
    if ((err = json_wr_end(&w)) == OK)
        sha256(buf_slice(&out), &n->release);
    buf_fini(&out);
    return err;
}

static cocoon_err describe_engine(struct devnet *n)
{
    struct model_manifest_params nothing = {0};
    struct fail fail = {0};
    struct buf manifest;
    cocoon_err err;

    n->has_engine = n->backend[0] == '\0';
    if (n->has_engine) {
        if ((err = engine_find_program(n->engine)) != OK) {
            fprintf(stderr, "there is no engine at %s: run ./setup, or tools/get-engine\n",
                    n->engine);
            return err;
        }
        if ((err = engine_find_model(n->weights)) != OK) {
            fprintf(stderr, "there is no model at %s: run ./setup, or tools/get-model\n",
                    n->weights);
            return err;
        }
        err = engine_describe(
            &(struct engine_params){.program = n->engine, .model = n->weights, .alias = n->model},
            &n->model_digest, &n->engine_digest, &fail);
        if (err != OK)
            fprintf(stderr, "%s: %s\n", fail.what, cocoon_err_text(err));
        return err;
    }
    buf_init(&manifest, MODEL_MANIFEST_MAX);
    err = model_manifest(&nothing, &manifest, &n->model_digest);
    buf_fini(&manifest);
    return err;
}

/* --- the root contract's first entries --- */

static void put_release(const struct devnet *n, struct wr *w)
{
    struct record_release *release = MEM_NEW(struct record_release);

    release->name = SLICE_LIT("cocoon " COCOON_VERSION);
    release->count = 1;
    release->measures[0] = (struct record_measure){.tee = SLICE_LIT("sim"), .count = 1};
    release->measures[0].fields[0] =
        (struct record_field){SLICE_LIT("measurement"), SLICE_OF(n->measurement)};
    record_put_release(w, release);
    mem_free(release);
}

cocoon_err devnet_root_tx(const struct devnet *n, unsigned step, uint64_t nonce, struct buf *out)
{
    const struct digest *const ids[] = {&n->release, &n->model_digest, &n->engine_digest};
    static const enum record_type types[] = {RECORD_RELEASE, RECORD_MODEL, RECORD_ENGINE};
    uint8_t value_room[ROOT_VALUE_MAX], action_room[ROOT_VALUE_MAX];
    struct wr value = wr_init(value_room, sizeof value_room);
    struct wr body = wr_init(action_room, sizeof action_room);
    struct action action = {.kind = ACTION_PUT};
    struct ed25519_key owner;
    struct slice bytes;
    cocoon_err err;

    if (step > 2 || (step == 2 && !n->has_engine))
        return ERR_NOT_FOUND;
    if (step == 0)
        put_release(n, &value);
    else if (step == 1)
        record_put_model(&value,
                         &(struct record_model){.kind = MODEL_OPEN, .name = slice_text(n->model)});
    else
        record_put_engine(&value, &(struct record_engine){.name = SLICE_LIT("llama-server")});
    action.type = types[step];
    action.id = digest_slice(ids[step]);
    if ((err = wr_end(&value, &action.value)) != OK)
        return err;
    action_put(&body, &action);
    if ((err = wr_end(&body, &bytes)) != OK || (err = key_read(n, "owner", &owner)) != OK)
        return err;
    err = tx_sign(out, &owner, TX_PROPOSE, &n->network_id, nonce, bytes);
    ed25519_wipe(&owner);
    return err;
}

/* --- configurations --- */

/* The SHA-256 of the proxy's TLS key, which is made here so that everyone can pin it. */
OWN_FRAME static cocoon_err proxy_pin(const struct devnet *n, char out[65])
{
    struct ratls_leaf leaf;
    char path[FILE_PATH_MAX];
    cocoon_err err;

    if ((err = path_of(n, "proxy/proxy.tls", path)) != OK)
        return err;
    if ((err = leaf_load(&leaf, path)) == OK)
        hex_write(digest_slice(&leaf.spki), out);
    ratls_leaf_fini(&leaf);
    return err;
}

OWN_FRAME static cocoon_err write_conf(const struct devnet *n, const char *name,
                                       const struct buf *text)
{
    char path[FILE_PATH_MAX];
    cocoon_err err = buf_ok(text);

    if (err == OK && (err = path_of(n, name, path)) == OK)
        err = file_write(path, buf_slice(text), FILE_PUBLIC, false);
    return err;
}

static cocoon_err put_vkeys(const struct devnet *n, struct devnet_vkeys *v)
{
    cocoon_err err;

    if ((err = put_vkey(n, "log", DEVNET_LOG_NAME, NOTE_ED25519, &v->log)) != OK ||
        (err = put_vkey(n, "operator", "operator", NOTE_COSIGNATURE, &v->operator)) != OK ||
        (err = put_vkey(n, "witness-1", "witness-1", NOTE_COSIGNATURE, &v->witnesses[0])) != OK)
        return err;
    return put_vkey(n, "witness-2", "witness-2", NOTE_COSIGNATURE, &v->witnesses[1]);
}

/* Write every configuration; done at each start, so that a new version's form is always in force.
 */
OWN_FRAME static cocoon_err write_confs(const struct devnet *n)
{
    struct devnet_vkeys vkeys;
    struct ed25519_key sim;
    struct buf text;
    char pin[65], name[64];
    cocoon_err err;

    devnet_vkeys_init(&vkeys);
    buf_init(&text, WRITE_MAX);
    if ((err = proxy_pin(n, pin)) != OK || (err = put_vkeys(n, &vkeys)) != OK ||
        (err = key_read(n, "sim", &sim)) != OK)
        goto done;
    for (unsigned i = 0; i < devnet_conf_count(n); i++) {
        buf_clear(&text);
        devnet_conf_put(n, i, &vkeys, pin, &sim.public, &text, name, sizeof name);
        if ((err = write_conf(n, name, &text)) != OK)
            break;
    }
    ed25519_wipe(&sim);
done:
    devnet_vkeys_fini(&vkeys);
    buf_fini(&text);
    return err;
}

/* --- making and loading --- */

cocoon_err devnet_make(struct devnet *n)
{
    cocoon_err err;

    if (devnet_exists(n->dir))
        return ERR_EXISTS;
    if ((err = describe_release(n)) != OK || (err = describe_engine(n)) != OK ||
        (err = make_dirs(n)) != OK || (err = make_keys(n)) != OK || (err = make_ports(n)) != OK ||
        (err = make_genesis(n)) != OK)
        return err;
    return write_confs(n);
}

OWN_FRAME static cocoon_err read_network_id(struct devnet *n)
{
    struct genesis g;
    struct arena arena;
    struct fail fail;
    struct buf text;
    char path[FILE_PATH_MAX];
    cocoon_err err;

    buf_init(&text, GENESIS_MAX);
    arena_init(&arena, 4 * GENESIS_MAX);
    if ((err = path_of(n, "genesis.json", path)) == OK && (err = file_read(path, &text)) == OK &&
        (err = genesis_read(buf_slice(&text), &arena, &g, &fail)) == OK)
        n->network_id = g.network_id;
    arena_fini(&arena);
    buf_fini(&text);
    return err;
}

cocoon_err devnet_ports(struct devnet *n)
{
    return devnet_exists(n->dir) ? devnet_conf_read(n) : ERR_NOT_FOUND;
}

cocoon_err devnet_load(struct devnet *n)
{
    cocoon_err err;

    if ((err = devnet_ports(n)) != OK || (err = read_network_id(n)) != OK ||
        (err = describe_release(n)) != OK || (err = describe_engine(n)) != OK)
        return err;
    return write_confs(n);
}
