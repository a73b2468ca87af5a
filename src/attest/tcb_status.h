/*
 * Intel TCB status: the words of TCB info and QE identity, and how those of platform, TDX module
 * and quoting enclave come together into one.
 */
#ifndef ATTEST_TCB_STATUS_H
#define ATTEST_TCB_STATUS_H

#include "base/slice.h"

enum tcb_status {
    TCB_UP_TO_DATE,
    TCB_SW_HARDENING_NEEDED,
    TCB_CONFIGURATION_NEEDED,
    TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    TCB_OUT_OF_DATE,
    TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    TCB_REVOKED,
    TCB_TD_RELAUNCH_ADVISED,
    TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    TCB_STATUSES /* how many */
};

/*
 * Read the status of a TCB level as Intel writes it. The two "relaunch" words are ours to conclude,
 * never Intel's to write. ERR_UNKNOWN_NAME: an unknown word is never taken for a good one.
 */
cocoon_err tcb_status_read(struct slice word, enum tcb_status *out) MUST_CHECK;

/* As tcb_status_read for a component (TDX module, QE): UpToDate, OutOfDate or Revoked only. */
cocoon_err tcb_component_status_read(struct slice word, enum tcb_status *out) MUST_CHECK;

/* Return the word; static text. */
const char *tcb_status_name(enum tcb_status status);

/* Return the status of a platform of status `platform` with a component of status `component`. */
enum tcb_status tcb_status_join(enum tcb_status platform, enum tcb_status component);

/*
 * Return the status of a TD that was launched on a platform of status `launch` that by now has
 * status `current`: relaunching it would help where only the former is out of date.
 */
enum tcb_status tcb_status_relaunch(enum tcb_status launch, enum tcb_status current);

#endif
