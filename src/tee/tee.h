/*
 * This machine's TEE: make evidence, derive sealing keys.
 *
 * A device is found once at start and used through one interface; each kind is one file. Calls may
 * block for as long as the hardware takes (a TDX quote: tens of milliseconds): run them off the
 * loop. Not thread-safe: one caller at a time.
 */
#ifndef TEE_TEE_H
#define TEE_TEE_H

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/secret.h"

struct tee;

/* What a device makes: a kind of attest/evidence.h and its named parts, owned by the arena. */
struct tee_part {
    const char *name;
    struct slice bytes;
};

struct tee_evidence {
    const char *kind;
    struct tee_part parts[8];
    size_t count;
};

/* What a device can do. One static instance a kind. */
struct tee_ops {
    const char *name; /* "sim", "tdx", "snp" */
    bool simulated;
    cocoon_err (*evidence)(struct tee *tee, const uint8_t report_data[64], unix_time now,
                           struct arena *arena, struct tee_evidence *out);
    cocoon_err (*sealing_key)(struct tee *tee, struct slice label, struct secret32 *out);
    void (*close)(struct tee *tee);
};

struct tee {
    const struct tee_ops *ops; /* first member of every device */
};

/* Make evidence for 64 bytes of report data. ERR_IO, ERR_NO_TEE, ERR_NOMEM, ERR_BUSY. */
cocoon_err tee_evidence(struct tee *tee, const uint8_t report_data[64], unix_time now,
                        struct arena *arena, struct tee_evidence *out) MUST_CHECK;

/* Derive the key that only this code on this machine gets, for `label`. ERR_IO, ERR_UNSUPPORTED. */
cocoon_err tee_sealing_key(struct tee *tee, struct slice label, struct secret32 *out) MUST_CHECK;

/* Return the device's name: static text. Tell whether it is the software attester. */
const char *tee_name(const struct tee *tee);
bool tee_simulated(const struct tee *tee);

/* Close and free; NULL is fine. */
void tee_close(struct tee *tee);

#endif
