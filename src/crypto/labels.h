/*
 * Every domain-separation label of the tree, in one place, so that no two uses can share one.
 * Formats: DESIGN section 15 and docs/spec. A label is hashed, exported or signed without a NUL.
 */
#ifndef CRYPTO_LABELS_H
#define CRYPTO_LABELS_H

/* Purposes: the `purpose` member of a signed or quoted JCS statement. */
#define LABEL_PURPOSE_ACI             "aci.report_data.v1"
#define LABEL_PURPOSE_WORKER          "cocoon.worker.v1"
#define LABEL_PURPOSE_CHANNEL         "cocoon.channel.v1"
#define LABEL_PURPOSE_CHANNEL_BIND    "cocoon.channel.bind.v1"    /* signed, not quoted */
#define LABEL_PURPOSE_CHANNEL_ACCOUNT "cocoon.channel.account.v1" /* by a ledger key: proxies */

/* Algorithms of keyset entries that are ours. */
#define LABEL_ALGO_OHTTP_SIGNER   "cocoon.ohttp-signer.v1"
#define LABEL_ALGO_CHANNEL_SIGNER "cocoon.channel-signer.v1"

/* Prefixes of hash inputs. */
#define LABEL_GPU_NONCE   "cocoon.gpu.v1"
#define LABEL_WORKER_ID   "cocoon.worker"
#define LABEL_TRANSACTION "CNTX"
#define LABEL_BLOCK       "CNBK"
#define LABEL_SIM_SEAL    "cocoon.sim.seal" /* sealing keys of the software attester */

/* Exporter labels: TLS (RFC 8446 7.5) and HPKE (RFC 9180 5.3). */
#define LABEL_TLS_CHANNEL          "EXPORTER-cocoon-channel-v1"
#define LABEL_HPKE_REQUEST_ID      "cocoon request id"
#define LABEL_HPKE_SESSION_REQUEST "cocoon session request"

/* OHTTP (RFC 9458 4.3 and 4.4; draft-ietf-ohai-chunked-ohttp section 6): the HPKE info of a request
 * and the exporter context of its response. Ours is the session. */
#define LABEL_OHTTP_REQUEST          "message/bhttp request"
#define LABEL_OHTTP_RESPONSE         "message/bhttp response"
#define LABEL_OHTTP_CHUNKED_REQUEST  "message/bhttp chunked request"
#define LABEL_OHTTP_CHUNKED_RESPONSE "message/bhttp chunked response"
#define LABEL_OHTTP_SESSION          "message/bhttp cocoon session"
#define LABEL_OHTTP_FINAL            "final"

#endif
