#include "channel/known.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/labels.h"

struct known {
    struct known_peer *peers;
    size_t capacity, count;
};

struct known *known_new(size_t capacity)
{
    struct known *k = MEM_NEW(struct known);

    assert(capacity >= 1 && capacity <= KNOWN_MAX);
    k->peers = MEM_ARRAY(capacity, struct known_peer);
    k->capacity = capacity;
    return k;
}

void known_free(struct known *k)
{
    if (k == NULL)
        return;
    mem_free(k->peers);
    mem_free(k);
}

static struct known_peer *find(const struct known *k, const struct digest *keyset)
{
    for (size_t i = 0; i < k->count; i++)
        if (digest_eq(&k->peers[i].keyset, keyset))
            return &k->peers[i];
    return NULL;
}

/* Return the place for `keyset`: its own, a free one, or that of the entry that ends soonest. */
static struct known_peer *place_for(struct known *k, const struct digest *keyset)
{
    struct known_peer *place = find(k, keyset);

    if (place != NULL)
        return place;
    if (k->count < k->capacity)
        return &k->peers[k->count++];
    place = &k->peers[0];
    for (size_t i = 1; i < k->count; i++)
        if (k->peers[i].until < place->until)
            place = &k->peers[i];
    return place;
}

cocoon_err known_add(struct known *k, const struct keyset *keyset, enum role role,
                     const uint8_t id[32], bool simulated, unix_time until)
{
    struct known_peer peer = {.keyset = keyset->digest,
                              .role = role,
                              .simulated = simulated,
                              .until = until < keyset->not_after ? until : keyset->not_after};
    cocoon_err err = keyset_ed25519(&keyset->e2ee, LABEL_ALGO_CHANNEL_SIGNER, (struct slice){0},
                                    &peer.channel_key);

    if (err != OK)
        return err;
    memcpy(peer.id, id, sizeof peer.id);
    for (; peer.spki_count < keyset->tls_count; peer.spki_count++)
        memcpy(peer.spki[peer.spki_count], keyset->tls[peer.spki_count].spki_sha256, 32);
    *place_for(k, &keyset->digest) = peer;
    return OK;
}

static bool has_spki(const struct known_peer *peer, const struct digest *spki)
{
    for (size_t i = 0; i < peer->spki_count; i++)
        if (memcmp(peer->spki[i], spki->bytes, sizeof spki->bytes) == 0)
            return true;
    return false;
}

const struct known_peer *known_find(const struct known *k, const struct digest *keyset,
                                    enum role role, const uint8_t id[32], const struct digest *spki,
                                    unix_time now)
{
    const struct known_peer *peer = find(k, keyset);

    if (peer == NULL || peer->role != role || memcmp(peer->id, id, sizeof peer->id) != 0 ||
        now > peer->until || !has_spki(peer, spki))
        return NULL;
    return peer;
}

void known_forget(struct known *k, const struct digest *keyset)
{
    struct known_peer *peer = find(k, keyset);

    if (peer != NULL)
        *peer = k->peers[--k->count];
}
