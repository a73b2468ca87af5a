#include "crypto/kdf.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "crypto/hmac.h"

enum { KDF_PARTS_MAX = 8 };

void hkdf_extract(enum hash_alg alg, struct slice salt, const struct slice *ikm, size_t count,
                  void *prk)
{
    struct hmac h;

    hmac_init(&h, alg, salt); /* an empty salt and hash_len() zeros pad to the same block */
    hmac_parts(&h, ikm, count, prk);
    hmac_wipe(&h);
}

/* T(n) = HMAC(PRK, T(n-1) | info | n), RFC 5869 section 2.3. */
cocoon_err hkdf_expand(enum hash_alg alg, struct slice prk, const struct slice *info, size_t count,
                       void *out, size_t len)
{
    struct slice parts[KDF_PARTS_MAX + 2];
    uint8_t block[HASH_LEN_MAX], number = 0, *at = out;
    struct hmac h;

    assert(count <= KDF_PARTS_MAX);
    if (len > 255 * hash_len(alg))
        return ERR_RANGE;
    hmac_init(&h, alg, prk);
    parts[0] = slice_make(block, 0);
    if (count > 0)
        memcpy(parts + 1, info, count * sizeof *info);
    parts[count + 1] = slice_make(&number, 1);
    for (size_t done = 0, n; done < len; done += n) {
        n = num_min(len - done, hash_len(alg));
        number++;
        hmac_parts(&h, parts, count + 2, block);
        memcpy(at + done, block, n);
        parts[0].len = hash_len(alg);
    }
    mem_wipe(block, sizeof block);
    hmac_wipe(&h);
    return OK;
}

cocoon_err hkdf(enum hash_alg alg, struct slice salt, struct slice ikm, struct slice info,
                void *out, size_t len)
{
    uint8_t prk[HASH_LEN_MAX];
    cocoon_err err;

    hkdf_extract(alg, salt, &ikm, 1, prk);
    err = hkdf_expand(alg, slice_make(prk, hash_len(alg)), &info, 1, out, len);
    mem_wipe(prk, sizeof prk);
    return err;
}
