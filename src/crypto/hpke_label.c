#include "crypto/hpke_label.h"

#include "base/num.h"
#include "base/wr.h"
#include "crypto/kdf.h"

#define HPKE_VERSION SLICE_LIT("HPKE-v1")

/* Write `name` and then `count` ids as u16 into the suite_id of a new struct. */
static struct hpke_labels labels_make(const char *name, const unsigned *ids, size_t count,
                                      enum hash_alg hash)
{
    struct hpke_labels l = {.hash = hash};
    struct wr w = wr_init(l.suite_id, sizeof l.suite_id);

    wr_slice(&w, slice_text(name));
    for (size_t i = 0; i < count; i++)
        wr_u16be(&w, (uint16_t)ids[i]);
    l.suite_id_len = w.len;
    return l;
}

struct hpke_labels hpke_labels_kem(unsigned kem, enum hash_alg hash)
{
    return labels_make("KEM", &kem, 1, hash);
}

struct hpke_labels hpke_labels_suite(unsigned kem, unsigned kdf, unsigned aead, enum hash_alg hash)
{
    const unsigned ids[] = {kem, kdf, aead};

    return labels_make("HPKE", ids, 3, hash);
}

void hpke_labeled_extract(const struct hpke_labels *l, struct slice salt, const char *label,
                          struct slice ikm, void *prk)
{
    const struct slice parts[] = {HPKE_VERSION, slice_make(l->suite_id, l->suite_id_len),
                                  slice_text(label), ikm};

    hkdf_extract(l->hash, salt, parts, 4, prk);
}

cocoon_err hpke_labeled_expand(const struct hpke_labels *l, const void *prk, const char *label,
                               struct slice info, void *out, size_t len)
{
    uint8_t length[2];
    struct wr w = wr_init(length, sizeof length);
    uint16_t len16;
    const struct slice parts[] = {SLICE_OF(length), HPKE_VERSION,
                                  slice_make(l->suite_id, l->suite_id_len), slice_text(label),
                                  info};

    if (!num_u16(len, &len16))
        return ERR_RANGE;
    wr_u16be(&w, len16);
    return hkdf_expand(l->hash, slice_make(prk, hash_len(l->hash)), parts, 5, out, len);
}
