/*
 * The members stand in the order that JCS gives them, so what is written is canonical; what is read
 * may be in any order and is brought to that form before its signature is checked.
 */
#include "channel/ohttp_signed.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "codec/jcs.h"
#include "codec/json_wr.h"

enum { SIGNED_ARENA = 256 * 1024 };

/* Append the JSON object of `s`; with `sig` NULL, the bytes that are signed. */
static cocoon_err put_object(const struct ohttp_signed *s, const struct ed25519_sig *sig,
                             struct buf *out)
{
    struct json_wr w;
    struct buf config;
    cocoon_err err;

    buf_init(&config, OHTTP_CONFIG_LEN_MAX);
    if ((err = ohttp_config_put(&s->config, &config)) != OK)
        goto done;
    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_b64(&w, "key_config", buf_slice(&config));
    json_wr_sha256(&w, "keyset_digest", digest_slice(&s->keyset_digest));
    json_wr_i64(&w, "not_after", s->not_after);
    json_wr_i64(&w, "not_before", s->not_before);
    if (sig != NULL)
        json_wr_hex(&w, "signature", ed25519_sig_slice(sig));
    json_wr_close(&w);
    err = json_wr_end(&w);
done:
    buf_fini(&config);
    return err;
}

cocoon_err ohttp_signed_put(const struct ohttp_signed *s, const struct ed25519_key *signer,
                            struct buf *out)
{
    struct ed25519_sig sig;
    struct buf signed_bytes;
    cocoon_err err;

    buf_init(&signed_bytes, OHTTP_SIGNED_LEN_MAX);
    if ((err = put_object(s, NULL, &signed_bytes)) != OK)
        goto done;
    ed25519_sign(signer, buf_slice(&signed_bytes), &sig);
    err = put_object(s, &sig, out);
done:
    buf_fini(&signed_bytes);
    return err;
}

/* Check the signature over `object` without its member "signature". */
static cocoon_err check_signature(const struct json *object, const struct ed25519_public *signer,
                                  struct arena *arena, struct fail *fail)
{
    uint8_t sig[ED25519_SIG_LEN];
    struct buf canonical;
    cocoon_err err;

    buf_init(&canonical, OHTTP_SIGNED_LEN_MAX);
    if ((err = json_get_hex(object, "signature", sig, sizeof sig)) != OK ||
        (err = jcs_put_without(&canonical, object, "signature", arena)) != OK)
        err = fail_set(fail, err, 0, "signed OHTTP key has no well-formed signature");
    else if ((err = ed25519_verify(signer, buf_slice(&canonical), SLICE_OF(sig))) != OK)
        err = fail_set(fail, err, 0, "OHTTP key is not signed by the attested keyset");
    buf_fini(&canonical);
    return err;
}

static cocoon_err read_members(const struct json *object, struct ohttp_signed *out,
                               struct fail *fail)
{
    static const char *const names[] = {"key_config", "keyset_digest", "not_after", "not_before",
                                        "signature"};
    struct buf config;
    cocoon_err err;

    buf_init(&config, OHTTP_CONFIG_LEN_MAX);
    if ((err = json_only(object, names, COUNT_OF(names))) != OK ||
        (err = json_get_sha256(object, "keyset_digest", out->keyset_digest.bytes)) != OK ||
        (err = json_get_i64(object, "not_after", &out->not_after)) != OK ||
        (err = json_get_i64(object, "not_before", &out->not_before)) != OK ||
        (err = json_get_b64(object, "key_config", &config)) != OK)
        err = fail_set(fail, err, 0, "signed OHTTP key lacks a member or has one too many");
    else
        err = ohttp_config_read(buf_slice(&config), &out->config, fail);
    buf_fini(&config);
    return err;
}

static cocoon_err check_times(const struct ohttp_signed *s, unix_time now, struct fail *fail)
{
    /* Times as far out as these could overflow what follows. */
    if (s->not_before < 0 || s->not_after < s->not_before || now < 0)
        return fail_set(fail, ERR_RANGE, 0, "OHTTP key's times are out of order");
    if (s->not_after - s->not_before > OHTTP_KEY_LIFE_MAX)
        return fail_set(fail, ERR_RANGE, 0, "OHTTP key lives longer than an hour");
    if (now < s->not_before - OHTTP_CLOCK_SKEW)
        return fail_set(fail, ERR_NOT_YET_VALID, 0, "OHTTP key is not valid yet: check the clock");
    if (now >= s->not_after)
        return fail_set(fail, ERR_EXPIRED, 0, "OHTTP key has expired: fetch a new one");
    return OK;
}

/* Read and verify one parsed entry. */
static cocoon_err read_entry(const struct json *object, const struct ed25519_public *signer,
                             const struct digest *keyset_digest, unix_time now, struct arena *arena,
                             struct ohttp_signed *out, struct fail *fail)
{
    cocoon_err err;

    if ((err = check_signature(object, signer, arena, fail)) != OK ||
        (err = read_members(object, out, fail)) != OK)
        return err;
    if (!digest_eq(&out->keyset_digest, keyset_digest))
        return fail_set(fail, ERR_MISMATCH, 0, "OHTTP key belongs to another keyset");
    return check_times(out, now, fail);
}

cocoon_err ohttp_signed_read(struct slice json, const struct ed25519_public *signer,
                             const struct digest *keyset_digest, unix_time now,
                             struct ohttp_signed *out, struct fail *fail)
{
    const struct json *object;
    struct arena arena;
    cocoon_err err;

    if (json.len > OHTTP_SIGNED_LEN_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "signed OHTTP key is too long");
    arena_init(&arena, SIGNED_ARENA);
    err = json_parse(json, &arena, &object, fail);
    if (err == OK)
        err = read_entry(object, signer, keyset_digest, now, &arena, out, fail);
    arena_fini(&arena);
    return err;
}

/* --- lists --- */

cocoon_err ohttp_signed_list_put(const struct ohttp_signed *list, size_t count,
                                 const struct ed25519_key *signer, struct buf *out)
{
    struct json_wr w;
    struct buf one;
    cocoon_err err = OK;

    buf_init(&one, OHTTP_SIGNED_LEN_MAX);
    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    json_wr_array(&w, "keys");
    for (size_t i = 0; i < count && err == OK; i++) {
        buf_clear(&one);
        err = ohttp_signed_put(&list[i], signer, &one);
        json_wr_raw(&w, NULL, buf_slice(&one));
    }
    json_wr_close(&w);
    json_wr_close(&w);
    buf_fini(&one);
    return err != OK ? err : json_wr_end(&w);
}

cocoon_err ohttp_signed_list_read(struct slice json, const struct ed25519_public *signer,
                                  const struct digest *keyset_digest, unix_time now,
                                  struct ohttp_signed *out, struct fail *fail)
{
    const struct json *root, *list;
    struct arena arena;
    cocoon_err err, first = OK;

    if (json.len > OHTTP_SIGNED_LIST_LEN_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "list of OHTTP keys is too long");
    arena_init(&arena, SIGNED_ARENA);
    if ((err = json_parse(json, &arena, &root, fail)) != OK)
        goto done;
    if ((err = json_get_array(root, "keys", &list)) != OK || list->first == NULL) {
        err = fail_set(fail, err != OK ? err : ERR_MISSING, 0, "no list of OHTTP keys");
        goto done;
    }
    for (const struct json *e = list->first; e != NULL; e = e->next) {
        struct fail why = {0};

        err = read_entry(e, signer, keyset_digest, now, &arena, out, &why);
        if (err == OK)
            break;
        if (first == OK) {
            first = err;
            *fail = why;
        }
    }
    if (err != OK)
        err = first;
done:
    arena_fini(&arena);
    return err;
}
