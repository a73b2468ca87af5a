#include "ledger/tlog_policy.h"

#include <assert.h>
#include <string.h>

#include "ledger/checkpoint.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Cut the next word off `*line`; empty at its end. */
static struct slice word(struct slice *line)
{
    struct slice out = slice_trim(*line);
    size_t len = 0;

    while (len < out.len && !is_blank(out.ptr[len]))
        len++;
    *line = slice_skip(out, len);
    return slice_sub(out, 0, len);
}

static bool bytes_ok(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] < 0x20 && text.ptr[i] != '\t' && text.ptr[i] != '\n') ||
            text.ptr[i] == 0x7f)
            return false;
    return true;
}

static struct tlog_member *find_member(struct tlog_policy *p, struct slice name)
{
    for (size_t i = 0; i < p->member_count; i++)
        if (slice_eq(p->members[i].name, name))
            return &p->members[i];
    return NULL;
}

/* Start a witness or group. */
static cocoon_err add_member(struct tlog_policy *p, struct slice name, struct tlog_member **out,
                             struct fail *fail)
{
    if (name.len == 0)
        return fail_set(fail, ERR_MALFORMED, 0, "a name is missing");
    if (slice_eq_text(name, "none") || find_member(p, name) != NULL)
        return fail_set(fail, ERR_DUPLICATE, 0, "the name is taken");
    if (p->member_count == TLOG_MEMBERS_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "too many witnesses and groups");
    *out = &p->members[p->member_count++];
    **out = (struct tlog_member){.name = name};
    return OK;
}

static cocoon_err read_log(struct tlog_policy *p, struct slice line, struct fail *fail)
{
    struct tlog_log *log = &p->logs[p->log_count];
    cocoon_err err;

    if (p->log_count == TLOG_LOGS_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "too many logs");
    if ((err = note_vkey_read(word(&line), NOTE_ED25519, &log->key, fail)) != OK)
        return err;
    log->url = word(&line);
    if (word(&line).len != 0)
        return fail_set(fail, ERR_MALFORMED, 0, "words after the log's URL");
    for (size_t i = 0; i < p->log_count; i++)
        if (memcmp(p->logs[i].key.public_key, log->key.public_key, 32) == 0)
            return fail_set(fail, ERR_DUPLICATE, 0, "two logs have one key");
    p->log_count++;
    return OK;
}

static cocoon_err read_witness(struct tlog_policy *p, struct slice line, struct fail *fail)
{
    struct tlog_member *w;
    cocoon_err err = add_member(p, word(&line), &w, fail);

    if (err != OK)
        return err;
    if ((err = note_vkey_read(word(&line), NOTE_COSIGNATURE, &w->key, fail)) != OK)
        return err;
    w->url = word(&line);
    if (word(&line).len != 0)
        return fail_set(fail, ERR_MALFORMED, 0, "words after the witness's URL");
    for (size_t i = 0; i + 1 < p->member_count; i++)
        if (p->members[i].count == 0 &&
            memcmp(p->members[i].key.public_key, w->key.public_key, 32) == 0)
            return fail_set(fail, ERR_DUPLICATE, 0, "two witnesses have one key");
    return OK;
}

static cocoon_err read_threshold(struct slice text, uint8_t count, uint8_t *out, struct fail *fail)
{
    uint64_t k;

    if (slice_eq_text(text, "all"))
        k = count;
    else if (slice_eq_text(text, "any"))
        k = 1;
    else if (slice_u64(text, &k) != OK)
        return fail_set(fail, ERR_MALFORMED, 0, "the threshold is no number, all or any");
    if (k < 1 || k > count)
        return fail_set(fail, ERR_RANGE, 0, "the threshold is not between 1 and the members");
    *out = (uint8_t)k;
    return OK;
}

static cocoon_err read_group(struct tlog_policy *p, struct slice line, struct fail *fail)
{
    struct slice name = word(&line), threshold = word(&line), one;
    struct tlog_member *group;
    cocoon_err err = add_member(p, name, &group, fail);

    if (err != OK)
        return err;
    while ((one = word(&line)).len > 0) {
        struct tlog_member *m = find_member(p, one);

        if (m == NULL || m == group)
            return fail_set(fail, ERR_UNKNOWN_NAME, 0, "a member is not defined before the group");
        if (m->taken)
            return fail_set(fail, ERR_DUPLICATE, 0, "a member of two groups");
        m->taken = true;
        group->members[group->count++] = (uint8_t)(m - p->members);
    }
    return read_threshold(threshold, group->count, &group->threshold, fail);
}

static cocoon_err read_quorum(struct tlog_policy *p, struct slice line, bool *seen,
                              struct fail *fail)
{
    struct slice name = word(&line);
    const struct tlog_member *m = find_member(p, name);

    if (*seen)
        return fail_set(fail, ERR_DUPLICATE, 0, "two quorum lines");
    *seen = true;
    if (word(&line).len != 0)
        return fail_set(fail, ERR_MALFORMED, 0, "words after the quorum's name");
    if (slice_eq_text(name, "none")) {
        p->quorum = TLOG_NO_QUORUM;
        return OK;
    }
    if (m == NULL)
        return fail_set(fail, ERR_UNKNOWN_NAME, 0, "the quorum is not defined");
    p->quorum = (uint8_t)(m - p->members);
    return OK;
}

static cocoon_err read_line(struct tlog_policy *p, struct slice line, bool *seen, struct fail *fail)
{
    struct slice first = word(&line);

    if (first.len == 0 || first.ptr[0] == '#')
        return OK;
    if (slice_eq_text(first, "log"))
        return read_log(p, line, fail);
    if (slice_eq_text(first, "witness"))
        return read_witness(p, line, fail);
    if (slice_eq_text(first, "group"))
        return read_group(p, line, fail);
    if (slice_eq_text(first, "quorum"))
        return read_quorum(p, line, seen, fail);
    return fail_set(fail, ERR_MALFORMED, 0, "a line that is no log, witness, group or quorum");
}

cocoon_err tlog_policy_read(struct slice text, struct tlog_policy *out, size_t *line,
                            struct fail *fail)
{
    bool seen = false;
    cocoon_err err = OK;

    *line = 0;
    out->log_count = out->member_count = 0;
    if (text.len > TLOG_TEXT_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "the log policy is too long");
    if (!bytes_ok(text))
        return fail_set(fail, ERR_MALFORMED, 0, "control characters in the log policy");
    while (err == OK && text.len > 0) {
        ++*line;
        err = read_line(out, slice_cut(&text, '\n'), &seen, fail);
    }
    if (err == OK && !seen)
        err = fail_set(fail, ERR_MISSING, 0, "no quorum line");
    return err;
}

int tlog_policy_find_log(const struct tlog_policy *policy, struct slice origin)
{
    for (size_t i = 0; i < policy->log_count; i++)
        if (slice_eq(policy->logs[i].key.name, origin))
            return (int)i;
    return -1;
}

/* Find the log that signed; a log's signature that fails condemns the note. */
static cocoon_err check_logs(const struct tlog_policy *p, const struct note *note, size_t *log,
                             struct fail *fail)
{
    struct slice rest = note->text, origin = slice_cut(&rest, '\n');
    bool found = false;

    for (size_t i = 0; i < p->log_count; i++) {
        cocoon_err err = OK;

        if (!slice_eq(p->logs[i].key.name, origin))
            continue;
        err = note_verify(note, &p->logs[i].key, NULL);
        if (err == ERR_MISSING)
            continue;
        if (err != OK)
            return fail_set(fail, err, 0, "the log's signature does not verify");
        *log = i;
        found = true;
    }
    return found ? OK : fail_set(fail, ERR_UNTRUSTED, 0, "no log of the policy signed");
}

/* Return the threshold-th largest of the times of a group's members: when it was complete. */
static uint64_t group_time(const struct tlog_member *group, const uint64_t *times)
{
    uint64_t sorted[TLOG_MEMBERS_MAX];

    for (unsigned i = 0; i < group->count; i++) {
        uint64_t t = times[group->members[i]];
        unsigned at = i;

        for (; at > 0 && sorted[at - 1] < t; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = t;
    }
    return sorted[group->threshold - 1];
}

cocoon_err tlog_policy_check(const struct tlog_policy *policy, const struct note *note,
                             uint64_t latest, struct tlog_verdict *out, struct fail *fail)
{
    cocoon_err err = check_logs(policy, note, &out->log, fail);

    for (size_t i = 0; err == OK && i < policy->member_count; i++) {
        const struct tlog_member *m = &policy->members[i];
        uint64_t *time = &out->times[i];

        *time = 0;
        if (m->count > 0) {
            *time = group_time(m, out->times);
            continue;
        }
        err = note_verify(note, &m->key, time);
        if (err == ERR_MISSING)
            err = OK;
        else if (err != OK)
            err = fail_set(fail, err, 0, "a cosignature does not verify");
        if (*time > latest)
            *time = 0;
    }
    out->complete = policy->quorum == TLOG_NO_QUORUM ? latest : out->times[policy->quorum];
    return err;
}
