#include <assert.h>
#include <string.h>

#include "attest/keyset.h"
#include "base/hex.h"
#include "base/mem.h"
#include "crypto/labels.h"
#include "crypto/rand.h"
#include "role/worker.h"

enum { KEYSET_GRACE_S = 3600 }; /* a keyset outlives the renewal that replaces it by this */

/* The key id of a public key: the first half of its hash, in hex. */
static void key_id_make(const struct ed25519_public *key, char out[WORKER_KEY_ID_LEN + 1])
{
    struct digest digest;

    sha256(ed25519_public_slice(key), &digest);
    hex_write(slice_make(digest.bytes, WORKER_KEY_ID_LEN / 2), out);
}

/* One row of the keyset, its texts in `arena`. ERR_NOMEM. */
static cocoon_err keyset_row(struct arena *arena, const char *algo,
                             const struct ed25519_public *key, struct keyset_keys *keys)
{
    char id[WORKER_KEY_ID_LEN + 1], hex[2 * sizeof key->bytes + 1];
    struct keyset_key *row = &keys->keys[keys->count++];
    cocoon_err err;

    assert(keys->count <= KEYSET_KEYS_MAX);
    key_id_make(key, id);
    hex_write(ed25519_public_slice(key), hex);
    row->algo = slice_text(algo);
    if ((err = arena_copy(arena, slice_text(id), &row->key_id)) != OK)
        return err;
    return arena_copy(arena, slice_text(hex), &row->public_key);
}

static cocoon_err keyset_make(struct worker_identity *id, struct arena *arena)
{
    struct keyset *k = ARENA_NEW(arena, struct keyset);
    cocoon_err err;

    if (k == NULL)
        return ERR_NOMEM;
    k->not_after = id->not_after;
    k->tls_count = 1;
    memcpy(k->tls[0].spki_sha256, id->leaf.spki.bytes, sizeof k->tls[0].spki_sha256);
    if ((err = keyset_row(arena, "ed25519", &id->receipt_key.public, &k->receipt)) != OK ||
        (err = keyset_row(arena, LABEL_ALGO_OHTTP_SIGNER, &id->ohttp_signer.public, &k->e2ee)) !=
            OK ||
        (err = keyset_row(arena, LABEL_ALGO_CHANNEL_SIGNER, &id->channel_signer.public,
                          &k->e2ee)) != OK ||
        (err = keyset_put(k, &id->keyset_json)) != OK)
        return err;
    id->keyset_digest = k->digest;
    return OK;
}

cocoon_err worker_identity_new(struct worker *w, struct worker_identity **out)
{
    struct worker_identity *id = MEM_NEW(struct worker_identity);
    struct arena arena;
    cocoon_err err;

    id->refs = 1;
    id->not_after = loop_unix_now() + (unix_time)w->renew_s * 2 + KEYSET_GRACE_S;
    buf_init(&id->keyset_json, KEYSET_TEXT_MAX);
    arena_init(&arena, 64 * 1024);
    ed25519_keygen(&id->receipt_key, &rand_system);
    ed25519_keygen(&id->ohttp_signer, &rand_system);
    ed25519_keygen(&id->channel_signer, &rand_system);
    key_id_make(&id->receipt_key.public, id->receipt_key_id);
    if ((err = ratls_leaf_init(&id->leaf, TLS_KEY_P256)) == OK)
        err = keyset_make(id, &arena);
    arena_fini(&arena);
    if (err != OK)
        worker_identity_unref(id);
    else
        *out = id;
    return err;
}

struct worker_identity *worker_identity_ref(struct worker_identity *identity)
{
    identity->refs++;
    return identity;
}

void worker_identity_unref(struct worker_identity *identity)
{
    if (identity == NULL)
        return;
    assert(identity->refs > 0);
    if (--identity->refs > 0)
        return;
    buf_fini(&identity->keyset_json);
    ratls_leaf_fini(&identity->leaf);
    ed25519_wipe(&identity->receipt_key);
    ed25519_wipe(&identity->ohttp_signer);
    ed25519_wipe(&identity->channel_signer);
    mem_free(identity);
}

struct worker_identity *worker_identity_for(struct worker *w, struct slice keyset_digest)
{
    struct digest named;

    if (w->previous != NULL && digest_read(keyset_digest, &named) == OK &&
        digest_eq(&named, &w->previous->keyset_digest))
        return w->previous;
    return w->identity;
}
