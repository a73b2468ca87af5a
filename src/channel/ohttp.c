/*
 * Names and key derivation of the three formats (docs/spec/ohttp.md has the tables).
 *
 *   header    key id u8 | KEM u16 | KDF u16 | AEAD u16
 *   info      label | 00 | header
 *   response  prk = Extract(salt = enc | nonce, response secret); key, nonce = Expand(prk, ..)
 *
 * RFC 9458 and its chunked form take the request's key from the HPKE context, its id and response
 * secret from the exporter. Request n of a session takes all of it from the exporter:
 *
 *   Export("cocoon session request" | n u64)  =  key Nk | base nonce Nn | request id 16 |
 *                                                response secret max(Nn, Nk)
 */
#include "channel/ohttp.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/rd.h"
#include "base/wr.h"
#include "channel/ohttp_impl.h"
#include "crypto/kdf.h"
#include "crypto/labels.h"

static const struct format {
    const char *media_request, *media_response;
    const char *info;     /* label of the request's HPKE info */
    const char *response; /* exporter context of the response secret; NULL: see the prologue */
} formats[] = {
    [OHTTP_WHOLE] = {"message/ohttp-req", "message/ohttp-res", LABEL_OHTTP_REQUEST,
                     LABEL_OHTTP_RESPONSE},
    [OHTTP_CHUNKED] = {"message/ohttp-chunked-req", "message/ohttp-chunked-res",
                       LABEL_OHTTP_CHUNKED_REQUEST, LABEL_OHTTP_CHUNKED_RESPONSE},
    [OHTTP_SESSION] = {"message/cocoon-ohttp-session-req", "message/cocoon-ohttp-session-res",
                       LABEL_OHTTP_SESSION, NULL},
};

enum { SIZE_CLASS_LEAST = 1024 };

const char *ohttp_media_request(enum ohttp_format format)
{
    return formats[format].media_request;
}

const char *ohttp_media_response(enum ohttp_format format)
{
    return formats[format].media_response;
}

bool ohttp_format_find(struct slice media_type, enum ohttp_format *out)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (slice_eq_nocase(media_type, slice_text(formats[i].media_request))) {
            *out = (enum ohttp_format)i;
            return true;
        }
    return false;
}

size_t ohttp_size_class(size_t len)
{
    size_t size = SIZE_CLASS_LEAST;

    while (size < len && size <= SIZE_MAX / 2)
        size *= 2;
    return size;
}

struct ohttp_header ohttp_header_make(uint8_t key_id, struct hpke_suite suite)
{
    struct ohttp_header header = {{0}};
    struct wr w = wr_init(header.bytes, sizeof header.bytes);

    wr_u8(&w, key_id);
    wr_u16be(&w, (uint16_t)suite.kem);
    wr_u16be(&w, (uint16_t)suite.kdf);
    wr_u16be(&w, (uint16_t)suite.aead);
    assert(w.len == OHTTP_HEADER_LEN);
    return header;
}

struct slice ohttp_info(enum ohttp_format format, const struct ohttp_header *header, uint8_t *out)
{
    struct wr w = wr_init(out, OHTTP_INFO_MAX);

    wr_slice(&w, slice_text(formats[format].info));
    wr_u8(&w, 0);
    wr_slice(&w, SLICE_OF(header->bytes));
    assert(!w.over);
    return slice_make(out, w.len);
}

size_t ohttp_nonce_len(struct hpke_suite suite)
{
    size_t key_len = aead_key_len(suite.aead);

    return key_len > AEAD_NONCE_LEN ? key_len : AEAD_NONCE_LEN;
}

cocoon_err ohttp_derive_single(struct hpke *h, enum ohttp_format format, struct ohttp_secrets *s,
                               struct ohttp_lane *request)
{
    cocoon_err err;

    assert(format != OHTTP_SESSION);
    if ((err = hpke_export(h, SLICE_LIT(LABEL_HPKE_REQUEST_ID), s->request_id.bytes,
                           BURN_ID_LEN)) != OK ||
        (err = hpke_export(h, slice_text(formats[format].response), s->response_secret,
                           ohttp_nonce_len(s->suite))) != OK)
        return err;
    *request = (struct ohttp_lane){
        .aead = h->aead, .base_nonce = h->base_nonce, .whole = format == OHTTP_WHOLE};
    h->aead = (struct aead){NULL};
    return OK;
}

/* Key `lane` from the next bytes of `r`: key, then base nonce. */
static cocoon_err lane_key(struct ohttp_lane *lane, enum aead_alg alg, struct rd *r)
{
    struct slice key = rd_slice(r, aead_key_len(alg));

    rd_copy(r, lane->base_nonce.bytes, AEAD_NONCE_LEN);
    return aead_init(&lane->aead, alg, key);
}

cocoon_err ohttp_derive_session(const struct hpke *h, uint64_t counter, struct ohttp_secrets *s,
                                struct ohttp_lane *request)
{
    uint8_t context[sizeof(LABEL_HPKE_SESSION_REQUEST) + OHTTP_COUNTER_LEN];
    uint8_t okm[2 * AEAD_KEY_MAX + AEAD_NONCE_LEN + BURN_ID_LEN];
    size_t nonce_len = ohttp_nonce_len(s->suite);
    size_t len = aead_key_len(s->suite.aead) + AEAD_NONCE_LEN + BURN_ID_LEN + nonce_len;
    struct wr w = wr_init(context, sizeof context);
    struct rd r = rd_init(slice_make(okm, len));
    cocoon_err err;

    wr_slice(&w, SLICE_LIT(LABEL_HPKE_SESSION_REQUEST));
    wr_u64be(&w, counter);
    *request = (struct ohttp_lane){.whole = false};
    if ((err = hpke_export(h, slice_make(context, w.len), okm, len)) != OK ||
        (err = lane_key(request, s->suite.aead, &r)) != OK)
        goto done;
    rd_copy(&r, s->request_id.bytes, BURN_ID_LEN);
    rd_copy(&r, s->response_secret, nonce_len);
    assert(rd_end(&r) == OK);
done:
    mem_wipe(okm, sizeof okm);
    return err;
}

cocoon_err ohttp_derive_response(const struct ohttp_secrets *s, enum ohttp_format format,
                                 struct slice nonce, struct ohttp_lane *response)
{
    enum hash_alg hash = hpke_kdf_hash(s->suite.kdf);
    struct slice secret = slice_make(s->response_secret, ohttp_nonce_len(s->suite));
    uint8_t salt[KEM_ENC_MAX + OHTTP_RESPONSE_NONCE_MAX], prk_bytes[HASH_LEN_MAX];
    uint8_t okm[AEAD_KEY_MAX + AEAD_NONCE_LEN];
    size_t key_len = aead_key_len(s->suite.aead);
    struct slice prk = slice_make(prk_bytes, hash_len(hash));
    struct wr w = wr_init(salt, sizeof salt);
    struct rd r = rd_init(slice_make(okm, key_len + AEAD_NONCE_LEN));
    cocoon_err err;

    wr_slice(&w, kem_public_slice(&s->enc));
    wr_slice(&w, nonce);
    assert(!w.over && nonce.len == secret.len);
    *response = (struct ohttp_lane){.whole = format == OHTTP_WHOLE};
    hkdf_extract(hash, slice_make(salt, w.len), &secret, 1, prk_bytes);
    if ((err = hkdf_expand(hash, prk, &SLICE_LIT("key"), 1, okm, key_len)) != OK ||
        (err = hkdf_expand(hash, prk, &SLICE_LIT("nonce"), 1, okm + key_len, AEAD_NONCE_LEN)) != OK)
        goto done;
    err = lane_key(response, s->suite.aead, &r);
done:
    mem_wipe(okm, sizeof okm);
    mem_wipe(prk_bytes, sizeof prk_bytes);
    return err;
}
