/*
 * The software attester. Sealing keys are HKDF-SHA256 with the root's seed as input key and, as
 * info, LABEL_SIM_SEAL, the measurement and the label: another program gets another key, as on real
 * hardware.
 */
#include "tee/sim.h"

#include <string.h>

#include "attest/sim.h"
#include "base/mem.h"
#include "crypto/kdf.h"
#include "crypto/labels.h"

struct tee_sim {
    struct tee tee;
    struct ed25519_key root;
    struct tee_sim_params params; /* params.root points to root */
};

static struct tee_sim *sim_of(struct tee *tee)
{
    return (struct tee_sim *)tee; /* tee is its first member */
}

static cocoon_err sim_evidence(struct tee *tee, const uint8_t report_data[64], unix_time now,
                               struct arena *arena, struct tee_evidence *out)
{
    const struct tee_sim *sim = sim_of(tee);
    struct sim_evidence e = {.svn = sim->params.svn, .issued = now};
    uint8_t *bytes = arena_new(arena, SIM_EVIDENCE_LEN);

    if (bytes == NULL)
        return ERR_NOMEM;
    if (now < 0)
        return ERR_RANGE;
    e.flags = sim->params.debug ? SIM_DEBUG : 0;
    memcpy(e.measurement, sim->params.measurement, sizeof e.measurement);
    memcpy(e.host_data, sim->params.host_data, sizeof e.host_data);
    memcpy(e.report_data, report_data, sizeof e.report_data);
    sim_make(&e, &sim->root, bytes);
    out->kind = "sim";
    out->parts[0] = (struct tee_part){"evidence", slice_make(bytes, SIM_EVIDENCE_LEN)};
    out->count = 1;
    return OK;
}

static cocoon_err sim_sealing_key(struct tee *tee, struct slice label, struct secret32 *out)
{
    const struct tee_sim *sim = sim_of(tee);
    struct slice seed = SLICE_OF(sim->root.seed);
    struct slice info[] = {SLICE_LIT(LABEL_SIM_SEAL), SLICE_OF(sim->params.measurement), label};
    struct secret32 prk;
    cocoon_err err;

    hkdf_extract(HASH_SHA256, (struct slice){0}, &seed, 1, prk.bytes);
    err = hkdf_expand(HASH_SHA256, secret32_slice(&prk), info, COUNT_OF(info), out->bytes,
                      sizeof out->bytes);
    secret32_wipe(&prk);
    return err;
}

static void sim_close(struct tee *tee)
{
    struct tee_sim *sim = sim_of(tee);

    ed25519_wipe(&sim->root);
    mem_free(sim);
}

static const struct tee_ops sim_ops = {
    .name = "sim",
    .simulated = true,
    .evidence = sim_evidence,
    .sealing_key = sim_sealing_key,
    .close = sim_close,
};

struct tee *tee_sim_open(const struct tee_sim_params *params)
{
    struct tee_sim *sim = MEM_NEW(struct tee_sim);

    sim->tee.ops = &sim_ops;
    sim->root = *params->root;
    sim->params = *params;
    sim->params.root = &sim->root;
    return &sim->tee;
}
