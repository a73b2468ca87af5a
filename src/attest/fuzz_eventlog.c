/* TCG event logs: read to the end and replay every bank. */
#include <assert.h>

#include "attest/eventlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eventlog log;
    struct eventlog_event e;
    struct mr_bank bank;
    struct fail fail;
    enum hash_alg alg;
    bool end = false;

    if (eventlog_open(slice_make(data, size), &log, &fail) != OK || !tpm_hash(log.algs[0].id, &alg))
        return 0;
    mr_bank_init_tpm(&bank, alg);
    while (!end && eventlog_next(&log, &e, &end, &fail) == OK)
        if (!end && (mr_bank_replay(&bank, &e, 0, &fail) != OK ||
                     (eventlog_data_covered(&e, 0, alg) && log.events > EVENTLOG_EVENTS_MAX)))
            break;
    assert(log.events <= EVENTLOG_EVENTS_MAX);
    return 0;
}
