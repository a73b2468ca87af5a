/*
 * Log trust policies (c2sp.org/tlog-policy): which logs, which cosigners, which quorum.
 *
 *   log <vkey> [<url>]
 *   witness <name> <vkey> [<url>]
 *   group <name> <k>|all|any <member>...
 *   quorum <name>|none
 *
 * Our two kinds of cosigners, executing and plain, are two groups, and the quorum asks both:
 *
 *   group executing any operator
 *   group plain 1 w1 w2
 *   group both all executing plain
 *   quorum both
 */
#ifndef LEDGER_TLOG_POLICY_H
#define LEDGER_TLOG_POLICY_H

#include "codec/note.h"

enum { TLOG_LOGS_MAX = 32, TLOG_MEMBERS_MAX = 96, TLOG_TEXT_MAX = 256 * 1024 };

struct tlog_log {
    struct note_vkey key;
    struct slice url; /* empty: none */
};

/* A witness (count 0) or a group. */
struct tlog_member {
    struct slice name;
    struct note_vkey key; /* of a witness */
    struct slice url;
    uint8_t threshold; /* of a group */
    uint8_t count;
    uint8_t members[TLOG_MEMBERS_MAX]; /* earlier ones */
    bool taken;                        /* is a member of a group */
};

enum { TLOG_NO_QUORUM = 0xff }; /* "quorum none" */

struct tlog_policy {
    struct tlog_log logs[TLOG_LOGS_MAX];
    size_t log_count;
    struct tlog_member members[TLOG_MEMBERS_MAX];
    size_t member_count;
    uint8_t quorum; /* a member, or TLOG_NO_QUORUM */
};

/*
 * Read `text`, from which `out` borrows. `*line` is where it failed. ERR_MALFORMED, ERR_DUPLICATE
 * (a key, a name, a member of two groups), ERR_UNKNOWN_NAME, ERR_RANGE (threshold), ERR_MISSING
 * (quorum), ERR_LIMIT, ERR_ALGORITHM.
 */
cocoon_err tlog_policy_read(struct slice text, struct tlog_policy *out, size_t *line,
                            struct fail *fail) MUST_CHECK;

/* What a policy makes of a note. */
struct tlog_verdict {
    size_t log;        /* which of the policy's logs signed */
    uint64_t complete; /* time at which the newest quorum was complete; 0: there is none */
    uint64_t times[TLOG_MEMBERS_MAX]; /* of each witness's cosignature or group's quorum; 0: none */
};

/*
 * Check `note`: signed by one of the logs, the text's first line being its name, and every
 * signature by a key of the policy good. Cosignatures from after `latest` do not count.
 * ERR_UNTRUSTED (no log signed), ERR_SIGNATURE. Whether the quorum is there is in the verdict: with
 * "quorum none", complete is `latest`.
 */
cocoon_err tlog_policy_check(const struct tlog_policy *policy, const struct note *note,
                             uint64_t latest, struct tlog_verdict *out,
                             struct fail *fail) MUST_CHECK;

/* Return the index of the log whose name is `origin`, or -1. */
int tlog_policy_find_log(const struct tlog_policy *policy, struct slice origin);

#endif
