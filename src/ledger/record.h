/*
 * Records: what the state holds under SHA-256(type | id), and their bytes (docs/spec/ledger.md).
 *
 *   value   type u8 | version u8 = 1 | fields in the order of the structs below
 *
 * Integers are big-endian, times are u64 seconds since 1970, text and lists carry their length
 * (u8 or u16), a moment that never comes is 0. Decoding is strict: exact length, known version,
 * known enumerators. Slices in a decoded record borrow from its bytes.
 */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include "crypto/hash.h"
#include "ledger/amount.h"

enum record_type {
    RECORD_NETWORK = 0x01,    /* id empty */
    RECORD_OWNERS = 0x02,     /* id empty */
    RECORD_PARAMS = 0x03,     /* id empty */
    RECORD_ACCOUNT = 0x04,    /* id: Ed25519 public key, 32 */
    RECORD_BLOB = 0x05,       /* id: SHA-256 of the content */
    RECORD_RECENT = 0x06,     /* id: height mod RECENT_SLOTS, u16 */
    RECORD_PROPOSAL = 0x07,   /* id: SHA-256 of the transaction that made it */
    RECORD_RELEASE = 0x08,    /* id: release_digest */
    RECORD_MODEL = 0x09,      /* id: model_digest */
    RECORD_ENGINE = 0x0a,     /* id: engine_digest */
    RECORD_WITNESS = 0x0b,    /* id: Ed25519 public key, 32 */
    RECORD_WORKER = 0x10,     /* id: worker_id */
    RECORD_RECEIPTS = 0x11,   /* id: worker_id */
    RECORD_EVALUATION = 0x12, /* id: what the collateral is for, text */

    /* Kept free for what comes later, so that no number is used twice. */
    RECORD_CHANNEL = 0x20,
    RECORD_PAYOUT = 0x21,
    RECORD_DEPOSIT = 0x22,
    RECORD_LEASE = 0x23,
    RECORD_CHALLENGE = 0x24,
    RECORD_CONTRACT = 0x28,
};

enum {
    RECORD_MAX = 8192,  /* the longest value: a proposal with its action */
    RECORD_ID_MAX = 64, /* the longest id */
    RECORD_NAME_MAX = 128,

    /* Checkpoints that registrations may quote as their nonce: 16384 blocks outlast the 10 minutes
     * a quote may be old down to blocks of 37 ms. */
    RECENT_SLOTS = 16384,

    OWNERS_MAX = 32,
    MEASURES_MAX = 16, /* platforms of one release */
    FIELDS_MAX = 16,   /* fields of one measurement, as attest/policy.h */
};

/* Set `*key` to the state key of a record. */
void record_key(enum record_type type, struct slice id, struct digest *key);

/* Set `*type` to the type a value says it has. ERR_TRUNCATED, ERR_UNKNOWN_NAME. */
cocoon_err record_type_of(struct slice value, enum record_type *type) MUST_CHECK;

/* Return "worker", "release" .. for a type, static text, NULL for a reserved or unknown one; and
 * back. ERR_UNKNOWN_NAME. */
const char *record_type_name(enum record_type type);
cocoon_err record_type_read(struct slice name, enum record_type *out) MUST_CHECK;

struct record_network {
    struct digest network_id;
    uint32_t rules;        /* version in force */
    uint32_t next_rules;   /* scheduled version; 0: none */
    uint64_t next_height;  /* height from which it holds */
    bool has_sim_root;     /* software attesters are admitted: a development network */
    uint8_t sim_root[32];  /* Ed25519; zero without */
    struct slice log_vkey; /* the log's verifier key, whose name is the origin */
};

struct record_owners {
    uint8_t threshold;
    uint32_t delay; /* seconds from enough approvals to execution */
    uint8_t count;
    uint8_t keys[OWNERS_MAX][32]; /* in bytewise order, no two equal */
};

/* The numbers that the owners may change. Fees are in the smallest unit. */
struct record_params {
    uint64_t fee_tx;        /* each transaction */
    uint64_t fee_kib;       /* each KiB begun of a blob */
    uint64_t fee_appraisal; /* each registration or renewal */
    uint64_t worker_bond;   /* least bond of a worker */
    uint32_t evidence_age;  /* seconds a registration holds at most */
    uint32_t nonce_age;     /* seconds a quoted checkpoint may be old */
    uint32_t heartbeat_gap; /* seconds since the last block before a heartbeat is accepted */
    uint32_t appraisals;    /* registrations and renewals a block */
    uint32_t unbond_delay;  /* seconds from retiring until the bond can be taken back */
};

struct record_account {
    uint64_t nonce; /* of the next transaction */
    amount balance; /* free to spend */
    amount bonded;  /* sum of the bonds of its workers */
};

struct record_blob {
    uint64_t index; /* of its leaf in the log */
    uint32_t length;
};

struct record_recent {
    uint64_t height;
    uint64_t size;            /* of the log after that block */
    uint64_t time_ms;         /* of that block */
    struct digest checkpoint; /* SHA-256 of the checkpoint's text */
};

enum proposal_status {
    PROPOSAL_OPEN = 1,
    PROPOSAL_READY = 2, /* enough approvals; executable from ready_at */
    PROPOSAL_DONE = 3,
    PROPOSAL_CANCELED = 4,
};

struct record_proposal {
    uint8_t status;
    uint64_t made_at;
    uint64_t ready_at; /* 0 until enough owners approved */
    uint8_t count;
    uint8_t approvals[OWNERS_MAX][32];
    struct slice action; /* ledger/action.h */
};

struct record_field {
    struct slice path;  /* of the claim: "mr_td" */
    struct slice value; /* bytes of a hex claim, text otherwise */
};

struct record_measure {
    struct slice tee; /* "tdx", "snp", "sim" */
    uint8_t count;
    struct record_field fields[FIELDS_MAX];
};

struct record_release {
    uint64_t valid_from;
    uint64_t valid_until; /* 0: no end */
    uint64_t revoked_at;  /* 0: not revoked */
    struct slice name;
    uint8_t count;
    struct record_measure measures[MEASURES_MAX];
};

enum model_kind { MODEL_OPEN = 1, MODEL_EXACT = 2, MODEL_SEALED = 3 };

struct record_model {
    uint64_t valid_from;
    uint64_t revoked_at;
    uint8_t kind;                /* enum model_kind */
    struct digest zk_commitment; /* zero: none */
    struct slice name;           /* what requests call it */
};

struct record_engine {
    uint64_t valid_from;
    uint64_t revoked_at;
    struct slice name;
};

enum witness_group { WITNESS_EXECUTING = 1, WITNESS_PLAIN = 2 };

struct record_witness {
    uint64_t valid_from;
    uint64_t revoked_at;
    uint8_t group;     /* enum witness_group */
    struct slice name; /* of its key: the one in its verifier key */
};

enum worker_status { WORKER_ACTIVE = 1, WORKER_DRAINING = 2, WORKER_RETIRED = 3 };

struct record_prices {
    amount input; /* per 1000 tokens */
    amount cached;
    amount output;
};

struct record_worker {
    uint8_t account[32];
    uint32_t index;
    uint8_t status; /* enum worker_status */
    uint32_t epoch; /* lease: one more at each registration, not at renewal */
    uint64_t registered_at;
    uint64_t renewed_at; /* last appraisal */
    uint64_t expires_at; /* evidence, keyset or parameters, whichever ends first */
    struct digest release;
    struct digest model;
    struct digest engine;    /* zero: none named */
    struct digest keyset;    /* SHA-256 of the keyset in JCS */
    struct digest evidence;  /* over kind and parts, as docs/spec/ledger.md has it */
    struct digest nonce;     /* the checkpoint that the evidence quotes */
    uint64_t evidence_index; /* leaf of the transaction that carried the evidence */
    bool simulated;
    uint32_t capacity; /* requests at once */
    struct record_prices prices;
    amount bond;
    struct slice kind; /* of the evidence: "tdx-v4", "sim" */
};

struct record_receipts {
    uint64_t batches;
    uint64_t receipts;
    struct digest last_root;
    uint64_t last_index; /* leaf of the transaction that carried it */
};

struct record_evaluation {
    uint64_t number; /* highest evaluation number seen; only rises */
    uint64_t seen_at;
};

void record_put_network(struct wr *w, const struct record_network *v);
void record_put_owners(struct wr *w, const struct record_owners *v);
void record_put_params(struct wr *w, const struct record_params *v);
void record_put_account(struct wr *w, const struct record_account *v);
void record_put_blob(struct wr *w, const struct record_blob *v);
void record_put_recent(struct wr *w, const struct record_recent *v);
void record_put_proposal(struct wr *w, const struct record_proposal *v);
void record_put_release(struct wr *w, const struct record_release *v);
void record_put_model(struct wr *w, const struct record_model *v);
void record_put_engine(struct wr *w, const struct record_engine *v);
void record_put_witness(struct wr *w, const struct record_witness *v);
void record_put_worker(struct wr *w, const struct record_worker *v);
void record_put_receipts(struct wr *w, const struct record_receipts *v);
void record_put_evaluation(struct wr *w, const struct record_evaluation *v);

/* Decode `value`. ERR_TRUNCATED, ERR_TRAILING, ERR_TYPE (of another type), ERR_VERSION;
 * where an enumerator is unknown or a rule of the layout is broken, ERR_TRUNCATED too. */
cocoon_err record_get_network(struct slice value, struct record_network *out) MUST_CHECK;
cocoon_err record_get_owners(struct slice value, struct record_owners *out) MUST_CHECK;
cocoon_err record_get_params(struct slice value, struct record_params *out) MUST_CHECK;
cocoon_err record_get_account(struct slice value, struct record_account *out) MUST_CHECK;
cocoon_err record_get_blob(struct slice value, struct record_blob *out) MUST_CHECK;
cocoon_err record_get_recent(struct slice value, struct record_recent *out) MUST_CHECK;
cocoon_err record_get_proposal(struct slice value, struct record_proposal *out) MUST_CHECK;
cocoon_err record_get_release(struct slice value, struct record_release *out) MUST_CHECK;
cocoon_err record_get_model(struct slice value, struct record_model *out) MUST_CHECK;
cocoon_err record_get_engine(struct slice value, struct record_engine *out) MUST_CHECK;
cocoon_err record_get_witness(struct slice value, struct record_witness *out) MUST_CHECK;
cocoon_err record_get_worker(struct slice value, struct record_worker *out) MUST_CHECK;
cocoon_err record_get_receipts(struct slice value, struct record_receipts *out) MUST_CHECK;
cocoon_err record_get_evaluation(struct slice value, struct record_evaluation *out) MUST_CHECK;

/* Parts of records that transactions carry too. A bad part marks the cursor bad. */
void record_put_measure(struct wr *w, const struct record_measure *m);
void record_get_measure(struct rd *r, struct record_measure *m);
void record_put_prices(struct wr *w, const struct record_prices *v);
void record_get_prices(struct rd *r, struct record_prices *out);

#endif
