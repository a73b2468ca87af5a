/*
 * A small array of keys, newest last. The low byte of a key's serial number is its identifier on
 * the wire; the first serial is drawn, so that a key of a process before this one is not taken for
 * one of ours.
 *
 * Known sessions sit in a direct-mapped table beside their key: a slot that another session takes
 * costs its owner one decapsulation, nothing else, because every request carries what is needed to
 * open the session again. Replay is the burn set's business, whatever this table holds.
 */
#include "channel/ohttp_keys.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "channel/ohttp_impl.h"
#include "crypto/secret.h"

enum { SESSION_SLOTS = 1024 };

struct session_slot {
    bool used;
    struct digest name; /* of info and enc */
    struct hpke hpke;   /* its AEAD is released: only the exporter is used */
};

/* What must be erased when the key is over; in locked pages. */
struct key_secrets {
    struct kem_key pair;
    struct session_slot sessions[SESSION_SLOTS];
};

struct ohttp_key {
    uint64_t serial;
    unix_time not_before, not_after;
    struct ohttp_config config;
    struct burn_set *burned;
    struct key_secrets *secrets;
};

struct ohttp_keys {
    enum kem_id kem;
    unsigned life_s;
    const struct rng *rng;
    uint64_t next_serial;
    size_t count;
    struct ohttp_key live[OHTTP_KEYS_LIVE_MAX]; /* oldest first */
};

struct ohttp_keys *ohttp_keys_new(enum kem_id kem, unsigned life_s, const struct rng *rng)
{
    struct ohttp_keys *keys = MEM_NEW(struct ohttp_keys);
    uint8_t first;

    assert(life_s >= 2 && life_s <= OHTTP_KEY_LIFE_MAX);
    keys->kem = kem;
    keys->life_s = life_s;
    keys->rng = rng;
    rng_fill(rng, &first, 1);
    keys->next_serial = first;
    return keys;
}

static void key_erase(struct ohttp_key *key)
{
    secret_pages_free(key->secrets); /* wipes */
    burn_free(key->burned);
    mem_wipe(key, sizeof *key);
}

void ohttp_keys_free(struct ohttp_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++)
        key_erase(&keys->live[i]);
    mem_free(keys);
}

/* Erase the key at `i`, keeping the order of the others. */
static void keys_drop(struct ohttp_keys *keys, size_t i)
{
    key_erase(&keys->live[i]);
    keys->count--;
    memmove(&keys->live[i], &keys->live[i + 1], (keys->count - i) * sizeof keys->live[0]);
}

/* A key from the future is one whose clock was set back: it would outlive its hour. */
static bool key_is_over(const struct ohttp_key *key, unix_time now)
{
    return now >= key->not_after || now < key->not_before - OHTTP_CLOCK_SKEW;
}

static cocoon_err keys_add(struct ohttp_keys *keys, unix_time now)
{
    struct ohttp_key *key;
    struct key_secrets *secrets = secret_pages(sizeof *secrets);
    cocoon_err err = kem_keygen(keys->kem, keys->rng, &secrets->pair);

    if (err != OK) {
        secret_pages_free(secrets);
        return err;
    }
    if (keys->count == OHTTP_KEYS_LIVE_MAX)
        keys_drop(keys, 0);
    key = &keys->live[keys->count++];
    key->serial = keys->next_serial++;
    key->not_before = now;
    key->not_after = now + (unix_time)keys->life_s;
    key->burned = burn_new(BURN_IDS_MAX);
    key->secrets = secrets;
    ohttp_config_make(&key->config, (uint8_t)key->serial, &secrets->pair);
    return OK;
}

cocoon_err ohttp_keys_tick(struct ohttp_keys *keys, unix_time now, bool *made)
{
    const struct ohttp_key *newest;
    bool due;
    cocoon_err err;

    for (size_t i = keys->count; i > 0; i--)
        if (key_is_over(&keys->live[i - 1], now))
            keys_drop(keys, i - 1);
    newest = keys->count > 0 ? &keys->live[keys->count - 1] : NULL;
    due = newest == NULL || now < newest->not_before ||
          now >= newest->not_before + (unix_time)keys->life_s / 2;
    if (made != NULL)
        *made = due;
    if (!due)
        return OK;
    if ((err = keys_add(keys, now)) != OK && made != NULL)
        *made = false;
    return err;
}

size_t ohttp_keys_list(const struct ohttp_keys *keys, const struct digest *keyset_digest,
                       struct ohttp_signed *out)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct ohttp_key *key = &keys->live[keys->count - 1 - i];

        out[i] =
            (struct ohttp_signed){key->config, *keyset_digest, key->not_before, key->not_after};
    }
    return keys->count;
}

struct ohttp_key *ohttp_keys_find(struct ohttp_keys *keys, uint8_t key_id, unsigned kem,
                                  unix_time now)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct ohttp_key *key = &keys->live[i];

        if (key->config.key_id == key_id && key->config.kem == kem && !key_is_over(key, now))
            return key;
    }
    return NULL;
}

struct ohttp_key *ohttp_keys_by_serial(struct ohttp_keys *keys, uint64_t serial)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->live[i].serial == serial)
            return &keys->live[i];
    return NULL;
}

uint64_t ohttp_key_serial(const struct ohttp_key *key)
{
    return key->serial;
}

const struct ohttp_config *ohttp_key_config(const struct ohttp_key *key)
{
    return &key->config;
}

struct burn_set *ohttp_key_burned(const struct ohttp_key *key)
{
    return key->burned;
}

cocoon_err ohttp_key_receiver(const struct ohttp_key *key, struct hpke_suite suite,
                              struct slice enc, struct slice info, struct hpke *out)
{
    return hpke_receiver(out, suite, &key->secrets->pair, enc, info);
}

cocoon_err ohttp_key_session(struct ohttp_key *key, struct hpke_suite suite, struct slice enc,
                             struct slice info, const struct hpke **out)
{
    const struct slice parts[] = {info, enc}; /* info ends in a header of fixed length */
    struct session_slot *slot;
    struct digest name;
    size_t at;
    cocoon_err err;

    sha256_parts(parts, 2, &name);
    memcpy(&at, name.bytes, sizeof at);
    slot = &key->secrets->sessions[at % SESSION_SLOTS];
    if (!slot->used || !digest_eq(&slot->name, &name)) {
        slot->used = false;
        err = hpke_receiver(&slot->hpke, suite, &key->secrets->pair, enc, info);
        aead_fini(&slot->hpke.aead);
        if (err != OK)
            return err;
        slot->name = name;
        slot->used = true;
    }
    *out = &slot->hpke;
    return OK;
}
