#include "zk/verify.h"

#include <string.h>

#include "base/mem.h"
#include "zk/opening.h"

struct verifier {
    const struct plan *plan;
    struct run run;
    struct opening opening;
};

struct verifier *verifier_new(const struct plan *plan, const struct kern *kern)
{
    struct verifier *v = MEM_NEW(struct verifier);

    v->plan = plan;
    run_init(&v->run, plan, NULL);
    opening_init(&v->opening, plan, kern, 1, &v->run);
    return v;
}

void verifier_free(struct verifier *v)
{
    if (v == NULL)
        return;
    opening_fini(&v->opening);
    run_fini(&v->run);
    mem_free(v);
}

/*
 * The proof's bytes, apart from what they say. Which columns are opened, and so how long a proof
 * is, follows from the statement: one of another statement may well end here.
 */
static cocoon_err check_bytes(const struct rd *in, struct fail *fail)
{
    if (in->bad)
        return fail_set(fail, ERR_PROOF, in->at, "proof is cut short, not canonical, or another's");
    if (rd_left(in) > 0)
        return fail_set(fail, ERR_PROOF, in->at, "bytes after the proof's end, or it is another's");
    return OK;
}

cocoon_err verifier_run(struct verifier *v, const struct statement *s, struct slice proof,
                        struct fail *fail)
{
    struct security security = plan_security(v->plan);
    struct run *r = &v->run;
    struct opening *o = &v->opening;
    struct ext point[SPACE_BITS_MAX + 1];
    struct scalar value;
    cocoon_err err;

    if (security_bits(&security) < SECURITY_FLOOR)
        return fail_set(fail, ERR_WEAK, 0, "parameters give less than 100 bits of soundness");
    wire_init_verifier(&r->wire, proof);
    statement_absorb(s, v->plan, &r->wire.transcript);
    memcpy(o->weights_root, s->weights, sizeof o->weights_root);
    o->root[SPACE_A] = wire_digest(&r->wire, &o->root[SPACE_A]);
    r->input = s->input;
    run_reset(r, NULL);
    run_interactive(r, s->output, NULL);
    if (!opening_weights(o))
        return fail_set(fail, ERR_PROOF, 0, "opened weight columns are not those committed");
    value = opening_batch(o, point);
    err = opening_data(o, point, value, fail);
    return err != OK ? err : check_bytes(&r->wire.in, fail);
}
