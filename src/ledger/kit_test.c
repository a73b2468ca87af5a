#include "ledger/kit_test.h"

#include "base/test.h"

struct ed25519_key kit_key(uint8_t number)
{
    struct secret32 seed = {{number, 0x5e, 0xed}};
    struct ed25519_key key;

    ed25519_from_seed(&key, &seed);
    return key;
}

static void signer(struct note_signer *s, const char *name, uint8_t type, uint8_t number)
{
    struct ed25519_key key = kit_key(number);

    assert_int_equal(note_signer_init(s, slice_text(name), type, &key), OK);
}

static void add_witness(struct genesis_witness *w, const struct note_signer *s,
                        enum witness_group group)
{
    w->group = group;
    w->key = (struct note_vkey){slice_text(s->name), s->key_id, s->type, {0}};
    memcpy(w->key.public_key, s->key.public.bytes, 32);
}

static int by_bytes32(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

void kit_net_init(struct kit_net *net, uint8_t threshold, uint32_t delay)
{
    static struct genesis_witness witnesses[1 + KIT_WITNESSES];
    static struct genesis_account accounts[KIT_USERS];
    struct genesis g = {.witnesses = witnesses,
                        .witness_count = 1 + KIT_WITNESSES,
                        .accounts = accounts,
                        .account_count = KIT_USERS,
                        .has_sim_root = true};
    struct buf vkey;
    struct fail fail;

    memset(net, 0, sizeof *net);
    arena_init(&net->arena, 1 << 20);
    signer(&net->log, "kit.example/log", NOTE_ED25519, 1);
    signer(&net->operator, "kit.example/operator", NOTE_COSIGNATURE, 2);
    signer(&net->witnesses[0], "kit.example/w0", NOTE_COSIGNATURE, 3);
    signer(&net->witnesses[1], "kit.example/w1", NOTE_COSIGNATURE, 4);
    add_witness(&witnesses[0], &net->operator, WITNESS_EXECUTING);
    add_witness(&witnesses[1], &net->witnesses[0], WITNESS_PLAIN);
    add_witness(&witnesses[2], &net->witnesses[1], WITNESS_PLAIN);
    net->sim = kit_key(5);
    memcpy(g.sim_root, net->sim.public.bytes, 32);
    for (uint8_t i = 0; i < KIT_OWNERS; i++) {
        net->owners[i] = kit_key((uint8_t)(10 + i));
        memcpy(g.owners.keys[g.owners.count++], net->owners[i].public.bytes, 32);
    }
    qsort(g.owners.keys, g.owners.count, 32, by_bytes32);
    g.owners.threshold = threshold;
    g.owners.delay = delay;
    for (uint8_t i = 0; i < KIT_USERS; i++) {
        net->users[i] = kit_key((uint8_t)(20 + i));
        memcpy(accounts[i].account, net->users[i].public.bytes, 32);
        accounts[i].balance = 1000;
    }
    g.params = (struct record_params){.worker_bond = 10,
                                      .evidence_age = 86400,
                                      .nonce_age = 600,
                                      .heartbeat_gap = 60,
                                      .appraisals = 2,
                                      .unbond_delay = 1000};
    buf_init(&vkey, 1024);
    note_signer_vkey(&net->log, &vkey);
    g.log_vkey = buf_slice(&vkey);
    buf_init(&net->genesis_text, GENESIS_MAX);
    assert_int_equal(genesis_put(&g, &net->genesis_text), OK);
    assert_int_equal(genesis_read(buf_slice(&net->genesis_text), &net->arena, &net->genesis, &fail),
                     OK);
    assert_true(digest_eq(&g.network_id, &net->genesis.network_id));
    buf_fini(&vkey);
}

void kit_net_fini(struct kit_net *net)
{
    buf_fini(&net->genesis_text);
    arena_fini(&net->arena);
}

struct slice kit_leaf(const struct kit_ledger *l, size_t index)
{
    size_t from = index == 0 ? 0 : l->ends[index - 1];

    assert_true(index < l->count);
    return slice_sub(buf_slice(&l->leaves), from, l->ends[index] - from);
}

static cocoon_err read_leaf(void *ctx, uint64_t index, struct buf *out)
{
    const struct kit_ledger *l = ctx;

    if (index >= l->count)
        return ERR_NOT_FOUND;
    buf_put(out, kit_leaf(l, (size_t)index));
    return buf_ok(out);
}

static void end_leaf(struct kit_ledger *l)
{
    if (l->count == l->room) {
        l->room = l->room == 0 ? 64 : 2 * l->room;
        l->ends = mem_resize(l->ends, l->room, sizeof *l->ends);
    }
    l->ends[l->count++] = l->leaves.len;
    assert_int_equal(buf_ok(&l->leaves), OK);
}

static void keep_block(struct kit_ledger *l)
{
    buf_put(&l->leaves, SLICE_OF(l->block.leaf));
    end_leaf(l);
    ledger_commit(l->ledger);
    assert_true(ledger_tip(l->ledger)->log.size == l->count);
}

void kit_ledger_init(struct kit_ledger *l, const struct kit_net *net, ledger_appraise_fn *appraise,
                     void *ctx)
{
    static const struct ledger_tip nothing;

    memset(l, 0, sizeof *l);
    l->net = net;
    l->time_ms = 1000 * (uint64_t)KIT_TIME;
    buf_init(&l->leaves, 1 << 28);
    l->env = (struct ledger_env){.base = state_base_empty,
                                 .leaf = read_leaf,
                                 .ctx = l,
                                 .appraise = appraise,
                                 .appraise_ctx = ctx};
    assert_int_equal(ledger_new(&net->genesis, &l->env, &nothing, &l->ledger), OK);
    assert_int_equal(ledger_begin(l->ledger, l->time_ms, &l->block), OK);
    keep_block(l);
}

void kit_ledger_fini(struct kit_ledger *l)
{
    ledger_free(l->ledger);
    buf_fini(&l->leaves);
    mem_free(l->ends);
}

size_t kit_block(struct kit_ledger *l, const struct slice *txs, size_t count,
                 struct ledger_result *results)
{
    size_t before = l->count;

    l->time_ms += 1000;
    assert_int_equal(ledger_finalize(l->ledger, txs, count, NULL, l->time_ms, results, &l->block),
                     OK);
    for (size_t i = 0; i < count; i++)
        if (results[i].err == OK) {
            assert_true(results[i].index == l->count);
            buf_put_u8(&l->leaves, (uint8_t)ledger_leaf_type(txs[i]));
            buf_put(&l->leaves, txs[i]);
            end_leaf(l);
        } else {
            assert_non_null(results[i].what);
        }
    if (l->count > before)
        keep_block(l);
    return l->count - before - (l->count > before);
}

static struct record_account account_of(struct kit_ledger *l, const struct ed25519_key *key)
{
    struct record_account account = {0};
    struct buf value;

    buf_init(&value, RECORD_MAX);
    if (kit_get(l, RECORD_ACCOUNT, ed25519_public_slice(&key->public), &value) == OK)
        assert_int_equal(record_get_account(buf_slice(&value), &account), OK);
    buf_fini(&value);
    return account;
}

cocoon_err kit_send(struct kit_ledger *l, const struct ed25519_key *key, enum tx_type type,
                    struct slice body, struct digest *id)
{
    struct ledger_result result;
    struct slice tx;
    struct buf bytes;

    buf_init(&bytes, TX_MAX);
    assert_int_equal(
        tx_sign(&bytes, key, type, &l->net->genesis.network_id, account_of(l, key).nonce, body),
        OK);
    tx = buf_slice(&bytes);
    (void)kit_block(l, &tx, 1, &result);
    if (id != NULL)
        *id = result.id;
    buf_fini(&bytes);
    return result.err;
}

cocoon_err kit_propose(struct kit_ledger *l, const struct ed25519_key *owner,
                       const struct action *action, struct digest *id)
{
    static uint8_t room[ACTION_MAX];
    struct wr w = wr_init(room, sizeof room);
    struct slice body;

    action_put(&w, action);
    assert_int_equal(wr_end(&w, &body), OK);
    return kit_send(l, owner, TX_PROPOSE, body, id);
}

cocoon_err kit_put(struct kit_ledger *l, enum record_type type, struct slice id,
                   const struct wr *value)
{
    struct action a = {.kind = ACTION_PUT, .type = type, .id = id};

    assert_int_equal(wr_end(value, &a.value), OK);
    return kit_propose(l, &l->net->owners[0], &a, NULL);
}

void kit_wait(struct kit_ledger *l, uint64_t seconds)
{
    l->time_ms += 1000 * seconds;
}

cocoon_err kit_get(struct kit_ledger *l, enum record_type type, struct slice id, struct buf *value)
{
    return ledger_get(l->ledger, LEDGER_HEAD, type, id, value);
}

amount kit_balance(struct kit_ledger *l, const struct ed25519_key *key)
{
    return account_of(l, key).balance;
}
