/*
 * Binding statements: JCS JSON with a purpose, whose SHA-256 stands in report data bytes 0..31
 * (bytes 32..63 are zero). Members, byte for byte: docs/spec/keyset.md.
 *
 *   aci.report_data.v1   keyset_digest nonce purpose
 *   cocoon.worker.v1     gpu_evidence_digest keyset_digest model_digest network_id nonce purpose
 *                        release_digest role worker_id
 *   cocoon.channel.v1    exporter keyset_digest network_id nonce peer_spki purpose role worker_id
 *
 * Under the purposes cocoon.channel.bind.v1 and cocoon.channel.account.v1 the members of the last
 * are signed by a key instead of quoted.
 */
#ifndef ATTEST_STATEMENT_H
#define ATTEST_STATEMENT_H

#include "base/buf.h"
#include "crypto/hash.h"
#include "crypto/labels.h"

enum { REPORT_DATA_LEN = 64, STATEMENT_MAX = 2048 };

/* Who speaks. The word stands in the statement, so evidence for one role is none for another. */
enum role { ROLE_CLIENT, ROLE_PROXY, ROLE_WORKER, ROLE_KEEPER, ROLE_CONTRACT, ROLE_LEDGER, ROLES };

const char *role_name(enum role role);
cocoon_err role_read(struct slice name, enum role *out) MUST_CHECK;

struct statement_worker {
    const struct digest *gpu_evidence; /* NULL: null, the machine has no GPU */
    struct digest keyset;
    struct digest model;
    uint8_t network_id[32];
    uint8_t nonce[32];
    struct digest release;
    enum role role;
    uint8_t worker_id[32];
};

struct statement_channel {
    const char *purpose; /* LABEL_PURPOSE_CHANNEL, _BIND or _ACCOUNT */
    uint8_t exporter[32];
    const struct digest *keyset; /* NULL: null, an account has none */
    uint8_t network_id[32];
    uint8_t nonce[32];
    struct digest peer_spki;
    enum role role;
    uint8_t worker_id[32];
};

/* Append the statement's bytes. `nonce` may be NULL: null. ERR_LIMIT. */
cocoon_err statement_put_aci(struct buf *out, const struct digest *keyset,
                             const uint8_t *nonce) MUST_CHECK;
cocoon_err statement_put_worker(struct buf *out, const struct statement_worker *s) MUST_CHECK;
cocoon_err statement_put_channel(struct buf *out, const struct statement_channel *s) MUST_CHECK;

/* Write the report data of `statement`: its SHA-256 and 32 zero bytes. */
void statement_report_data(struct slice statement, uint8_t out[REPORT_DATA_LEN]);

/* The three at once: report data of a statement. */
void report_data_aci(const struct digest *keyset, const uint8_t *nonce,
                     uint8_t out[REPORT_DATA_LEN]);
void report_data_worker(const struct statement_worker *s, uint8_t out[REPORT_DATA_LEN]);
void report_data_channel(const struct statement_channel *s, uint8_t out[REPORT_DATA_LEN]);

/*
 * The nonce that GPU evidence must carry: SHA-256("cocoon.gpu.v1" || JCS(statement without
 * gpu_evidence_digest)), so that CPU and GPU evidence cannot be mixed.
 */
void statement_gpu_nonce(const struct statement_worker *s, struct digest *out);

/* worker_id = SHA-256("cocoon.worker" || account || index u32 big-endian). */
void worker_id_make(const uint8_t account[32], uint32_t index, uint8_t out[32]);

#endif
