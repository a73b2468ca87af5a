#include "attest/kit_check_test.h"

#include "base/test.h"

void kit_expect_only(const struct result *r, const char *name, const char *rule)
{
    bool found = false;

    for (const struct check *c = r->first; c != NULL; c = c->next) {
        if (c->status != CHECK_FAIL)
            continue;
        if (strcmp(c->rule->id, rule) != 0)
            fail_msg("%s: %s failed, not %s", name, c->rule->id, rule);
        found = true;
    }
    if (!found)
        fail_msg("%s: %s did not fail", name, rule);
    assert_int_not_equal(result_verdict(r), VERDICT_VERIFIED);
}

void kit_expect_pass(const struct result *r)
{
    for (const struct check *c = r->first; c != NULL; c = c->next)
        if (c->status == CHECK_FAIL)
            fail_msg("%s failed", c->rule->id);
    assert_int_equal(result_verdict(r), VERDICT_VERIFIED);
}
