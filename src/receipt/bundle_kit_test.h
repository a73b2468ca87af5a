/* For the tests of bundles: one good bundle in pieces, and how to ask about it. */
#ifndef RECEIPT_BUNDLE_KIT_TEST_H
#define RECEIPT_BUNDLE_KIT_TEST_H

#include "base/test.h"
#include "receipt/bundle.h"
#include "receipt/world_test.h"

static struct world world;

static const char request[] = "{\"model\":\"demo\",\"messages\":[]}";
static const char response[] = "data: {\"choices\":[]}\n\ndata: [DONE]\n\n";

/* The pieces of the good bundle; tests change one and assemble. */
struct pieces {
    struct buf receipt, ledger, receipt_log, ohttp_key, text;
    struct bundle bundle;
};

static inline void make_pieces(struct pieces *p, unix_time served_at)
{
    struct digest digests[3] = {{{1}}, {{2}}, {{3}}};

    buf_init(&p->receipt, RECEIPT_MAX);
    buf_init(&p->ledger, BUNDLE_MAX);
    buf_init(&p->receipt_log, BUNDLE_MAX);
    buf_init(&p->ohttp_key, BUNDLE_MAX);
    buf_init(&p->text, BUNDLE_MAX);
    world_receipt(&world, slice_text(request), slice_text(response), served_at, &p->receipt,
                  &digests[1]);
    world_light_proof(&world, &p->ledger);
    world_log_receipts(&world, digests, 3, 1, &p->receipt_log);
    world_ohttp_key(&world, served_at - 60, &p->ohttp_key);
    p->bundle = (struct bundle){.worker_id = world.worker_id,
                                .receipt = buf_slice(&p->receipt),
                                .evidence = buf_slice(&world.evidence),
                                .ledger = buf_slice(&p->ledger),
                                .ohttp_key = buf_slice(&p->ohttp_key),
                                .receipt_log = buf_slice(&p->receipt_log),
                                .release_manifest = buf_slice(&world.release_manifest),
                                .model_manifest = buf_slice(&world.model_manifest)};
}

static inline void free_pieces(struct pieces *p)
{
    buf_fini(&p->receipt);
    buf_fini(&p->ledger);
    buf_fini(&p->receipt_log);
    buf_fini(&p->ohttp_key);
    buf_fini(&p->text);
}

static inline int set_up(void **state)
{
    static struct pieces p;

    world_init(&world);
    make_pieces(&p, world.now);
    *state = &p;
    return 0;
}

static inline int tear_down(void **state)
{
    free_pieces(*state);
    world_fini(&world);
    return 0;
}

/* ---- asking ---- */

static inline struct bundle_question ask(struct pieces *p)
{
    buf_clear(&p->text);
    assert_int_equal(bundle_put(&p->text, &p->bundle), OK);
    return (struct bundle_question){.text = buf_slice(&p->text),
                                    .policy = &world.policy,
                                    .has_request = true,
                                    .has_response = true,
                                    .request = slice_text(request),
                                    .response = slice_text(response),
                                    .arena = &world.arena};
}

/* Return the line of the rule `id`, NULL if there is none. */
static inline const struct check *line(const struct bundle_answer *a, const char *id)
{
    for (const struct check *c = a->result->first; c != NULL; c = c->next)
        if (strcmp(c->rule->id, id) == 0)
            return c;
    return NULL;
}

static inline void show(const struct bundle_answer *a)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    result_put_text(a->result, &text);
    fprintf(stderr, "%s", buf_cstr(&text));
    buf_fini(&text);
}

/* Verify, and expect that the rule `id` fails with `err`, among others. */
static inline void expect_among(const struct bundle_question *q, const char *id, cocoon_err err)
{
    struct bundle_answer a;
    const struct check *c;

    bundle_verify(q, &a);
    c = line(&a, id);
    if (c == NULL || c->status != CHECK_FAIL || c->err != err ||
        result_verdict(a.result) != VERDICT_NOT_VERIFIED) {
        show(&a);
        fail_msg("expected %s %s", id, cocoon_err_name(err));
    }
}

/* Verify, and expect that just the rule `id` fails; NULL: nothing does. */
static inline void expect(const struct bundle_question *q, const char *id, cocoon_err err)
{
    struct bundle_answer a;

    if (id != NULL)
        expect_among(q, id, err);
    bundle_verify(q, &a);
    if (a.result->failed != (id != NULL) ||
        result_verdict(a.result) != (id == NULL ? VERDICT_VERIFIED : VERDICT_NOT_VERIFIED)) {
        show(&a);
        fail_msg("expected %s only", id == NULL ? "success" : id);
    }
}

/* Replace the first `from` in `text` by `to`, of the same length. */
static inline void patch(struct buf *text, const char *from, const char *to)
{
    size_t at;

    assert_int_equal(strlen(from), strlen(to));
    assert_true(slice_find_slice(buf_slice(text), slice_text(from), &at));
    memcpy(text->ptr + at, to, strlen(to));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
