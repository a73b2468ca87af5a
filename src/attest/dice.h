/*
 * The firmware id (FWID) in NVIDIA device certificates: which first firmware the key was derived
 * for (DICE). Two forms occur: the composite device id of Hopper and LS10, and TCG's DiceTcbInfo
 * since Blackwell.
 */
#ifndef ATTEST_DICE_H
#define ATTEST_DICE_H

#include "codec/x509.h"

enum { DICE_FWID_SIZE = 48 };

/*
 * Set `*fwid` to the SHA-384 firmware id of `cert` and `*present`; a certificate without one is no
 * error. ERR_MALFORMED, ERR_ALGORITHM (another hash).
 */
cocoon_err dice_fwid(const struct x509_cert *cert, bool *present, struct slice *fwid,
                     struct fail *fail) MUST_CHECK;

#endif
