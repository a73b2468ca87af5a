/* What certificates, revocation lists and OCSP answers have in common. Internal to x509*.c. */
#ifndef CODEC_X509_PART_H
#define CODEC_X509_PART_H

#include "codec/der.h"
#include "codec/x509.h"

/* One Extension, and an iterator: x509_next_extension returns false at the end or on error. */
struct x509_ext {
    struct slice oid, value;
    bool critical;
};

bool x509_next_extension(struct rd *list, struct x509_ext *out);

/* Set `*value` to that of extension `oid` in `list` and return true if it is there. */
bool x509_find_extension(struct slice list, struct slice oid, struct slice *value);

/*
 * Check the form of every extension in `list` and that none stands twice; `take` (with `owner`)
 * receives each and returns ERR_UNSUPPORTED for one it does not know that is critical.
 */
cocoon_err x509_each_extension(struct slice list,
                               cocoon_err (*take)(void *owner, const struct x509_ext *ext),
                               void *owner) MUST_CHECK;

/* What a signed object is made of: SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING }. */
struct x509_signed {
    struct slice tbs;       /* header included */
    struct slice algorithm; /* AlgorithmIdentifier, header included */
    enum x509_sig sig;
    struct slice signature;
};

cocoon_err x509_read_signed(struct slice der, struct x509_signed *out,
                            struct fail *fail) MUST_CHECK;

/* As x509_read_signed for members of `seq`, after which others may follow (OCSP). */
cocoon_err x509_take_signed(struct rd *seq, struct x509_signed *out, struct fail *fail) MUST_CHECK;

/* Tell whether `name` (header included) is a well-formed Name; an empty one only if `may_be_empty`.
 */
bool x509_name_ok(struct slice name, bool may_be_empty);

/* Read GeneralNames under `tag`, at least one; `r` turns bad if their form is wrong. */
void x509_general_names(struct rd *r, uint8_t tag);

/* Read an AuthorityKeyIdentifier's keyIdentifier (empty if it has none). ERR_MALFORMED. */
cocoon_err x509_read_authority(struct slice value, struct slice *key_id) MUST_CHECK;

/* Tell whether a signature of kind `sig` can be made by a key of `kind`. */
bool x509_sig_fits(enum x509_sig sig, enum x509_key_kind kind);

#endif
