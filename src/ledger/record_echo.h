/* For tests: decode a value by the type it says and encode it again. */
#ifndef LEDGER_RECORD_ECHO_H
#define LEDGER_RECORD_ECHO_H

#include "ledger/record.h"

#define RECORD_ECHO(kind)                                                                          \
    do {                                                                                           \
        static struct record_##kind v;                                                             \
        cocoon_err err = record_get_##kind(value, &v);                                             \
        if (err == OK)                                                                             \
            record_put_##kind(w, &v);                                                              \
        return err;                                                                                \
    } while (0)

static inline cocoon_err record_echo(struct slice value, struct wr *w)
{
    enum record_type type;
    cocoon_err type_err = record_type_of(value, &type);

    if (type_err != OK)
        return type_err;
    switch (type) {
    case RECORD_NETWORK:
        RECORD_ECHO(network);
    case RECORD_OWNERS:
        RECORD_ECHO(owners);
    case RECORD_PARAMS:
        RECORD_ECHO(params);
    case RECORD_ACCOUNT:
        RECORD_ECHO(account);
    case RECORD_BLOB:
        RECORD_ECHO(blob);
    case RECORD_RECENT:
        RECORD_ECHO(recent);
    case RECORD_PROPOSAL:
        RECORD_ECHO(proposal);
    case RECORD_RELEASE:
        RECORD_ECHO(release);
    case RECORD_MODEL:
        RECORD_ECHO(model);
    case RECORD_ENGINE:
        RECORD_ECHO(engine);
    case RECORD_WITNESS:
        RECORD_ECHO(witness);
    case RECORD_WORKER:
        RECORD_ECHO(worker);
    case RECORD_RECEIPTS:
        RECORD_ECHO(receipts);
    case RECORD_EVALUATION:
        RECORD_ECHO(evaluation);
    case RECORD_CHANNEL:
    case RECORD_PAYOUT:
    case RECORD_DEPOSIT:
    case RECORD_LEASE:
    case RECORD_CHALLENGE:
    case RECORD_CONTRACT:
        break;
    }
    return ERR_UNKNOWN_NAME;
}

#undef RECORD_ECHO

#endif
