#include "codec/oid.h"

#define OID_DEFINE(name, bytes, dotted) const struct slice name = SLICE_INIT(bytes);
OID_TABLE(OID_DEFINE)
#undef OID_DEFINE

const char *oid_dotted(struct slice oid)
{
    static const struct {
        const struct slice *oid;
        const char *dotted;
    } rows[] = {
#define OID_ROW(name, bytes, dotted) {&name, dotted},
        OID_TABLE(OID_ROW)
#undef OID_ROW
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (slice_eq(*rows[i].oid, oid))
            return rows[i].dotted;
    return "";
}
