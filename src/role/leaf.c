#include "role/leaf.h"

#include "crypto/hash.h"
#include "crypto/rand.h"
#include "crypto/tls_key.h"
#include "net/loop.h"

enum { LEAF_KEY_MAX = 4096, LEAF_SPKI_MAX = 512 };

static cocoon_err leaf_make(struct ratls_leaf *leaf, const char *path)
{
    struct buf pkcs8;
    cocoon_err err;

    buf_init(&pkcs8, LEAF_KEY_MAX);
    if ((err = ratls_leaf_init(leaf, TLS_KEY_P256)) == OK &&
        (err = tls_key_save(leaf->key, &pkcs8)) == OK)
        err = file_write(path, buf_slice(&pkcs8), FILE_SECRET, true);
    buf_wipe(&pkcs8);
    return err;
}

static cocoon_err leaf_from(struct ratls_leaf *leaf, struct slice pkcs8)
{
    struct buf spki;
    cocoon_err err;

    buf_init(&spki, LEAF_SPKI_MAX);
    buf_init(&leaf->cert, RATLS_CERT_MAX);
    if ((err = tls_key_load(pkcs8, &leaf->key)) == OK &&
        (err = tls_key_spki(leaf->key, &spki)) == OK)
        sha256(buf_slice(&spki), &leaf->spki);
    buf_fini(&spki);
    return err;
}

cocoon_err leaf_load(struct ratls_leaf *leaf, const char *path)
{
    struct buf pkcs8;
    cocoon_err err;

    *leaf = (struct ratls_leaf){0};
    if (!file_exists(path))
        return leaf_make(leaf, path);
    buf_init(&pkcs8, LEAF_KEY_MAX);
    if ((err = file_read_secret(path, &pkcs8)) == OK)
        err = leaf_from(leaf, buf_slice(&pkcs8));
    buf_wipe(&pkcs8);
    return err;
}

cocoon_err leaf_context(struct ratls_leaf *leaf, const char *common_name, struct tls_params *params,
                        struct tls_ctx **out)
{
    cocoon_err err = ratls_leaf_certify(leaf, slice_text(common_name), SLICE_LIT(""),
                                        loop_unix_now(), LEAF_LIFE_S, &rand_system);

    if (err != OK)
        return err;
    params->cert_der = buf_slice(&leaf->cert);
    params->key = leaf->key;
    return tls_ctx_new(params, out);
}
