/*
 * Keys, signatures and encapsulations that a stranger wrote. Three bytes choose scheme, hash and
 * kind of key, two more each the length of the key's two parts; the rest is the signature.
 */
#include <assert.h>

#include "base/rd.h"
#include "crypto/kem.h"
#include "crypto/tls_key.h"
#include "crypto/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void settle(struct slice in)
{
    struct rd r = rd_init(in);
    struct sig_claim claim = {.message = SLICE_LIT("message"), .what = "fuzz"};
    struct fail fail = {OK, 0, NULL};
    struct digest d;

    claim.scheme = (enum sig_scheme)(rd_u8(&r) % (SIG_ED25519 + 1));
    claim.hash = (enum hash_alg)(rd_u8(&r) % (HASH_SHA1_PCR + 1));
    claim.key.kind = (enum sig_key_kind)(rd_u8(&r) % (SIG_KEY_ED25519 + 1));
    claim.key.a = rd_slice(&r, rd_u16be(&r));
    claim.key.b = rd_slice(&r, rd_u16be(&r));
    claim.signature = rd_rest(&r);
    sig_claim_digest(&claim, &d);
    assert(sig_settle(&claim, &fail) == fail.code && (fail.code == OK) == (fail.what == NULL));
}

static void load_key(struct slice in)
{
    struct tls_key *key;

    if (tls_key_load(in, &key) == OK)
        tls_key_free(key);
}

static void decapsulate(struct slice in)
{
    struct kem_key key;
    struct secret32 shared;
    cocoon_err err = kem_derive(KEM_P256, SLICE_LIT("fuzz"), &key);

    assert(err == OK);
    err = kem_decap(&key, in, &shared);
    assert(err == OK || err == ERR_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make(data, size);

    settle(in);
    load_key(in);
    decapsulate(in);
    return 0;
}
