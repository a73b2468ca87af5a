#include "store/key_file.h"

#include "base/hex.h"
#include "base/mem.h"
#include "store/file.h"

enum { SEED_HEX = 64 };

cocoon_err key_file_read(const char *path, struct ed25519_key *out)
{
    struct secret32 seed;
    struct buf text;
    cocoon_err err;

    buf_init(&text, SEED_HEX + 1);
    if ((err = file_read_secret(path, &text)) != OK)
        goto done;
    if (text.len == SEED_HEX + 1 && text.ptr[SEED_HEX] == '\n')
        text.len--;
    if ((err = hex_read(buf_slice(&text), seed.bytes, sizeof seed.bytes)) == OK)
        ed25519_from_seed(out, &seed);
done:
    secret32_wipe(&seed);
    buf_wipe(&text);
    return err == ERR_LIMIT ? ERR_MALFORMED : err;
}

cocoon_err key_file_write(const char *path, const struct ed25519_key *key)
{
    char seed[SEED_HEX + 1];
    cocoon_err err;

    if (file_exists(path))
        return ERR_EXISTS;
    hex_write(SLICE_OF(key->seed), seed);
    seed[SEED_HEX] = '\n'; /* where hex_write put its NUL */
    err = file_write(path, SLICE_OF(seed), FILE_SECRET, true);
    mem_wipe(seed, sizeof seed);
    return err;
}
