#include "role/witness_execute.h"

#include "base/mem.h"
#include "role/log_source.h"
#include "sequencer/mirror.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

struct witness_execute {
    struct loop *loop;
    struct arena arena;
    struct genesis genesis;
    struct mirror *mirror;
    char *from;
    unix_time cosigned; /* when the last checkpoint passed; 0: none since the start */

    /* of the job under way */
    struct loop_job *job;
    struct buf note;
    struct fail fail;
    witness_execute_fn *done;
    void *owner;
};

cocoon_err witness_execute_new(struct witness_execute **out, struct loop *loop, const char *dir,
                               struct slice genesis, const char *from, struct fail *fail)
{
    struct witness_execute *x = MEM_NEW(struct witness_execute);
    cocoon_err err;

    x->loop = loop;
    x->from = mem_text(from);
    arena_init(&x->arena, ARENA_MAX);
    buf_init(&x->note, CHECKPOINT_NOTE_MAX);
    if ((err = genesis_read(genesis, &x->arena, &x->genesis, fail)) != OK)
        goto fail;
    if ((err = mirror_open(&x->mirror, dir, &x->genesis, fail)) != OK)
        goto fail;
    *out = x;
    return OK;
fail:
    witness_execute_free(x);
    return err;
}

void witness_execute_free(struct witness_execute *x)
{
    if (x == NULL)
        return;
    mirror_close(x->mirror);
    buf_fini(&x->note);
    arena_fini(&x->arena);
    mem_free(x->from);
    mem_free(x);
}

const struct note_vkey *witness_execute_log(const struct witness_execute *x)
{
    return &x->genesis.log;
}

/* Are the times of the blocks that are new what an honest clock gives? */
static cocoon_err check_time(struct witness_execute *x, bool grew, unix_time now)
{
    unix_time block = (unix_time)(mirror_tip(x->mirror)->time_ms / 1000);

    if (block > now + WITNESS_CLOCK_S)
        return fail_set(&x->fail, ERR_NOT_YET_VALID, 0, "the last block is from the future");
    if (grew && x->cosigned > 0 && block < x->cosigned - WITNESS_CLOCK_S)
        return fail_set(&x->fail, ERR_STALE, 0, "the last block is from long ago");
    return OK;
}

static cocoon_err follow(struct witness_execute *x, struct log_source *source)
{
    struct tile_source tiles = log_source_tiles(source);
    uint64_t before = mirror_tip(x->mirror)->log.size;
    struct note *note = MEM_NEW(struct note);
    struct checkpoint to;
    cocoon_err err;

    if ((err = note_parse(buf_slice(&x->note), note, &x->fail)) != OK)
        goto done;
    if ((err = checkpoint_read(note->text, &to)) != OK) {
        err = fail_set(&x->fail, err, 0, "the note is no checkpoint");
        goto done;
    }
    tiles.size = to.size;
    err = mirror_follow(x->mirror, &tiles, &to, buf_slice(&x->note), &x->fail);
    if (err == OK)
        err = check_time(x, to.size > before, loop_unix_now());
done:
    mem_free(note);
    return err;
}

/* On a pool thread. */
static void work(void *owner)
{
    struct witness_execute *x = owner;
    struct log_source *source;
    cocoon_err err = log_source_open(&source, x->from);

    if (err != OK) {
        (void)fail_set(&x->fail, err, 0, "the log cannot be read");
        return;
    }
    if (follow(x, source) == OK)
        x->fail = (struct fail){0};
    log_source_close(source);
}

static void worked(void *owner, cocoon_err err)
{
    struct witness_execute *x = owner;

    x->job = NULL;
    if (err != OK)
        (void)fail_set(&x->fail, err, 0, "shutting down");
    if (x->fail.code == OK)
        x->cosigned = loop_unix_now();
    x->done(x->owner, &x->fail);
}

cocoon_err witness_execute_start(struct witness_execute *x, struct slice note,
                                 witness_execute_fn *done, void *owner)
{
    if (x->job != NULL)
        return ERR_BUSY;
    buf_clear(&x->note);
    buf_put(&x->note, note);
    if (buf_ok(&x->note) != OK)
        return ERR_LIMIT;
    x->fail = (struct fail){ERR_INTERNAL, 0, "nothing was executed"};
    x->done = done;
    x->owner = owner;
    x->job = loop_work(x->loop, work, worked, x);
    return OK;
}
