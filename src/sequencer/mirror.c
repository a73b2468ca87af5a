#include "sequencer/mirror.h"

#include "base/mem.h"
#include "sequencer/replay.h"

struct mirror {
    struct journal *journal;
    struct ledger_env env;
    struct ledger *ledger;
};

cocoon_err mirror_open(struct mirror **out, const char *dir, const struct genesis *genesis,
                       struct fail *fail)
{
    struct mirror *m = MEM_NEW(struct mirror);
    struct replay_stats stats = {0};
    struct tile_source own;
    cocoon_err err;

    if ((err = journal_open(&m->journal, dir, genesis, JOURNAL_KEEPS)) != OK) {
        err = fail_set(fail, err, 0, "the mirror's folder cannot be opened");
        goto fail;
    }
    m->env = (struct ledger_env){
        .base = journal_base(m->journal), .leaf = journal_leaf, .ctx = m->journal};
    if ((err = ledger_new(genesis, &m->env, journal_tip(m->journal), &m->ledger)) != OK) {
        err = fail_set(fail, err, 0, "the stored state is not that of the log");
        goto fail;
    }
    own = tiles_source(journal_tiles(m->journal), journal_size(m->journal));
    if ((err = replay_run(m->ledger, &own, NULL, NULL, &stats, fail)) != OK)
        goto fail;
    *out = m;
    return OK;
fail:
    mirror_close(m);
    return err;
}

void mirror_close(struct mirror *m)
{
    if (m == NULL)
        return;
    ledger_free(m->ledger);
    journal_close(m->journal);
    mem_free(m);
}

const struct ledger_tip *mirror_tip(const struct mirror *m)
{
    return ledger_tip(m->ledger);
}

/*
 * The bundles that are new, read twice: first to see that they are what the checkpoint signed, then
 * to execute and keep them. What is read the second time must be what was read the first time.
 */
struct pass {
    struct mirror *mirror;
    const struct tile_source *source;
    uint64_t size;       /* of the checkpoint */
    uint64_t first;      /* bundle from which on it is new */
    struct digest *seen; /* SHA-256 of each bundle */
};

static cocoon_err read_bundle(const struct pass *p, uint64_t index, struct buf *out)
{
    struct tile which = {.entries = true, .index = index, .width = tile_width(p->size, 0, index)};

    return p->source->read(p->source->ctx, &which, out);
}

/* Push the entries of a bundle that are behind the frontier. */
static cocoon_err push_bundle(struct slice bytes, uint64_t index, struct merkle_frontier *frontier)
{
    uint64_t at = index * TILE_WIDTH;
    struct rd r = rd_init(bytes);
    cocoon_err err = OK;

    for (; err == OK && rd_left(&r) > 0; at++) {
        struct slice entry = tile_entry_next(&r);
        struct digest leaf;

        if (r.bad)
            return ERR_TRUNCATED;
        if (at < frontier->size)
            continue;
        merkle_leaf(entry, &leaf);
        err = merkle_push(frontier, &leaf);
    }
    return err;
}

static cocoon_err first_pass(struct pass *p, const struct checkpoint *to, struct fail *fail)
{
    struct merkle_frontier frontier = mirror_tip(p->mirror)->log;
    uint64_t end = (p->size + TILE_WIDTH - 1) / TILE_WIDTH;
    struct digest root;
    cocoon_err err = OK;

    for (uint64_t i = p->first; err == OK && i < end; i++) {
        struct buf bytes;

        buf_init(&bytes, TILE_BUNDLE_MAX);
        if ((err = read_bundle(p, i, &bytes)) == OK)
            err = push_bundle(buf_slice(&bytes), i, &frontier);
        sha256(buf_slice(&bytes), &p->seen[i - p->first]);
        buf_fini(&bytes);
        if (err != OK)
            return fail_set(fail, err, i * TILE_WIDTH, "a bundle of entries cannot be read");
    }
    merkle_root(&frontier, &root);
    if (frontier.size != p->size || !digest_eq(&root, &to->root))
        return fail_set(fail, ERR_PROOF, 0, "the entries have another root than the checkpoint");
    return OK;
}

static cocoon_err read_again(void *ctx, const struct tile *which, struct buf *out)
{
    const struct pass *p = ctx;
    struct digest again;
    cocoon_err err = read_bundle(p, which->index, out);

    if (err != OK)
        return err;
    sha256(buf_slice(out), &again);
    return digest_eq(&again, &p->seen[which->index - p->first]) ? OK : ERR_MISMATCH;
}

/* Keep the block that was just executed. */
static cocoon_err keep(void *ctx, const struct slice *leaves, size_t count)
{
    const struct pass *p = ctx;
    uint8_t *heads = MEM_ARRAY(count, uint8_t);
    struct slice *rests = MEM_ARRAY(count, struct slice);
    cocoon_err err;

    for (size_t i = 0; i < count; i++) {
        heads[i] = leaves[i].ptr[0];
        rests[i] = slice_skip(leaves[i], 1);
    }
    err = journal_append(p->mirror->journal, heads, rests, count);
    mem_free(rests);
    mem_free(heads);
    return err;
}

static cocoon_err settle(struct mirror *m, struct slice note)
{
    cocoon_err err;

    ledger_stage(m->ledger);
    if ((err = journal_settle(m->journal, m->ledger, mirror_tip(m), note)) == OK)
        ledger_settle(m->ledger);
    return err;
}

static cocoon_err advance(struct mirror *m, const struct tile_source *source,
                          const struct checkpoint *to, struct slice note, struct fail *fail)
{
    struct pass p = {m, source, to->size, mirror_tip(m)->log.size / TILE_WIDTH, NULL};
    struct tile_source again = {read_again, &p, to->size};
    struct replay_stats stats = {0};
    cocoon_err err;

    p.seen = MEM_ARRAY((to->size - p.first * TILE_WIDTH) / TILE_WIDTH + 1, struct digest);
    if ((err = first_pass(&p, to, fail)) == OK)
        err = replay_run(m->ledger, &again, keep, &p, &stats, fail);
    if (err == OK && (err = settle(m, note)) != OK)
        err = fail_set(fail, err, 0, "the state could not be kept");
    mem_free(p.seen);
    return err;
}

cocoon_err mirror_follow(struct mirror *m, const struct tile_source *source,
                         const struct checkpoint *to, struct slice note, struct fail *fail)
{
    const struct ledger_tip *tip = mirror_tip(m);
    struct digest root;

    if (to->size < tip->log.size)
        return fail_set(fail, ERR_ROLLBACK, 0, "the checkpoint is behind what was executed");
    if (to->size > tip->log.size)
        return advance(m, source, to, note, fail);
    merkle_root(&tip->log, &root);
    if (!digest_eq(&root, &to->root))
        return fail_set(fail, ERR_FORK, 0, "another root than that of what was executed");
    return OK;
}
