/*
 * Convergence (Intel SGX/TDX DCAP Quote Verification Library, sections 4.1.2.5.1 and 4.1.2.5.2):
 *
 *   platform                             component OutOfDate             component Revoked
 *   UpToDate, SWHardeningNeeded          OutOfDate                       Revoked
 *   ConfigurationNeeded,
 *   ConfigurationAndSWHardeningNeeded    OutOfDateConfigurationNeeded    Revoked
 *   OutOfDate, OutOfDateConfig...        unchanged                       Revoked
 *   Revoked                              Revoked                         Revoked
 *
 * A component that is UpToDate changes nothing.
 */
#include "attest/tcb_status.h"

#include <assert.h>

static const char *const names[TCB_STATUSES] = {
    [TCB_UP_TO_DATE] = "UpToDate",
    [TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [TCB_OUT_OF_DATE] = "OutOfDate",
    [TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [TCB_REVOKED] = "Revoked",
    [TCB_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
    [TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "TDRelaunchAdvisedConfigurationNeeded",
};

const char *tcb_status_name(enum tcb_status status)
{
    assert(status < TCB_STATUSES);
    return names[status];
}

cocoon_err tcb_status_read(struct slice word, enum tcb_status *out)
{
    for (enum tcb_status s = TCB_UP_TO_DATE; s <= TCB_REVOKED; s++)
        if (slice_eq_text(word, names[s])) {
            *out = s;
            return OK;
        }
    return ERR_UNKNOWN_NAME;
}

cocoon_err tcb_component_status_read(struct slice word, enum tcb_status *out)
{
    enum tcb_status status;
    cocoon_err err = tcb_status_read(word, &status);

    if (err != OK)
        return err;
    if (status != TCB_UP_TO_DATE && status != TCB_OUT_OF_DATE && status != TCB_REVOKED)
        return ERR_UNKNOWN_NAME;
    *out = status;
    return OK;
}

static bool needs_configuration(enum tcb_status s)
{
    return s == TCB_CONFIGURATION_NEEDED || s == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
           s == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

static bool is_out_of_date(enum tcb_status s)
{
    return s == TCB_OUT_OF_DATE || s == TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

enum tcb_status tcb_status_join(enum tcb_status platform, enum tcb_status component)
{
    if (platform == TCB_REVOKED || component == TCB_REVOKED)
        return TCB_REVOKED;
    if (component == TCB_UP_TO_DATE)
        return platform;
    assert(component == TCB_OUT_OF_DATE);
    return needs_configuration(platform) ? TCB_OUT_OF_DATE_CONFIGURATION_NEEDED : TCB_OUT_OF_DATE;
}

enum tcb_status tcb_status_relaunch(enum tcb_status launch, enum tcb_status current)
{
    if (!is_out_of_date(launch) || is_out_of_date(current) || current == TCB_REVOKED)
        return launch;
    if (needs_configuration(launch) || needs_configuration(current))
        return TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;
    return TCB_TD_RELAUNCH_ADVISED;
}
