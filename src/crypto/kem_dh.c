#include "crypto/kem_dh.h"

#include <string.h>

#include "crypto/hpke_label.h"

/* ExtractAndExpand(dh, enc | public): binds the secret to both public keys. */
static cocoon_err extract_and_expand(const struct kem_impl *impl, const struct secret32 *dh,
                                     struct slice enc, struct slice public, struct secret32 *shared)
{
    struct hpke_labels labels = hpke_labels_kem(impl->id, HASH_SHA256);
    uint8_t context[2 * 65];
    struct secret32 prk;
    cocoon_err err;

    memcpy(context, enc.ptr, enc.len);
    memcpy(context + enc.len, public.ptr, public.len);
    hpke_labeled_extract(&labels, SLICE_LIT(""), "eae_prk", secret32_slice(dh), prk.bytes);
    err = hpke_labeled_expand(&labels, prk.bytes, "shared_secret",
                              slice_make(context, enc.len + public.len), shared->bytes,
                              sizeof shared->bytes);
    secret32_wipe(&prk);
    return err;
}

cocoon_err kem_dh_encap(const struct kem_impl *impl, kem_dh *dh, struct slice public,
                        const struct rng *rng, uint8_t *enc, struct secret32 *shared)
{
    struct secret32 ephemeral, common;
    cocoon_err err;

    if ((err = kem_draw(impl, rng, &ephemeral, enc)) != OK ||
        (err = dh(&ephemeral, public, &common)) != OK)
        goto done;
    err = extract_and_expand(impl, &common, slice_make(enc, impl->enc_len), public, shared);
done:
    secret32_wipe(&common);
    secret32_wipe(&ephemeral);
    return err;
}

cocoon_err kem_dh_decap(const struct kem_impl *impl, kem_dh *dh, const struct kem_key *key,
                        struct slice enc, struct secret32 *shared)
{
    struct secret32 common;
    cocoon_err err = dh(&key->secret, enc, &common);

    if (err == OK)
        err = extract_and_expand(impl, &common, enc, kem_public_slice(&key->public), shared);
    secret32_wipe(&common);
    return err;
}
