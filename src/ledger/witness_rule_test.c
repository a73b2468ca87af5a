#include "ledger/witness_rule.h"

#include "base/test.h"
#include "ledger/kit_test.h"

enum { ENTRIES = 9 };

static struct kit_net net;
static struct digest leaves[ENTRIES];

static int set_up(void **state)
{
    (void)state;
    kit_net_init(&net, 1, 0);
    for (uint8_t i = 0; i < ENTRIES; i++)
        merkle_leaf(slice_make(&i, 1), &leaves[i]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_net_fini(&net);
    return 0;
}

/* What a request may be wrong in. */
struct
try {
    uint64_t old_size, size;
    uint64_t prove_from; /* where the proof starts */
    int root_flip;       /* bit of the checkpoint's root, -1: none */
    const struct note_signer *signer;
    bool break_signature, extra_hash;
};

static unsigned judge(const struct witness_seen *seen, const struct try *t)
{
    static struct note note;
    struct add_checkpoint request = {.old_size = t->old_size};
    struct note_vkey key = net.genesis.log;
    struct checkpoint next;
    struct digest root;
    struct fail fail;
    struct buf text, bytes;
    unsigned status;

    merkle_root_of(leaves, (size_t)t->size, &root);
    if (t->root_flip >= 0)
        root.bytes[t->root_flip / 8] ^= (uint8_t)(1 << t->root_flip % 8);
    buf_init(&text, 1024);
    buf_init(&bytes, 4096);
    checkpoint_put(&text, key.name, t->size, &root);
    buf_put(&bytes, buf_slice(&text));
    buf_put_text(&bytes, "\n");
    assert_int_equal(note_signer_sign(t->signer, buf_slice(&text), 5, &bytes), OK);
    assert_int_equal(note_parse(buf_slice(&bytes), &note, &fail), OK);
    assert_int_equal(checkpoint_read(note.text, &next), OK);
    note.signatures[0].bytes[0] ^= t->break_signature;
    if (t->prove_from > 0 && t->prove_from < t->size)
        assert_int_equal(merkle_prove_consistency_in(leaves, (size_t)t->size, (size_t)t->prove_from,
                                                     &request.proof),
                         OK);
    if (t->extra_hash)
        request.proof.hashes[request.proof.count++] = leaves[0];
    status = witness_judge(&key, seen, &request, &note, &next);
    buf_fini(&bytes);
    buf_fini(&text);
    return status;
}

static void test_table(void **state)
{
    const struct {
        const char *name;
        uint64_t seen;
        struct try t;
        unsigned status;
    } cases[] = {
        {"first", 0, {0, 5, 0, -1, &net.log, false, false}, 200},
        {"grows", 5, {5, 9, 5, -1, &net.log, false, false}, 200},
        {"the same again", 5, {5, 5, 0, -1, &net.log, false, false}, 200},
        {"empty tree", 0, {0, 0, 0, -1, &net.log, false, false}, 200},
        {"empty tree, another root", 0, {0, 0, 0, 3, &net.log, false, false}, 422},
        {"a proof where none is due", 0, {0, 5, 0, -1, &net.log, false, true}, 422},
        {"a proof for the same size", 5, {5, 5, 0, -1, &net.log, false, true}, 422},
        {"the same size, another root", 5, {5, 5, 0, 3, &net.log, false, false}, 422},
        {"grows into another tree", 5, {5, 9, 5, 3, &net.log, false, false}, 422},
        {"proof from another size", 5, {5, 9, 4, -1, &net.log, false, false}, 422},
        {"no proof", 5, {5, 9, 0, -1, &net.log, false, false}, 422},
        {"another old size", 5, {4, 9, 4, -1, &net.log, false, false}, 409},
        {"old size zero", 5, {0, 9, 0, -1, &net.log, false, false}, 409},
        {"shorter than seen", 5, {5, 3, 0, -1, &net.log, false, false}, 400},
        {"not signed by the log", 5, {5, 9, 5, -1, &net.operator, false, false}, 403},
        {"signature broken", 5, {5, 9, 5, -1, &net.log, true, false}, 403},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct witness_seen seen = {.size = cases[i].seen};
        unsigned status;

        merkle_root_of(leaves, (size_t)seen.size, &seen.root);
        status = judge(&seen, &cases[i].t);
        if (status != cases[i].status)
            fail_msg("%s: %u", cases[i].name, status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
