#include "zk/layer.h"

#include <stdlib.h>

const struct layer *layer_of(const struct plan *p, size_t op)
{
    switch (p->m->op[op].code) {
    case CMOD_DENSE:
    case CMOD_CONV:
        return &layer_matrix;
    case CMOD_REQUANT:
        return &layer_requant;
    case CMOD_SUMPOOL:
        return &layer_sumpool;
    case CMOD_MAXPOOL:
        return &layer_maxpool;
    case CMOD_ADD:
        return &layer_add;
    }
    abort(); /* cmod_infer refuses any other */
}
