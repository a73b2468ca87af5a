/*
 * TCG event log, little-endian.
 *
 * TCG 1.2 record      u32 PCR | u32 type | 20 SHA-1 digest | u32 size | data
 *
 * Crypto agile log    first a TCG 1.2 record of PCR 0, type EV_NO_ACTION, with data
 *                       "Spec ID Event03\0" | u32 platform class | u8 minor, major, errata
 *                       | u8 size of UINTN | u32 count, each: u16 algorithm, u16 digest size
 *                       | u8 size, vendor information
 *                     then records
 *                       u32 register | u32 type | u32 count, each: u16 algorithm, digest
 *                       | u32 size | data
 *
 * A record must carry one digest for every algorithm of the header, each once; otherwise a bank
 * could be replayed over fewer events than happened. Logs are handed out in fixed-size tables: the
 * end is where only 0xff or only zeros follow.
 *
 * StartupLocality (EV_NO_ACTION, data "StartupLocality\0" and one byte): PCR 0 starts as zeros with
 * that byte last.
 *
 * Source: TCG PC Client Platform Firmware Profile 1.06, section 10; UEFI 2.10, section 38.4 (CCEL).
 */
#include "attest/eventlog.h"

#include <assert.h>
#include <string.h>

enum {
    SHA1_SIZE = 20,
    PCR_DRTM_FIRST = 17,
    PCR_DRTM_LAST = 22,
    DIGESTS_MAX = EVENTLOG_ALGS_MAX,
};

static const struct slice spec_id = SLICE_INIT("Spec ID Event03\0");
static const struct slice startup_locality = SLICE_INIT("StartupLocality\0");

/* Tell whether nothing but bytes of one value, 0x00 or 0xff, is left. */
static bool only_padding(const struct rd *r)
{
    uint8_t first = rd_peek(r);

    if (first != 0x00 && first != 0xff)
        return false;
    for (size_t i = r->at; i < r->all.len; i++)
        if (r->all.ptr[i] != first)
            return false;
    return true;
}

static void read_record_1_2(struct rd *r, struct eventlog_event *out)
{
    *out = (struct eventlog_event){.at = r->at};
    out->mr = rd_u32le(r);
    out->type = rd_u32le(r);
    out->digests[0] = rd_slice(r, SHA1_SIZE);
    out->data = rd_slice(r, rd_u32le(r));
}

static cocoon_err read_alg(struct rd *r, struct eventlog *log, struct fail *fail)
{
    struct eventlog_alg alg;
    enum hash_alg hash;

    alg.id = rd_u16le(r);
    alg.size = rd_u16le(r);
    if (eventlog_alg_index(log, alg.id) != log->alg_count)
        return fail_set(fail, ERR_DUPLICATE, 0, "event log header names an algorithm twice");
    if (alg.size == 0 || (tpm_hash(alg.id, &hash) && hash_len(hash) != alg.size))
        return fail_set(fail, ERR_MALFORMED, 0, "event log header: wrong digest size");
    log->algs[log->alg_count++] = alg;
    return OK;
}

/* Read the data of the header record, from the count of algorithms on. */
static cocoon_err read_algs(struct slice data, struct eventlog *log, struct fail *fail)
{
    struct rd r = rd_init(data);
    uint32_t count;
    cocoon_err err;

    rd_skip(&r, spec_id.len + 4 + 4);
    count = rd_u32le(&r);
    if (!r.bad && (count == 0 || count > EVENTLOG_ALGS_MAX))
        return fail_set(fail, ERR_LIMIT, 0, "event log header: number of algorithms");
    for (uint32_t i = 0; i < count && !r.bad; i++)
        if ((err = read_alg(&r, log, fail)) != OK && !r.bad)
            return err;
    rd_skip(&r, rd_u8(&r));
    if (rd_end(&r) != OK)
        return fail_set(fail, ERR_MALFORMED, 0, "event log header: length");
    return OK;
}

cocoon_err eventlog_open(struct slice in, struct eventlog *log, struct fail *fail)
{
    struct eventlog_event first;

    *log = (struct eventlog){.in = rd_init(in)};
    read_record_1_2(&log->in, &first);
    if (log->in.bad)
        return fail_set(fail, ERR_TRUNCATED, in.len, "event log ends inside its first record");
    if (first.type == EV_NO_ACTION && slice_starts(first.data, spec_id)) {
        log->format = EVENTLOG_CRYPTO_AGILE;
        return read_algs(first.data, log, fail);
    }
    log->format = EVENTLOG_TCG_1_2;
    log->algs[0] = (struct eventlog_alg){TPM_ALG_SHA1, SHA1_SIZE};
    log->alg_count = 1;
    log->in = rd_init(in);
    return OK;
}

size_t eventlog_alg_index(const struct eventlog *log, uint16_t id)
{
    size_t i = 0;

    while (i < log->alg_count && log->algs[i].id != id)
        i++;
    return i;
}

static cocoon_err read_digests(struct eventlog *log, struct eventlog_event *out, struct fail *fail)
{
    struct rd *r = &log->in;
    uint32_t count = rd_u32le(r);

    if (!r->bad && count != log->alg_count)
        return fail_set(fail, ERR_MALFORMED, out->at, "event log: number of digests in a record");
    for (uint32_t i = 0; i < count && !r->bad; i++) {
        size_t index = eventlog_alg_index(log, rd_u16le(r));

        if (r->bad)
            break;
        if (index == log->alg_count)
            return fail_set(fail, ERR_MALFORMED, r->at - 2,
                            "event log: algorithm not in its header");
        if (out->digests[index].ptr != NULL)
            return fail_set(fail, ERR_DUPLICATE, r->at - 2,
                            "event log: two digests of one algorithm");
        out->digests[index] = rd_slice(r, log->algs[index].size);
    }
    return OK;
}

cocoon_err eventlog_next(struct eventlog *log, struct eventlog_event *out, bool *end,
                         struct fail *fail)
{
    struct rd *r = &log->in;
    cocoon_err err = OK;

    *end = rd_left(r) == 0 || only_padding(r);
    if (*end)
        return OK;
    if (log->events == EVENTLOG_EVENTS_MAX)
        return fail_set(fail, ERR_LIMIT, r->at, "event log: too many events");
    if (log->format == EVENTLOG_TCG_1_2) {
        read_record_1_2(r, out);
    } else {
        *out = (struct eventlog_event){.at = r->at};
        out->mr = rd_u32le(r);
        out->type = rd_u32le(r);
        err = read_digests(log, out, fail);
        if (err == OK)
            out->data = rd_slice(r, rd_u32le(r));
    }
    if (err != OK)
        return err;
    if (r->bad)
        return fail_set(fail, ERR_TRUNCATED, out->at, "event log ends inside a record");
    log->events++;
    return OK;
}

void mr_bank_init(struct mr_bank *bank, enum hash_alg alg)
{
    *bank = (struct mr_bank){.alg = alg};
}

void mr_bank_init_tpm(struct mr_bank *bank, enum hash_alg alg)
{
    mr_bank_init(bank, alg);
    for (size_t i = PCR_DRTM_FIRST; i <= PCR_DRTM_LAST; i++)
        memset(bank->value[i], 0xff, hash_len(alg));
}

struct slice mr_bank_value(const struct mr_bank *bank, uint32_t mr)
{
    assert(mr < EVENTLOG_MRS);
    return slice_make(bank->value[mr], hash_len(bank->alg));
}

void mr_bank_extend(struct mr_bank *bank, uint32_t mr, struct slice digest)
{
    struct hash_ctx h;

    assert(mr < EVENTLOG_MRS && digest.len == hash_len(bank->alg));
    hash_init(&h, bank->alg);
    hash_update(&h, mr_bank_value(bank, mr));
    hash_update(&h, digest);
    hash_final(&h, bank->value[mr]);
    bank->touched |= UINT32_C(1) << mr;
}

/* EV_NO_ACTION: the only one that matters here says where PCR 0 starts. */
static cocoon_err replay_no_action(struct mr_bank *bank, const struct eventlog_event *e,
                                   struct fail *fail)
{
    if (e->mr != 0 || !slice_starts(e->data, startup_locality))
        return OK;
    if (e->data.len != startup_locality.len + 1 || (bank->touched & 1) != 0)
        return fail_set(fail, ERR_MALFORMED, e->at, "event log: misplaced StartupLocality");
    bank->value[0][hash_len(bank->alg) - 1] = e->data.ptr[startup_locality.len];
    return OK;
}

cocoon_err mr_bank_replay(struct mr_bank *bank, const struct eventlog_event *e, size_t index,
                          struct fail *fail)
{
    assert(index < EVENTLOG_ALGS_MAX);
    if (e->type == EV_NO_ACTION)
        return replay_no_action(bank, e, fail);
    if (e->mr >= EVENTLOG_MRS)
        return fail_set(fail, ERR_MALFORMED, e->at, "event log: no such register");
    if (e->digests[index].len != hash_len(bank->alg))
        return fail_set(fail, ERR_MALFORMED, e->at, "event log: no digest for this bank");
    mr_bank_extend(bank, e->mr, e->digests[index]);
    return OK;
}

bool eventlog_data_covered(const struct eventlog_event *e, size_t index, enum hash_alg alg)
{
    uint8_t digest[HASH_LEN_MAX];

    assert(index < EVENTLOG_ALGS_MAX);
    hash_once(alg, e->data, digest);
    return slice_eq(e->digests[index], slice_make(digest, hash_len(alg)));
}
