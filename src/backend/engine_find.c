#include "backend/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Write the value of `name` when it is set and not empty. */
static bool from_environment(const char *name, char out[ENGINE_PATH_MAX], cocoon_err *err)
{
    const char *value = getenv(name);

    if (value == NULL || value[0] == '\0')
        return false;
    *err = slice_cstr(slice_text(value), out, ENGINE_PATH_MAX);
    return true;
}

/* The cache folder, as tools/get-engine and tools/get-model choose it. */
static cocoon_err cache_folder(char out[ENGINE_PATH_MAX])
{
    char base[ENGINE_PATH_MAX];
    const char *home = getenv("HOME");
    cocoon_err err;
    int len;

    if (from_environment("COCOON_CACHE", out, &err))
        return err;
    if (from_environment("XDG_CACHE_HOME", base, &err)) {
        if (err != OK)
            return err;
        len = snprintf(out, ENGINE_PATH_MAX, "%s/cocoon", base);
    } else {
        len = snprintf(out, ENGINE_PATH_MAX, "%s/.cache/cocoon", home != NULL ? home : "");
    }
    return len < 0 || len >= ENGINE_PATH_MAX ? ERR_LIMIT : OK;
}

static cocoon_err find(const char *variable, const char *in_cache, char out[ENGINE_PATH_MAX])
{
    char cache[ENGINE_PATH_MAX];
    cocoon_err err;
    int len;

    out[0] = '\0';
    if (!from_environment(variable, out, &err)) {
        if ((err = cache_folder(cache)) != OK)
            return err;
        len = snprintf(out, ENGINE_PATH_MAX, "%s/%s", cache, in_cache);
        err = len < 0 || len >= ENGINE_PATH_MAX ? ERR_LIMIT : OK;
    }
    if (err != OK)
        return err;
    return access(out, R_OK) == 0 ? OK : ERR_NOT_FOUND;
}

cocoon_err engine_find_program(char out[ENGINE_PATH_MAX])
{
    return find("COCOON_ENGINE", "engine/llama-server", out);
}

cocoon_err engine_find_model(char out[ENGINE_PATH_MAX])
{
    return find("COCOON_MODEL", "models/SmolLM2-135M-Instruct.Q4_1.gguf", out);
}
