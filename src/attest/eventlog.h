/*
 * TCG event logs: what firmware and boot loaders measured, in the order in which they did. Both
 * forms are read: TCG 1.2 (SHA-1 only) and crypto agile (TPM 2.0, and CCEL for TDX).
 *
 * Replaying a log gives register values. If they equal those in signed evidence, every digest in
 * the log is true and in order. That says nothing yet about an event's data: for many types the
 * digest covers something else, so data may be believed only where eventlog_data_covered() says so.
 */
#ifndef ATTEST_EVENTLOG_H
#define ATTEST_EVENTLOG_H

#include "attest/tpm.h"
#include "base/err.h"
#include "base/rd.h"

enum {
    EVENTLOG_ALGS_MAX = 8,
    EVENTLOG_EVENTS_MAX = 16384, /* a busy machine's log has some hundreds */
    EVENTLOG_MRS = 32,           /* PCR 0..23; CCEL registers 0..4 */
    EV_NO_ACTION = 3,
};

enum eventlog_format { EVENTLOG_TCG_1_2, EVENTLOG_CRYPTO_AGILE };

struct eventlog_alg {
    uint16_t id; /* TPM_ALG_ID */
    uint16_t size;
};

struct eventlog {
    enum eventlog_format format;
    struct eventlog_alg algs[EVENTLOG_ALGS_MAX];
    size_t alg_count;
    struct rd in;
    size_t events; /* read so far, the header record not counted */
};

struct eventlog_event {
    size_t at;   /* offset of the record */
    uint32_t mr; /* register, as written: PCR, or 0 MRTD, 1..4 RTMR0..3 */
    uint32_t type;
    struct slice digests[EVENTLOG_ALGS_MAX]; /* in the order of algs; empty where absent */
    struct slice data;
};

/*
 * Start reading `in`: a crypto agile log begins with a "Spec ID Event03" record, which names its
 * algorithms; anything else is a TCG 1.2 log. ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT.
 */
cocoon_err eventlog_open(struct slice in, struct eventlog *log, struct fail *fail) MUST_CHECK;

/*
 * Read the next event into `*out`, or set `*end` at the end: of the bytes, or where nothing but
 * 0xff or nothing but zeros follows. ERR_TRUNCATED, ERR_MALFORMED, ERR_DUPLICATE (one algorithm
 * twice), ERR_LIMIT.
 */
cocoon_err eventlog_next(struct eventlog *log, struct eventlog_event *out, bool *end,
                         struct fail *fail) MUST_CHECK;

/* Return the index of algorithm `id` in log->algs, or alg_count. */
size_t eventlog_alg_index(const struct eventlog *log, uint16_t id);

/* One bank of registers. */
struct mr_bank {
    enum hash_alg alg;
    uint8_t value[EVENTLOG_MRS][HASH_LEN_MAX];
    uint32_t touched; /* bit i: register i was extended */
};

/* Start a bank as a TPM does: zeros, but PCR 17..22 are all ones. Or all zeros, as RTMRs are. */
void mr_bank_init_tpm(struct mr_bank *bank, enum hash_alg alg);
void mr_bank_init(struct mr_bank *bank, enum hash_alg alg);

/* value = H(value || digest). `mr` < EVENTLOG_MRS and digest.len == hash_len (asserted). */
void mr_bank_extend(struct mr_bank *bank, uint32_t mr, struct slice digest);

/* Return the value of register `mr`, borrowed from `bank`. */
struct slice mr_bank_value(const struct mr_bank *bank, uint32_t mr);

/*
 * Replay `e` of `log` into `bank`, whose algorithm is the log's `index`-th. EV_NO_ACTION extends
 * nothing, but a StartupLocality event sets where PCR 0 starts. ERR_MALFORMED for a register beyond
 * EVENTLOG_MRS, a missing digest, or a StartupLocality after PCR 0 was extended.
 */
cocoon_err mr_bank_replay(struct mr_bank *bank, const struct eventlog_event *e, size_t index,
                          struct fail *fail) MUST_CHECK;

/* Tell whether the digest of `e` in the log's `index`-th algorithm `alg` is that of its data. */
bool eventlog_data_covered(const struct eventlog_event *e, size_t index, enum hash_alg alg);

#endif
