/*
 * RFC 9180 section 5.1 (key schedule, base mode), 5.2 (encryption), 5.3 (export).
 *
 *   shared_secret --extract("secret")--> secret --expand("key", "base_nonce", "exp")
 *   each under  00 | extract("psk_id_hash", "") | extract("info_hash", info)
 *
 * Message n is sealed under nonce base_nonce XOR n.
 */
#include "crypto/hpke.h"

#include <assert.h>

#include "base/mem.h"
#include "crypto/hpke_label.h"

enum { HPKE_MODE_BASE = 0 };

bool hpke_suite_known(unsigned kem, unsigned kdf, unsigned aead, struct hpke_suite *out)
{
    if (!kem_known(kem) || kdf < HPKE_HKDF_SHA256 || kdf > HPKE_HKDF_SHA512 || !aead_known(aead))
        return false;
    *out = (struct hpke_suite){(enum kem_id)kem, (enum hpke_kdf)kdf, (enum aead_alg)aead};
    return true;
}

enum hash_alg hpke_kdf_hash(enum hpke_kdf kdf)
{
    return kdf == HPKE_HKDF_SHA256   ? HASH_SHA256
           : kdf == HPKE_HKDF_SHA384 ? HASH_SHA384
                                     : HASH_SHA512;
}

static struct hpke_labels labels_of(struct hpke_suite s)
{
    return hpke_labels_suite(s.kem, s.kdf, s.aead, hpke_kdf_hash(s.kdf));
}

/* Fill `h` from the shared secret (RFC 9180 5.1, KeySchedule). */
static cocoon_err key_schedule(struct hpke *h, const struct secret32 *shared, struct slice info)
{
    struct hpke_labels labels = labels_of(h->suite);
    size_t n = hash_len(labels.hash);
    uint8_t secret[HASH_LEN_MAX], key[AEAD_KEY_MAX], context[1 + 2 * HASH_LEN_MAX];
    struct slice ctx = slice_make(context, 1 + 2 * n);
    size_t key_len = aead_key_len(h->suite.aead);
    cocoon_err err;

    context[0] = HPKE_MODE_BASE;
    hpke_labeled_extract(&labels, SLICE_LIT(""), "psk_id_hash", SLICE_LIT(""), context + 1);
    hpke_labeled_extract(&labels, SLICE_LIT(""), "info_hash", info, context + 1 + n);
    hpke_labeled_extract(&labels, secret32_slice(shared), "secret", SLICE_LIT(""), secret);
    if ((err = hpke_labeled_expand(&labels, secret, "key", ctx, key, key_len)) != OK ||
        (err = hpke_labeled_expand(&labels, secret, "base_nonce", ctx, h->base_nonce.bytes,
                                   AEAD_NONCE_LEN)) != OK ||
        (err = hpke_labeled_expand(&labels, secret, "exp", ctx, h->exporter_secret, n)) != OK)
        goto done;
    err = aead_init(&h->aead, h->suite.aead, slice_make(key, key_len));
done:
    mem_wipe(key, sizeof key);
    mem_wipe(secret, sizeof secret);
    return err;
}

cocoon_err hpke_sender(struct hpke *h, struct hpke_suite suite, struct slice public,
                       struct slice info, const struct rng *rng, struct kem_public *enc)
{
    struct secret32 shared = {{0}};
    cocoon_err err;

    *h = (struct hpke){.suite = suite};
    err = kem_encap(suite.kem, public, rng, enc, &shared);
    if (err == OK)
        err = key_schedule(h, &shared, info);
    secret32_wipe(&shared);
    return err;
}

cocoon_err hpke_receiver(struct hpke *h, struct hpke_suite suite, const struct kem_key *key,
                         struct slice enc, struct slice info)
{
    struct secret32 shared = {{0}};
    cocoon_err err;

    *h = (struct hpke){.suite = suite};
    if (key->id != suite.kem)
        return ERR_MISMATCH;
    err = kem_decap(key, enc, &shared);
    if (err == OK)
        err = key_schedule(h, &shared, info);
    secret32_wipe(&shared);
    return err;
}

void hpke_fini(struct hpke *h)
{
    aead_fini(&h->aead);
    mem_wipe(h, sizeof *h);
}

cocoon_err hpke_seal(struct hpke *h, struct slice aad, struct slice plain, uint8_t *out)
{
    struct aead_nonce nonce = aead_nonce(&h->base_nonce, h->sequence);
    cocoon_err err;

    if (h->sequence == UINT64_MAX)
        return ERR_LIMIT;
    err = aead_seal(&h->aead, &nonce, aad, plain, out);
    h->sequence += err == OK;
    return err;
}

cocoon_err hpke_open(struct hpke *h, struct slice aad, struct slice sealed, uint8_t *out)
{
    struct aead_nonce nonce = aead_nonce(&h->base_nonce, h->sequence);
    cocoon_err err;

    if (h->sequence == UINT64_MAX)
        return ERR_LIMIT;
    err = aead_open(&h->aead, &nonce, aad, sealed, out);
    h->sequence += err == OK;
    return err;
}

cocoon_err hpke_export(const struct hpke *h, struct slice context, void *out, size_t len)
{
    struct hpke_labels labels = labels_of(h->suite);

    return hpke_labeled_expand(&labels, h->exporter_secret, "sec", context, out, len);
}
