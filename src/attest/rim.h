/*
 * Reference integrity manifests (RIM) of NVIDIA: the golden measurements of one driver or VBIOS
 * version, as a signed SWID tag.
 */
#ifndef ATTEST_RIM_H
#define ATTEST_RIM_H

#include "codec/xmldsig.h"

enum {
    RIM_MEASUREMENTS_MAX = 240, /* indices; 64 are in use */
    RIM_ALTERNATIVES_MAX = 16,  /* golden values of one index; 4 are published */
    RIM_VALUE_SIZE = 48,        /* SHA-384 */
};

struct rim {
    struct slice version; /* colloquialVersion: of the driver or VBIOS */
    struct slice product; /* "GH100" */
    const struct xml_node *measurements[RIM_MEASUREMENTS_MAX]; /* active ones, by index */
    size_t active;
    struct xmldsig signature;
};

/*
 * Parse `xml` into `*out`, which lives as long as `arena`. ERR_MALFORMED, ERR_MISSING,
 * ERR_DUPLICATE (an index), ERR_LIMIT, ERR_NOMEM, and xml_parse's and xmldsig_read's.
 */
cocoon_err rim_parse(struct slice xml, struct arena *arena, struct rim *out,
                     struct fail *fail) MUST_CHECK;

/* Tell whether `value` is among the golden values of active index `index`. */
bool rim_has(const struct rim *rim, size_t index, struct slice value);

#endif
