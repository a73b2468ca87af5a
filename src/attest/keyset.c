/*
 * Keysets, aci/1 section 3.1:
 *
 *   {"e2ee_public_keys": [{algo, key_id, public_key}], "not_after": seconds,
 *    "receipt_signing_keys": [{algo, key_id, public_key}], "subject": text or null,
 *    "tls_public_keys": [{spki_sha256, domain?}]}
 *
 * The digest is SHA-256 over the JCS form of the object as parsed.
 */
#include "attest/keyset.h"

#include <string.h>

#include "base/hex.h"
#include "codec/jcs.h"
#include "codec/json_wr.h"
#include "crypto/labels.h"

enum { FIELD_MAX = 4096 };

/* Algorithms whose public key is 32 bytes in lower-case hex. */
static const char *const ed25519_algos[] = {"ed25519", LABEL_ALGO_OHTTP_SIGNER,
                                            LABEL_ALGO_CHANNEL_SIGNER};

static bool is_ed25519(struct slice algo)
{
    for (size_t i = 0; i < sizeof ed25519_algos / sizeof ed25519_algos[0]; i++)
        if (slice_eq_text(algo, ed25519_algos[i]))
            return true;
    return false;
}

static cocoon_err read_key(const struct json *entry, struct keyset_key *out)
{
    static const char *const names[] = {"algo", "key_id", "public_key"};
    uint8_t key[32];
    cocoon_err err = json_only(entry, names, 3);

    if (err == OK)
        err = json_get_text(entry, "algo", &out->algo);
    if (err == OK)
        err = json_get_text(entry, "key_id", &out->key_id);
    if (err == OK)
        err = json_get_text(entry, "public_key", &out->public_key);
    if (err != OK)
        return err;
    if (out->key_id.len == 0 || out->public_key.len == 0 || out->public_key.len > FIELD_MAX)
        return ERR_MALFORMED;
    return is_ed25519(out->algo) ? hex_read(out->public_key, key, sizeof key) : OK;
}

static cocoon_err read_keys(const struct json *keyset, const char *name, struct keyset_keys *out)
{
    const struct json *list;
    cocoon_err err = json_get_array(keyset, name, &list);

    if (err == OK && list->count > KEYSET_KEYS_MAX)
        err = ERR_LIMIT;
    for (const struct json *at = err == OK ? list->first : NULL; err == OK && at != NULL;
         at = at->next)
        err = read_key(at, &out->keys[out->count++]);
    return err;
}

static cocoon_err read_tls_entry(const struct json *entry, struct keyset_tls *out)
{
    static const char *const names[] = {"spki_sha256", "domain"};
    cocoon_err err = json_only(entry, names, 2);

    if (err == OK)
        err = json_get_hex(entry, "spki_sha256", out->spki_sha256, sizeof out->spki_sha256);
    if (err == OK && json_find(entry, "domain") != NULL)
        err = json_get_text(entry, "domain", &out->domain);
    return err;
}

static cocoon_err read_tls(const struct json *keyset, struct keyset *out)
{
    const struct json *list;
    cocoon_err err = json_get_array(keyset, "tls_public_keys", &list);

    if (err == OK && list->count > KEYSET_KEYS_MAX)
        err = ERR_LIMIT;
    for (const struct json *at = err == OK ? list->first : NULL; err == OK && at != NULL;
         at = at->next)
        err = read_tls_entry(at, &out->tls[out->tls_count++]);
    return err;
}

static cocoon_err read_subject(const struct json *keyset, struct keyset *out)
{
    const struct json *subject;
    cocoon_err err = json_get(keyset, "subject", &subject);

    if (err != OK || subject->kind == JSON_NULL)
        return err;
    out->has_subject = true;
    return json_text(subject, &out->subject);
}

/* Tell whether `key` stands in `list` before index `end`, by its bytes or, in its role, its id. */
static bool seen(const struct keyset_keys *list, size_t end, const struct keyset_key *key,
                 bool same_role)
{
    for (size_t i = 0; i < end; i++)
        if (slice_eq(list->keys[i].public_key, key->public_key) ||
            (same_role && slice_eq(list->keys[i].key_id, key->key_id)))
            return true;
    return false;
}

/* One key has one role, and stands once. */
static bool keys_are_distinct(const struct keyset *k)
{
    for (size_t i = 0; i < k->receipt.count; i++)
        if (seen(&k->receipt, i, &k->receipt.keys[i], true))
            return false;
    for (size_t i = 0; i < k->e2ee.count; i++)
        if (seen(&k->e2ee, i, &k->e2ee.keys[i], true) ||
            seen(&k->receipt, k->receipt.count, &k->e2ee.keys[i], false))
            return false;
    for (size_t i = 0; i < k->tls_count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(k->tls[i].spki_sha256, k->tls[j].spki_sha256, 32) == 0 &&
                slice_eq(k->tls[i].domain, k->tls[j].domain))
                return false;
    return true;
}

static cocoon_err read_members(const struct json *keyset, struct keyset *out)
{
    static const char *const names[] = {"e2ee_public_keys", "not_after", "receipt_signing_keys",
                                        "subject", "tls_public_keys"};
    cocoon_err err = json_only(keyset, names, 5);

    if (err == OK)
        err = json_get_i64(keyset, "not_after", &out->not_after);
    if (err == OK)
        err = read_subject(keyset, out);
    if (err == OK)
        err = read_keys(keyset, "receipt_signing_keys", &out->receipt);
    if (err == OK)
        err = read_keys(keyset, "e2ee_public_keys", &out->e2ee);
    if (err == OK)
        err = read_tls(keyset, out);
    if (err == OK && !keys_are_distinct(out))
        err = ERR_DUPLICATE;
    return err;
}

static cocoon_err digest_of(const struct json *keyset, struct arena *arena, struct digest *out)
{
    struct buf text;
    cocoon_err err;

    buf_init(&text, KEYSET_TEXT_MAX);
    err = jcs_put(&text, keyset, arena);
    if (err == OK)
        sha256(buf_slice(&text), out);
    buf_fini(&text);
    return err;
}

cocoon_err keyset_read(struct slice json, struct arena *arena, struct keyset *out,
                       struct fail *fail)
{
    const struct json *keyset;
    cocoon_err err;

    *out = (struct keyset){.has_subject = false};
    if (json.len > KEYSET_TEXT_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "keyset is too long");
    err = json_parse(json, arena, &keyset, fail);
    if (err != OK)
        return err;
    err = read_members(keyset, out);
    if (err == OK)
        err = digest_of(keyset, arena, &out->digest);
    return err == OK ? OK : fail_set(fail, err, 0, "keyset");
}

/* --- writing --- */

static void put_keys(struct json_wr *w, const char *name, const struct keyset_keys *keys)
{
    json_wr_array(w, name);
    for (size_t i = 0; i < keys->count; i++) {
        json_wr_object(w, NULL);
        json_wr_text(w, "algo", keys->keys[i].algo);
        json_wr_text(w, "key_id", keys->keys[i].key_id);
        json_wr_text(w, "public_key", keys->keys[i].public_key);
        json_wr_close(w);
    }
    json_wr_close(w);
}

static void put_tls(struct json_wr *w, const struct keyset *k)
{
    json_wr_array(w, "tls_public_keys");
    for (size_t i = 0; i < k->tls_count; i++) {
        json_wr_object(w, NULL);
        if (k->tls[i].domain.len > 0)
            json_wr_text(w, "domain", k->tls[i].domain);
        json_wr_hex(w, "spki_sha256", SLICE_OF(k->tls[i].spki_sha256));
        json_wr_close(w);
    }
    json_wr_close(w);
}

cocoon_err keyset_put(struct keyset *k, struct buf *out)
{
    size_t from = out->len;
    struct json_wr w;
    cocoon_err err;

    json_wr_init(&w, out);
    json_wr_object(&w, NULL);
    put_keys(&w, "e2ee_public_keys", &k->e2ee);
    json_wr_i64(&w, "not_after", k->not_after);
    put_keys(&w, "receipt_signing_keys", &k->receipt);
    if (k->has_subject)
        json_wr_text(&w, "subject", k->subject);
    else
        json_wr_null(&w, "subject");
    put_tls(&w, k);
    json_wr_close(&w);
    err = json_wr_end(&w);
    if (err == OK)
        sha256(slice_skip(buf_slice(out), from), &k->digest);
    return err;
}

/* --- use --- */

cocoon_err keyset_valid_at(const struct keyset *k, unix_time now, struct fail *fail)
{
    if (now > k->not_after)
        return fail_set(fail, ERR_EXPIRED, 0, "the keyset has expired");
    if (k->not_after - now > KEYSET_LIFE_MAX)
        return fail_set(fail, ERR_RANGE, 0, "the keyset's not_after is implausibly far away");
    return OK;
}

cocoon_err keyset_ed25519(const struct keyset_keys *keys, const char *algo, struct slice key_id,
                          struct ed25519_public *out)
{
    for (size_t i = 0; i < keys->count; i++)
        if (slice_eq_text(keys->keys[i].algo, algo) &&
            (key_id.len == 0 || slice_eq(keys->keys[i].key_id, key_id)))
            return hex_read(keys->keys[i].public_key, out->bytes, sizeof out->bytes);
    return ERR_ABSENT;
}

bool keyset_has_tls(const struct keyset *k, const uint8_t spki_sha256[32], struct slice domain)
{
    for (size_t i = 0; i < k->tls_count; i++)
        if (memcmp(k->tls[i].spki_sha256, spki_sha256, 32) == 0 &&
            (domain.len == 0 || k->tls[i].domain.len == 0 ||
             slice_eq_nocase(k->tls[i].domain, domain)))
            return true;
    return false;
}
