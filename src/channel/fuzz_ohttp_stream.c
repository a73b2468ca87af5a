/*
 * What a gateway receives and what a client receives, with fixed keys, in steps that the input
 * chooses. The first byte is the side and the format, the second the step.
 */
#include <assert.h>
#include <string.h>

#include "channel/ohttp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1000, OUT_MAX = 1 << 22 };

/* The same "random" bytes in every run, so that a corpus keeps its meaning. */
static void fixed_fill(void *state, void *out, size_t len)
{
    (void)state;
    memset(out, 7, len);
}

static const struct rng fixed = {fixed_fill, NULL};

static void run_gateway(enum ohttp_format format, struct slice in, size_t step)
{
    struct ohttp_keys *keys = ohttp_keys_new(KEM_X25519, 100, &fixed);
    struct ohttp_gateway g;
    struct fail fail;
    struct buf out;
    cocoon_err err = ohttp_keys_tick(keys, NOW, NULL);

    assert(err == OK);
    buf_init(&out, OUT_MAX);
    ohttp_gateway_init(&g, format, keys);
    while (err == OK && in.len > 0) {
        size_t n = step < in.len ? step : in.len;

        err = ohttp_gateway_open(&g, NOW, slice_sub(in, 0, n), n == in.len, &out, &fail);
        assert(out.len == 0 || g.burned);
        in = slice_skip(in, n);
    }
    ohttp_gateway_fini(&g);
    ohttp_keys_free(keys);
    buf_fini(&out);
}

static void run_client(enum ohttp_format format, struct slice in, size_t step)
{
    struct kem_key key;
    struct ohttp_config config;
    struct ohttp_client c;
    struct fail fail;
    struct buf out;
    cocoon_err err = kem_keygen(KEM_X25519, &fixed, &key);

    assert(err == OK);
    ohttp_config_make(&config, 7, &key);
    buf_init(&out, OUT_MAX);
    err = ohttp_client_init(&c, format, &config, ohttp_config_suite(&config), &fixed, &out);
    assert(err == OK);
    while (err == OK && in.len > 0) {
        size_t n = step < in.len ? step : in.len;

        err = ohttp_client_open(&c, slice_sub(in, 0, n), n == in.len, &out, &fail);
        in = slice_skip(in, n);
    }
    ohttp_client_fini(&c);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make(data, size);
    enum ohttp_format format;
    size_t step;

    if (size < 2)
        return 0;
    format = (enum ohttp_format)(data[0] % 3);
    step = data[1] == 0 ? SIZE_MAX : data[1];
    in = slice_skip(in, 2);
    if (data[0] < 128)
        run_gateway(format, in, step);
    else
        run_client(format == OHTTP_SESSION ? OHTTP_CHUNKED : format, in, step);
    return 0;
}
