/*
 * The attested channel's machine: the input is a list of messages, each behind a u16 length, for an
 * end that answers every question. It may never open: nobody here holds a key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "channel/attested.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cocoon_err export_zero(void *owner, const uint8_t nonce[32], uint8_t out[32])
{
    (void)owner;
    (void)nonce;
    memset(out, 0, 32);
    return OK;
}

static void fill_ones(void *state, void *out, size_t len)
{
    (void)state;
    memset(out, 1, len);
}

static void answer(struct channel *c, struct buf *out)
{
    static const struct ed25519_key key;

    buf_clear(out);
    if ((c->todo & CHANNEL_MUST_CHOOSE) != 0)
        (void)!channel_want(c, c->peer.has_keyset ? CHANNEL_QUOTE : CHANNEL_ACCOUNT, NULL, out);
    buf_clear(out);
    if ((c->todo & CHANNEL_MUST_PROVE) != 0)
        (void)!channel_prove_account(c, &key, out);
    buf_clear(out);
    if ((c->todo & CHANNEL_MUST_JUDGE) != 0 && c->attestation.len > 0)
        (void)!channel_judged(c, ERR_UNTRUSTED, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rng ones = {fill_ones, NULL};
    struct channel_params params = {.role = ROLE_PROXY,
                                    .peer_roles = 1U << ROLE_WORKER,
                                    .own_spki = {{2}},
                                    .peer_spki = {{3}},
                                    .rng = &ones,
                                    .export = export_zero};
    struct rd r = rd_init(slice_make(data, size));
    struct channel c;
    struct fail fail;
    struct buf out;

    params.id[0] = 9;
    buf_init(&out, CHANNEL_MESSAGE_MAX);
    if (channel_start(&c, &params, &out) != OK)
        abort();
    while (rd_left(&r) > 0) {
        struct slice message = rd_slice(&r, rd_u16be(&r));

        buf_clear(&out);
        if (channel_receive(&c, message, 0, &out, &fail) != OK && c.err == OK)
            abort();
        answer(&c, &out);
        if (channel_is_open(&c))
            abort();
    }
    buf_fini(&out);
    return 0;
}
