/* LabeledExtract and LabeledExpand of RFC 9180 section 4. Used inside src/crypto. */
#ifndef CRYPTO_HPKE_LABEL_H
#define CRYPTO_HPKE_LABEL_H

#include "crypto/hash.h"

/* What all labels of one suite share: its hash and its suite_id. */
struct hpke_labels {
    enum hash_alg hash;
    uint8_t suite_id[10]; /* "KEM" and the KEM's id, or "HPKE" and three ids */
    size_t suite_id_len;
};

struct hpke_labels hpke_labels_kem(unsigned kem, enum hash_alg hash);
struct hpke_labels hpke_labels_suite(unsigned kem, unsigned kdf, unsigned aead, enum hash_alg hash);

/* Write hash_len() bytes to `prk`. */
void hpke_labeled_extract(const struct hpke_labels *l, struct slice salt, const char *label,
                          struct slice ikm, void *prk);

/* Write `len` bytes to `out`, from `prk` of hash_len() bytes. ERR_RANGE if `len` is too large. */
cocoon_err hpke_labeled_expand(const struct hpke_labels *l, const void *prk, const char *label,
                               struct slice info, void *out, size_t len) MUST_CHECK;

#endif
