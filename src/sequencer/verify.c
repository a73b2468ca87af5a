#include "sequencer/verify.h"

#include <string.h>

#include "base/mem.h"
#include "ledger/checkpoint.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

/* A verification under way. */
struct run {
    const struct verify_params *params;
    struct arena arena;
    struct genesis genesis;
    struct note note;
    struct checkpoint checkpoint;
    struct tile_source source; /* with the checkpoint's size */
    struct tile_edge edge;     /* of the entries read so far */
    struct buf bundle;         /* the one read last: blobs are asked for soon after */
    struct tile bundle_is;
};

static cocoon_err read_tile(struct run *r, const struct tile *which, struct buf *out)
{
    return r->source.read(r->source.ctx, which, out);
}

/* A full tile must hold the hashes of the entries. */
static cocoon_err check_tile(void *ctx, const struct tile *which, const struct digest *hashes)
{
    struct run *r = ctx;
    struct buf bytes;
    cocoon_err err;

    buf_init(&bytes, TILE_BYTES_MAX);
    err = read_tile(r, which, &bytes);
    if (err == OK && !slice_eq(buf_slice(&bytes), slice_make(hashes, 32 * (size_t)which->width)))
        err = ERR_MISMATCH;
    buf_fini(&bytes);
    return err;
}

/* The last tile of each level likewise. */
static cocoon_err check_edge(struct run *r)
{
    cocoon_err err = OK;

    for (unsigned level = 0; err == OK && level < TILE_LEVELS; level++) {
        struct tile which = {.level = level, .width = tile_edge_width(&r->edge, level)};

        which.index = r->edge.size >> (TILE_BITS * level) >> TILE_BITS;
        if (which.width > 0)
            err = check_tile(r, &which, r->edge.hashes[level]);
    }
    return err;
}

/* Hash the entries of a bundle that is read for the first time. */
static cocoon_err hash_bundle(struct run *r, struct slice bytes)
{
    struct rd rd = rd_init(bytes);
    struct digest leaf;
    cocoon_err err = OK;

    while (err == OK && rd_left(&rd) > 0) {
        merkle_leaf(tile_entry_next(&rd), &leaf);
        err = rd.bad ? ERR_TRUNCATED : tile_edge_push(&r->edge, &leaf, check_tile, r);
    }
    return err;
}

/* What replay reads: bundles in order. */
static cocoon_err read_bundle(void *ctx, const struct tile *which, struct buf *out)
{
    struct run *r = ctx;
    cocoon_err err = read_tile(r, which, out);

    return err == OK ? hash_bundle(r, buf_slice(out)) : err;
}

/* Append leaf `index`, read some time ago. */
static cocoon_err read_leaf(void *ctx, uint64_t index, struct buf *out)
{
    struct run *r = ctx;
    struct tile which = {.entries = true, .index = index / TILE_WIDTH};
    struct slice entry = {0};
    struct rd rd;
    cocoon_err err = OK;

    which.width = tile_width(r->source.size, 0, which.index);
    if (index >= r->source.size)
        return ERR_NOT_FOUND;
    if (r->bundle.len == 0 || r->bundle_is.index != which.index) {
        buf_clear(&r->bundle);
        err = read_tile(r, &which, &r->bundle);
        r->bundle_is = which;
    }
    rd = rd_init(buf_slice(&r->bundle));
    for (uint64_t i = 0; err == OK && i <= index % TILE_WIDTH; i++)
        entry = tile_entry_next(&rd);
    if (err == OK && rd.bad)
        err = ERR_TRUNCATED;
    if (err == OK) {
        buf_put(out, entry);
        err = buf_ok(out);
    }
    return err;
}

static cocoon_err check_network(struct run *r, struct fail *fail)
{
    const struct verify_params *p = r->params;
    cocoon_err err = genesis_read(p->genesis, &r->arena, &r->genesis, fail);

    if (err != OK)
        return err;
    if (p->network_id != NULL && !digest_eq(p->network_id, &r->genesis.network_id))
        return fail_set(fail, ERR_MISMATCH, 0, "genesis.json is of another network");
    return OK;
}

/* Who vouches for the checkpoint: the policy's quorum, or the log's key alone. */
static cocoon_err check_signatures(struct run *r, uint64_t *cosigned, struct fail *fail)
{
    struct tlog_verdict verdict;
    cocoon_err err;

    *cosigned = 0;
    if (r->params->policy == NULL) {
        err = note_verify(&r->note, &r->genesis.log, NULL);
        return err == OK ? OK
                         : fail_set(fail, err == ERR_MISSING ? ERR_UNTRUSTED : err, 0,
                                    "the log's key of genesis.json did not sign the checkpoint");
    }
    if ((err = tlog_policy_check(r->params->policy, &r->note, INT64_MAX, &verdict, fail)) != OK)
        return err;
    if (verdict.complete == 0)
        return fail_set(fail, ERR_QUORUM, 0, "too few cosigners of the policy signed");
    *cosigned = verdict.complete;
    return OK;
}

static cocoon_err check_checkpoint(struct run *r, uint64_t *cosigned, struct fail *fail)
{
    cocoon_err err;

    if ((err = note_parse(r->params->checkpoint, &r->note, fail)) != OK)
        return err;
    if ((err = check_signatures(r, cosigned, fail)) != OK)
        return err;
    if ((err = checkpoint_read(r->note.text, &r->checkpoint)) != OK)
        return fail_set(fail, err, 0, "the note is no checkpoint");
    if (!slice_eq(r->checkpoint.origin, r->genesis.log.name))
        return fail_set(fail, ERR_MISMATCH, 0, "the checkpoint is of another log");
    return OK;
}

static cocoon_err execute(struct run *r, struct ledger *ledger, struct verify_result *out,
                          struct fail *fail)
{
    struct tile_source bundles = {read_bundle, r, r->source.size};
    const struct ledger_tip *tip = ledger_tip(ledger);
    struct replay_stats stats = {0};
    cocoon_err err = replay_run(ledger, &bundles, NULL, NULL, &stats, fail);

    if (err != OK)
        return err;
    if ((err = check_edge(r)) != OK)
        return fail_set(fail, err, r->source.size, "a tile is not that of its entries");
    merkle_root(&tip->log, &out->root);
    if (!digest_eq(&out->root, &r->checkpoint.root))
        return fail_set(fail, ERR_PROOF, 0, "the entries have another root than the checkpoint");
    out->network_id = r->genesis.network_id;
    out->size = tip->log.size;
    out->height = tip->height;
    out->time_ms = tip->time_ms;
    out->state_root = tip->state_root;
    out->transactions = stats.entries - stats.blocks;
    return OK;
}

static cocoon_err verify(struct run *r, struct verify_result *out, struct fail *fail)
{
    static const struct ledger_tip nothing;
    struct ledger_env env = {.base = state_base_empty, .leaf = read_leaf, .ctx = r};
    struct ledger *ledger;
    cocoon_err err;

    if ((err = check_network(r, fail)) != OK)
        return err;
    if ((err = check_checkpoint(r, &out->cosigned, fail)) != OK)
        return err;
    r->source = r->params->source;
    r->source.size = r->checkpoint.size;
    if ((err = ledger_new(&r->genesis, &env, &nothing, &ledger)) != OK)
        return fail_set(fail, err, 0, "the ledger cannot start");
    err = execute(r, ledger, out, fail);
    ledger_free(ledger);
    return err;
}

cocoon_err log_verify(const struct verify_params *params, struct verify_result *out,
                      struct fail *fail)
{
    struct run *r = MEM_NEW(struct run);
    cocoon_err err;

    memset(out, 0, sizeof *out);
    r->params = params;
    arena_init(&r->arena, ARENA_MAX);
    buf_init(&r->bundle, TILE_BUNDLE_MAX);
    err = verify(r, out, fail);
    buf_fini(&r->bundle);
    arena_fini(&r->arena);
    mem_free(r);
    return err;
}
