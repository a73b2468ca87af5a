/*
 * Attestations as CBOR (attestation.h has the form), and their appraisal as one whole.
 */
#include "attest/attestation.h"

#include <assert.h>

#include "codec/cbor.h"
#include "codec/x509.h"

static const struct rule rule_cpu = {"attestation.cpu", "the first evidence is a CPU's",
                                     "channel 3"};
static const struct rule rule_gpu = {"attestation.gpu", "GPU evidence is asked for", "channel 3"};
static const struct rule rule_twice = {"attestation.twice",
                                       "what follows is a GPU that stands here once", "channel 3"};

/* --- writing --- */

static void put_item(struct buf *out, const struct evidence *item)
{
    cbor_put_array(out, 2);
    cbor_put_text(out, item->kind);
    cbor_put_map(out, item->count);
    for (size_t i = 0; i < item->count; i++) {
        cbor_put_text(out, item->parts[i].name);
        cbor_put_bytes(out, item->parts[i].bytes);
    }
}

cocoon_err attestation_put(struct buf *out, const struct attestation *a)
{
    assert(a->count > 0 && a->count <= ATTESTATION_ITEMS_MAX);
    cbor_put_array(out, 3);
    cbor_put_uint(out, ATTESTATION_VERSION);
    cbor_put_bytes(out, a->keyset);
    cbor_put_array(out, a->count);
    for (size_t i = 0; i < a->count; i++)
        put_item(out, &a->items[i]);
    return buf_ok(out);
}

bool attestation_gpu_digest(const struct attestation *a, struct digest *out)
{
    struct buf bytes;

    if (a->count < 2)
        return false;
    buf_init(&bytes, ATTESTATION_MAX);
    cbor_put_array(&bytes, a->count - 1);
    for (size_t i = 1; i < a->count; i++)
        put_item(&bytes, &a->items[i]);
    if (buf_ok(&bytes) == OK)
        sha256(buf_slice(&bytes), out);
    else
        *out = (struct digest){{0}}; /* matches nothing */
    buf_fini(&bytes);
    return true;
}

/* --- reading --- */

static cocoon_err read_item(struct cbor_rd *c, struct evidence *out)
{
    size_t parts;
    cocoon_err err = OK;

    if (cbor_rd_array(c) != 2)
        return c->err != OK ? c->err : ERR_MALFORMED;
    evidence_init(out, cbor_rd_text(c));
    parts = cbor_rd_map(c);
    if (parts > EVIDENCE_PARTS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; err == OK && i < parts; i++) {
        struct slice name = cbor_rd_text(c);

        err = evidence_add(out, name, cbor_rd_bytes(c));
    }
    return c->err != OK ? c->err : err;
}

static cocoon_err read_all(struct cbor_rd *c, struct arena *arena, struct attestation *out)
{
    cocoon_err err = OK;

    if (cbor_rd_array(c) != 3)
        return c->err != OK ? c->err : ERR_MALFORMED;
    if (cbor_rd_uint(c) != ATTESTATION_VERSION)
        return c->err != OK ? c->err : ERR_VERSION;
    out->keyset = cbor_rd_bytes(c);
    out->count = cbor_rd_array(c);
    if (out->count > ATTESTATION_ITEMS_MAX)
        return ERR_LIMIT;
    if (out->count == 0)
        return c->err != OK ? c->err : ERR_MISSING;
    out->items = ARENA_ARRAY(arena, out->count, struct evidence);
    if (out->items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; err == OK && i < out->count; i++)
        err = read_item(c, &out->items[i]);
    return err == OK ? cbor_rd_end(c) : err;
}

cocoon_err attestation_read(struct slice bytes, struct arena *arena, struct attestation *out,
                            struct fail *fail)
{
    struct cbor_rd c;
    cocoon_err err;

    *out = (struct attestation){.count = 0};
    if (bytes.len > ATTESTATION_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "attestation is too long");
    err = cbor_check(bytes, CBOR_SORTED, fail);
    if (err != OK)
        return err;
    c = cbor_rd_init(bytes, CBOR_SORTED);
    err = read_all(&c, arena, out);
    return err == OK ? OK : fail_set(fail, err, c.in.at, "attestation");
}

/* --- appraisal --- */

static bool is_gpu(const struct evidence *e)
{
    return slice_starts(e->kind, SLICE_LIT("nvidia-"));
}

/* Appraise one item; required claims wait for the last. */
static struct result *appraise_item(const struct evidence *item,
                                    const struct attestation_question *q)
{
    struct appraisal *a = ARENA_NEW(q->arena, struct appraisal);
    bool gpu = is_gpu(item);

    if (a == NULL)
        return NULL;
    a->evidence = item;
    a->policy = q->policy;
    a->now = q->now;
    a->arena = q->arena;
    a->cache = q->cache;
    a->defer_claims = true;
    if (gpu && q->nonce != NULL)
        a->nonce = digest_slice(q->nonce);
    if (!gpu)
        a->report_data = q->report_data;
    appraise(a);
    if (gpu)
        (void)result_check(&a->result, &rule_gpu, q->nonce != NULL, ERR_RULE);
    return &a->result;
}

/*
 * Set `*key` to the key of the certificate above the leaf in a device's chain: the boot ROM's,
 * which is one chip's and no other's. (The leaf's is made anew by firmware.)
 */
static bool chip_key(const struct evidence *e, struct arena *arena, struct slice *key)
{
    struct x509_cert certs[X509_CHAIN_MAX];
    struct slice chain;
    struct fail fail;
    size_t count;

    if (!evidence_find(e, "chain", &chain) ||
        x509_read_chain(chain, arena, certs, X509_CHAIN_MAX, &count, &fail) != OK || count < 2)
        return false;
    *key = certs[1].key.spki;
    return true;
}

/* Tell whether item `i` is a GPU that no earlier item is. */
static bool is_new_gpu(const struct attestation *a, size_t i, struct arena *arena)
{
    struct slice key, other;

    if (!is_gpu(&a->items[i]) || !chip_key(&a->items[i], arena, &key))
        return false;
    for (size_t k = 1; k < i; k++)
        if (chip_key(&a->items[k], arena, &other) && slice_eq(key, other))
            return false;
    return true;
}

/* Gather the typed claims of all items in the CPU's result, where the policy looks for them. */
static void join_claims(const struct attestation *a, struct attestation_answer *answer)
{
    struct result *cpu = answer->results[0];

    for (size_t i = 1; i < answer->count; i++) {
        const struct aci_state *gpu = &answer->results[i]->aci[ACI_GPU_ATTESTED];

        if (!is_gpu(&a->items[i]))
            continue;
        result_aci(cpu, ACI_GPU_ATTESTED, gpu->status, gpu->source);
        /* Its nonce came from the statement that the CPU's report data binds. */
        result_aci(cpu, ACI_GPU_BOUND_TO_CPU, gpu->status, ACI_VERIFIER_DERIVED);
    }
}

static void conclude(struct attestation_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct result *r = answer->results[i];

        answer->simulated |= r->simulated;
        if (r->valid_until < answer->valid_until)
            answer->valid_until = r->valid_until;
        if (answer->err == OK && result_verdict(r) != VERDICT_VERIFIED)
            answer->err = r->err != OK ? r->err : ERR_POLICY;
    }
}

cocoon_err attestation_appraise(const struct attestation *a, const struct attestation_question *q,
                                struct attestation_answer *answer)
{
    struct result *cpu;

    assert(q->policy != NULL && q->report_data.len > 0);
    *answer = (struct attestation_answer){.valid_until = INT64_MAX};
    for (; answer->count < a->count; answer->count++) {
        size_t i = answer->count;

        answer->results[i] = appraise_item(&a->items[i], q);
        if (answer->results[i] == NULL)
            return answer->err = ERR_NOMEM;
        if (i > 0)
            (void)result_check(answer->results[i], &rule_twice, is_new_gpu(a, i, q->arena),
                               ERR_DUPLICATE);
    }
    cpu = answer->results[0];
    (void)result_check(cpu, &rule_cpu, !is_gpu(&a->items[0]), ERR_RULE);
    join_claims(a, answer);
    policy_claims(q->policy, cpu);
    conclude(answer);
    return answer->err;
}
