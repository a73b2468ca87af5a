#include "crypto/kem.h"

#include <assert.h>
#include <openssl/opensslv.h>

#include "base/mem.h"
#include "crypto/kem_impl.h"

/* One draw in 2^32 is out of P-256's range; as many as this are never. */
enum { KEM_DRAWS_MAX = 16 };

static const struct kem_impl *const kem_impls[] = {
    &kem_x25519_impl,
    &kem_p256_impl,
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
    &kem_xwing_impl,
#endif
};

static const struct kem_impl *kem_find(unsigned id)
{
    for (size_t i = 0; i < COUNT_OF(kem_impls); i++)
        if (kem_impls[i]->id == id)
            return kem_impls[i];
    return NULL;
}

bool kem_known(unsigned id)
{
    return kem_find(id) != NULL;
}

size_t kem_public_len(enum kem_id id)
{
    const struct kem_impl *impl = kem_find(id);

    return impl == NULL ? 0 : impl->public_len;
}

size_t kem_enc_len(enum kem_id id)
{
    const struct kem_impl *impl = kem_find(id);

    return impl == NULL ? 0 : impl->enc_len;
}

cocoon_err kem_draw(const struct kem_impl *impl, const struct rng *rng, struct secret32 *secret,
                    uint8_t *public)
{
    for (int i = 0; i < KEM_DRAWS_MAX; i++) {
        secret32_fill(secret, rng);
        if (impl->public_of(secret, public) == OK)
            return OK;
    }
    return ERR_CRYPTO;
}

cocoon_err kem_keygen(enum kem_id id, const struct rng *rng, struct kem_key *out)
{
    const struct kem_impl *impl = kem_find(id);

    if (impl == NULL)
        return ERR_UNSUPPORTED;
    out->id = id;
    out->public.len = impl->public_len;
    return kem_draw(impl, rng, &out->secret, out->public.bytes);
}

cocoon_err kem_derive(enum kem_id id, struct slice ikm, struct kem_key *out)
{
    const struct kem_impl *impl = kem_find(id);
    cocoon_err err;

    if (impl == NULL)
        return ERR_UNSUPPORTED;
    out->id = id;
    out->public.len = impl->public_len;
    if ((err = impl->derive(ikm, &out->secret)) != OK)
        return err;
    return impl->public_of(&out->secret, out->public.bytes);
}

void kem_wipe(struct kem_key *key)
{
    mem_wipe(key, sizeof *key);
}

cocoon_err kem_encap(enum kem_id id, struct slice public, const struct rng *rng,
                     struct kem_public *enc, struct secret32 *shared)
{
    const struct kem_impl *impl = kem_find(id);

    if (impl == NULL)
        return ERR_UNSUPPORTED;
    if (public.len != impl->public_len)
        return ERR_MALFORMED;
    enc->len = impl->enc_len;
    return impl->encap(public, rng, enc->bytes, shared);
}

cocoon_err kem_decap(const struct kem_key *key, struct slice enc, struct secret32 *shared)
{
    const struct kem_impl *impl = kem_find(key->id);

    assert(impl != NULL);
    return enc.len == impl->enc_len ? impl->decap(key, enc, shared) : ERR_MALFORMED;
}
