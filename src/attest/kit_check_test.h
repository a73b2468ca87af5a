/* For tests: what a transcript must show. */
#ifndef ATTEST_KIT_CHECK_TEST_H
#define ATTEST_KIT_CHECK_TEST_H

#include "attest/result.h"

/* Assert that `rule` failed and nothing else did; `name` says which case this is. */
void kit_expect_only(const struct result *r, const char *name, const char *rule);

/* Assert that nothing failed and the verdict is VERIFIED. */
void kit_expect_pass(const struct result *r);

#endif
