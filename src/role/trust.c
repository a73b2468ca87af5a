#include "role/trust.h"

#include <stdio.h>

enum { TRUST_ARENA_MAX = 64 * 1024 * 1024 };

cocoon_err trust_load(struct trust *t, struct config *c, const char *section)
{
    struct fail fail = {0};
    struct slice text;
    size_t line = 0;
    cocoon_err err;

    *t = (struct trust){0};
    arena_init(&t->arena, TRUST_ARENA_MAX);
    if ((err = config_file(c, section, "policy", POLICY_FILE_MAX, &text)) != OK)
        return err;
    err = policy_read(text, &t->arena, &t->policy, &line, &fail);
    if (err == OK && !t->policy.has_network)
        err = fail_set(&fail, ERR_CONFIG, 0, "[network] id is missing");
    if (err == OK)
        err = tlog_policy_read(t->policy.tlog, &t->tlog, &line, &fail);
    if (err != OK) {
        fprintf(stderr, "the policy of [%s]: line %zu: %s\n", section, line,
                fail.what == NULL ? cocoon_err_text(err) : fail.what);
        return ERR_CONFIG;
    }
    t->light =
        (struct light_policy){.tlog = &t->tlog, .max_age = LIGHT_MAX_AGE, .skew = LIGHT_SKEW};
    return OK;
}

void trust_fini(struct trust *t)
{
    arena_fini(&t->arena);
}
