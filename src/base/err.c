#include "base/err.h"

#include <assert.h>

struct err_row {
    cocoon_err err;
    int exit_code;
    const char *name;
    const char *text;
};

static const struct err_row err_rows[] = {{OK, 0, "OK", "ok"},
#define ERR_ROW(name, value, exit_code, text) {name, exit_code, #name, text},
                                          COCOON_ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

static const struct err_row *err_find(cocoon_err err)
{
    static const struct err_row unknown = {ERR_INTERNAL, 1, "ERR_?", "unknown error"};

    for (size_t i = 0; i < sizeof err_rows / sizeof err_rows[0]; i++)
        if (err_rows[i].err == err)
            return &err_rows[i];
    return &unknown;
}

const char *cocoon_err_name(cocoon_err err)
{
    return err_find(err)->name;
}

const char *cocoon_err_text(cocoon_err err)
{
    return err_find(err)->text;
}

int cocoon_err_exit(cocoon_err err)
{
    return err_find(err)->exit_code;
}

cocoon_err fail_set(struct fail *fail, cocoon_err code, size_t offset, const char *what)
{
    assert(fail != NULL && code != OK && what != NULL);
    *fail = (struct fail){code, offset, what};
    return code;
}
