/*
 * Import of the language-identification network of npm `lande` (620 n-gram frequencies, 120 hidden
 * units, 50 languages), whose weights are int8 with one scale a row.
 *
 * The hidden layer keeps its weights as they are: ReLU commutes with positive scaling, so each
 * row's scale moves into the next layer, which alone is requantised. Input element i is the
 * frequency of n-gram i times 256, rounded, at most 255.
 */
#ifndef MODEL_LANDE_H
#define MODEL_LANDE_H

#include "base/buf.h"

/*
 * Read `file` ("LND1", dimensions, then for each layer its rows as scale f32 and int8 weights and
 * its biases as scale f32 and int8, little-endian) and append a .cmod file to `out`. ERR_MALFORMED,
 * ERR_TRUNCATED, ERR_TRAILING, ERR_LIMIT; `fail` says where.
 */
cocoon_err lande_import(struct slice file, struct buf *out, struct fail *fail) MUST_CHECK;

#endif
