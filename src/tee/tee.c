#include "tee/tee.h"

cocoon_err tee_evidence(struct tee *tee, const uint8_t report_data[64], unix_time now,
                        struct arena *arena, struct tee_evidence *out)
{
    *out = (struct tee_evidence){.kind = NULL};
    return tee->ops->evidence(tee, report_data, now, arena, out);
}

cocoon_err tee_sealing_key(struct tee *tee, struct slice label, struct secret32 *out)
{
    return tee->ops->sealing_key(tee, label, out);
}

const char *tee_name(const struct tee *tee)
{
    return tee->ops->name;
}

bool tee_simulated(const struct tee *tee)
{
    return tee->ops->simulated;
}

void tee_close(struct tee *tee)
{
    if (tee != NULL)
        tee->ops->close(tee);
}
