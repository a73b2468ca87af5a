#include "role/config.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"

enum { CONFIG_MAX = 256 * 1024, CONFIG_ARENA_MAX = 64 * 1024 * 1024 };

static void config_dir(struct config *c)
{
    const char *slash = strrchr(c->path, '/');

    if (slash == NULL)
        snprintf(c->dir, sizeof c->dir, ".");
    else
        snprintf(c->dir, sizeof c->dir, "%.*s", slash == c->path ? 1 : (int)(slash - c->path),
                 c->path);
}

cocoon_err config_load(struct config *c, const char *path, const struct ini_known *known,
                       size_t known_count)
{
    struct fail fail = {0};
    cocoon_err err;

    *c = (struct config){.path = path};
    config_dir(c);
    buf_init(&c->text, CONFIG_MAX);
    arena_init(&c->arena, CONFIG_ARENA_MAX);
    if ((err = file_read(path, &c->text)) != OK) {
        fprintf(stderr, "%s: %s\n", path, cocoon_err_text(err));
        return err;
    }
    err = ini_parse(buf_slice(&c->text), known, known_count, &c->arena, &c->ini, &fail);
    if (err == OK)
        return OK;
    fprintf(stderr, "%s:%zu: %s\n", path, fail.offset,
            fail.what != NULL ? fail.what : cocoon_err_text(err));
    return ERR_CONFIG;
}

void config_fini(struct config *c)
{
    arena_wipe(&c->arena);
    buf_fini(&c->text);
}

cocoon_err config_complain(const struct config *c, const char *section, const char *key,
                           const char *why)
{
    const struct ini_entry *entry = ini_next(&c->ini, section, key, NULL);

    fprintf(stderr, "%s:%zu: [%s] %s: %s\n", c->path, entry == NULL ? 0 : entry->line, section, key,
            why);
    return ERR_CONFIG;
}

cocoon_err config_get(const struct config *c, const char *section, const char *key,
                      struct slice *out)
{
    if (ini_get(&c->ini, section, key, out) != OK)
        return config_complain(c, section, key, "is missing");
    return OK;
}

struct slice config_get_or_empty(const struct config *c, const char *section, const char *key)
{
    struct slice value = {NULL, 0};

    if (ini_get(&c->ini, section, key, &value) != OK)
        value.len = 0;
    return value;
}

cocoon_err config_u64(const struct config *c, const char *section, const char *key,
                      uint64_t fallback, uint64_t *out)
{
    struct fail fail;

    if (ini_get_u64(&c->ini, section, key, fallback, out, &fail) != OK)
        return config_complain(c, section, key, "is no number");
    return OK;
}

cocoon_err config_bool(const struct config *c, const char *section, const char *key, bool fallback,
                       bool *out)
{
    struct fail fail;

    if (ini_get_bool(&c->ini, section, key, fallback, out, &fail) != OK)
        return config_complain(c, section, key, "must be yes or no");
    return OK;
}

cocoon_err config_addr(const struct config *c, const char *section, const char *key,
                       struct addr *out)
{
    struct slice text;
    cocoon_err err;

    if ((err = config_get(c, section, key, &text)) != OK)
        return err;
    if (addr_parse(text, out) != OK)
        return config_complain(c, section, key, "is no address: host:port or unix:/path");
    return OK;
}

cocoon_err config_path(const struct config *c, const char *section, const char *key,
                       char out[FILE_PATH_MAX])
{
    char name[FILE_PATH_MAX];
    struct slice value;
    cocoon_err err;

    if ((err = config_get(c, section, key, &value)) != OK)
        return err;
    if (slice_cstr(value, name, sizeof name) != OK)
        return config_complain(c, section, key, "is too long for a path");
    if (name[0] == '/')
        err = slice_cstr(value, out, FILE_PATH_MAX);
    else
        err = file_join(out, c->dir, name);
    return err == OK ? OK : config_complain(c, section, key, "is too long for a path");
}

cocoon_err config_file(struct config *c, const char *section, const char *key, size_t max,
                       struct slice *out)
{
    char path[FILE_PATH_MAX];
    struct buf content;
    cocoon_err err;

    if ((err = config_path(c, section, key, path)) != OK)
        return err;
    buf_init(&content, max);
    if ((err = file_read(path, &content)) != OK)
        (void)config_complain(c, section, key, cocoon_err_text(err));
    else
        err = arena_copy(&c->arena, buf_slice(&content), out);
    buf_fini(&content);
    return err;
}

cocoon_err config_signing_key(const struct config *c, const char *section, const char *key,
                              struct ed25519_key *out)
{
    char path[FILE_PATH_MAX];
    cocoon_err err;

    if ((err = config_path(c, section, key, path)) != OK)
        return err;
    if ((err = key_file_read(path, out)) != OK)
        (void)config_complain(c, section, key,
                              err == ERR_UNAUTHORIZED ? "others can read this key: chmod 600"
                                                      : cocoon_err_text(err));
    return err;
}

cocoon_err pinned_parse(struct slice text, struct pinned *out)
{
    const struct slice scheme = SLICE_LIT("https://");
    struct slice rest, host;

    if (!slice_starts(text, scheme))
        return ERR_MALFORMED;
    rest = slice_skip(text, scheme.len);
    host = slice_cut(&rest, '#');
    if (addr_parse(host, &out->at) != OK || out->at.kind != ADDR_TCP)
        return ERR_MALFORMED;
    return hex_read(rest, out->spki.bytes, sizeof out->spki.bytes);
}
