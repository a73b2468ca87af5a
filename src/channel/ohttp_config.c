/*
 * RFC 9458 section 3.1:
 *
 *   size  field
 *   1     key identifier
 *   2     KEM id
 *   Npk   public key
 *   2     length of what follows: 4..65532, a multiple of 4
 *   4 n   KDF id, AEAD id
 *
 * and 3.2: configurations one after another, each behind its length in two bytes. The length of a
 * public key is known from the KEM, so a configuration for a KEM that we do not know cannot be read
 * past its id; in a collection it is stepped over.
 */
#include "channel/ohttp_config.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"

static const enum aead_alg aeads_offered[] = {AEAD_AES_256_GCM, AEAD_AES_128_GCM,
                                              AEAD_CHACHA20_POLY1305};

void ohttp_config_make(struct ohttp_config *out, uint8_t key_id, const struct kem_key *key)
{
    *out = (struct ohttp_config){.key_id = key_id, .kem = key->id, .public = key->public};
    for (size_t i = 0; i < COUNT_OF(aeads_offered); i++)
        out->algs[out->alg_count++] = (struct ohttp_alg){HPKE_HKDF_SHA256, aeads_offered[i]};
}

static void config_write(const struct ohttp_config *c, struct wr *w)
{
    struct wr_block list;

    assert(c->alg_count > 0 && c->public.len == kem_public_len(c->kem));
    wr_u8(w, c->key_id);
    wr_u16be(w, (uint16_t)c->kem);
    wr_slice(w, kem_public_slice(&c->public));
    list = wr_open(w, 2);
    for (size_t i = 0; i < c->alg_count; i++) {
        wr_u16be(w, (uint16_t)c->algs[i].kdf);
        wr_u16be(w, (uint16_t)c->algs[i].aead);
    }
    wr_close(w, list);
}

cocoon_err ohttp_config_put(const struct ohttp_config *c, struct buf *out)
{
    uint8_t bytes[OHTTP_CONFIG_LEN_MAX];
    struct wr w = wr_init(bytes, sizeof bytes);
    struct slice written;
    cocoon_err err;

    config_write(c, &w);
    if ((err = wr_end(&w, &written)) != OK)
        return err;
    buf_put(out, written);
    return buf_ok(out);
}

/* Keep the pairs of `list` that this build can do. */
static cocoon_err algs_read(struct rd list, struct ohttp_config *out, struct fail *fail)
{
    struct hpke_suite suite;

    if (list.all.len == 0 || list.all.len % 4 != 0)
        return fail_set(fail, ERR_MALFORMED, 0, "list of algorithms is empty or not whole");
    out->alg_count = 0;
    while (rd_left(&list) > 0) {
        uint16_t kdf = rd_u16be(&list), aead = rd_u16be(&list);

        if (!hpke_suite_known((unsigned)out->kem, kdf, aead, &suite))
            continue;
        if (out->alg_count == OHTTP_ALGS_MAX)
            return fail_set(fail, ERR_LIMIT, 0, "too many algorithms");
        out->algs[out->alg_count++] = (struct ohttp_alg){suite.kdf, suite.aead};
    }
    if (out->alg_count == 0)
        return fail_set(fail, ERR_UNSUPPORTED, 0, "no algorithm that we can do");
    return OK;
}

cocoon_err ohttp_config_read(struct slice bytes, struct ohttp_config *out, struct fail *fail)
{
    struct rd r = rd_init(bytes), list;
    unsigned kem;
    cocoon_err err;

    out->key_id = rd_u8(&r);
    kem = rd_u16be(&r);
    if (!r.bad && !kem_known(kem))
        return fail_set(fail, ERR_UNSUPPORTED, 1, "KEM that we cannot do");
    out->kem = (enum kem_id)kem;
    out->public.len = kem_public_len(out->kem);
    rd_copy(&r, out->public.bytes, out->public.len);
    list = rd_sub(&r, rd_u16be(&r));
    if ((err = rd_end(&r)) != OK)
        return fail_set(fail, err, r.at, "key configuration has the wrong length");
    return algs_read(list, out, fail);
}

cocoon_err ohttp_configs_put(const struct ohttp_config *configs, size_t count, struct buf *out)
{
    uint8_t bytes[2 + OHTTP_CONFIG_LEN_MAX];

    for (size_t i = 0; i < count; i++) {
        struct wr w = wr_init(bytes, sizeof bytes);
        struct wr_block block = wr_open(&w, 2);
        struct slice written;
        cocoon_err err;

        config_write(&configs[i], &w);
        wr_close(&w, block);
        if ((err = wr_end(&w, &written)) != OK)
            return err;
        buf_put(out, written);
    }
    return buf_ok(out);
}

cocoon_err ohttp_configs_read(struct slice bytes, struct ohttp_config *out, size_t *count,
                              struct fail *fail)
{
    struct rd r = rd_init(bytes);
    size_t n = 0;

    while (rd_left(&r) > 0) {
        struct slice one = rd_slice(&r, rd_u16be(&r));
        struct ohttp_config config;
        cocoon_err err;

        err = ohttp_config_read(one, &config, fail);
        if (err == ERR_UNSUPPORTED)
            continue;
        if (err != OK)
            return err;
        if (n == OHTTP_CONFIGS_MAX)
            return fail_set(fail, ERR_LIMIT, 0, "too many key configurations");
        out[n++] = config;
    }
    *count = n;
    return n > 0 ? OK : fail_set(fail, ERR_UNSUPPORTED, 0, "no key configuration that we can do");
}

struct hpke_suite ohttp_config_suite(const struct ohttp_config *c)
{
    assert(c->alg_count > 0);
    return (struct hpke_suite){c->kem, c->algs[0].kdf, c->algs[0].aead};
}

bool ohttp_config_offers(const struct ohttp_config *c, struct hpke_suite suite)
{
    for (size_t i = 0; i < c->alg_count; i++)
        if (c->algs[i].kdf == suite.kdf && c->algs[i].aead == suite.aead)
            return c->kem == suite.kem;
    return false;
}
