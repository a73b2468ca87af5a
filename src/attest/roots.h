/*
 * Vendor roots compiled in, by the SHA-256 of their SubjectPublicKeyInfo. Where each was published
 * stands beside it in roots.c. Policies add to them ([roots]) or leave them out (builtin = no).
 */
#ifndef ATTEST_ROOTS_H
#define ATTEST_ROOTS_H

#include "base/slice.h"

struct vendor_root {
    const char *vendor; /* intel, intel-sandbox, amd-milan, amd-genoa, amd-turin, nvidia-device,
                           nvidia-rim, aws, azure-vtpm */
    const char *name;   /* the subject's common name */
    uint8_t spki_sha256[32];
};

extern const struct vendor_root vendor_roots[];
extern const size_t vendor_roots_count;

/* Tell whether `vendor` is the name of a vendor: what may stand in [roots]. */
bool vendor_known(struct slice vendor);

#endif
