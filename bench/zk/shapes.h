/*
 * The networks of the table: exact shapes, seeded random weights, tables that keep values spread.
 * Each returns its sample ready to be written.
 */
#ifndef BENCH_ZK_SHAPES_H
#define BENCH_ZK_SHAPES_H

#include "model/testing.h"

static inline uint16_t shape_relu(struct sample *s)
{
    return sample_table(s, 8, -64, 0, 127);
}

/* 784 - 128 - 10. */
static inline void shape_mlp(struct sample *s)
{
    sample_mlp(s, 1, 784, 128, 10);
}

/* LeNet-5 on 28 x 28 with padding 2: 6 and 16 channels of 5 x 5, average pools, 120 - 84 - 10. */
static inline void shape_lenet5(struct sample *s)
{
    uint16_t relu, keep, x;

    sample_init(s, 2, (struct cmod_shape){28, 28, 1}, 0, 8);
    relu = shape_relu(s);
    keep = sample_table(s, 8, 0, 0, 127);
    x = sample_requant(s, sample_conv(s, 0, 6, 5, 1, 2, 2), 9, relu);
    x = sample_requant(s, sample_pool(s, CMOD_SUMPOOL, x, 2, 2), 2, keep);
    x = sample_requant(s, sample_conv(s, x, 16, 5, 1, 0, 2), 9, relu);
    x = sample_requant(s, sample_pool(s, CMOD_SUMPOOL, x, 2, 2), 2, keep);
    x = sample_requant(s, sample_dense(s, x, 120, 2), 9, relu);
    x = sample_requant(s, sample_dense(s, x, 84, 2), 9, relu);
    sample_dense(s, x, 10, 2);
}

/* A CIFAR-10 network of 263,970 parameters of the published form (its widths are not published):
 * two 5 x 5 convolutions, each with ReLU and 2 x 2 max pool, and three dense layers. */
static inline void shape_cnn264k(struct sample *s)
{
    uint16_t relu, x;

    sample_init(s, 3, (struct cmod_shape){32, 32, 3}, -128, 8);
    relu = shape_relu(s);
    x = sample_requant(s, sample_conv(s, 0, 16, 5, 1, 0, 2), 9, relu);
    x = sample_pool(s, CMOD_MAXPOOL, x, 2, 2);
    x = sample_requant(s, sample_conv(s, x, 32, 5, 1, 0, 2), 9, relu);
    x = sample_pool(s, CMOD_MAXPOOL, x, 2, 2);
    x = sample_requant(s, sample_dense(s, x, 256, 2), 10, relu);
    x = sample_requant(s, sample_dense(s, x, 168, 2), 10, relu);
    sample_dense(s, x, 10, 2);
}

/* Four layers of 1000 by 1000 and one to 10. */
static inline void shape_dense4m(struct sample *s)
{
    uint16_t relu, x = 0;

    sample_init(s, 4, (struct cmod_shape){1, 1, 1000}, -128, 8);
    relu = shape_relu(s);
    for (int i = 0; i < 4; i++)
        x = sample_requant(s, sample_dense(s, x, 1000, 2), 11, relu);
    sample_dense(s, x, 10, 2);
}

#endif
