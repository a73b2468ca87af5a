/*
 * policy.conf, docs/spec/policy.md. Every section and key it may hold stands in the table below;
 * anything else is an error with its line.
 */
#include "attest/policy.h"

#include <string.h>

#include "attest/roots.h"
#include "attest/snp.h"
#include "base/hex.h"
#include "base/mem.h"
#include "codec/ini.h"
#include "crypto/hash.h"

enum { DAY = 24 * 3600, DAYS_MAX = 3650, SKEW_MAX = 3600, EVALUATION_MAX = 1000000, VMPL_MAX = 3 };

static const struct ini_known known[] = {
    {"network", "id", INI_ONE},
    {"roots", "builtin", INI_ONE},
    {"roots", "root", INI_MANY},
    {"sim", "allow", INI_ONE},
    {"sim", "root", INI_ONE},
    {"tlog", NULL, INI_LINES},
    {"release", "measure", INI_MANY},
    {"release", "from_log", INI_ONE},
    {"release", "require_receipt_log", INI_ONE},
    {"tcb", "accept", INI_ONE},
    {"tcb", "deny_advisory", INI_MANY},
    {"tcb", "grace_days", INI_ONE},
    {"tcb", "collateral_grace_days", INI_ONE},
    {"tcb", "clock_skew", INI_ONE},
    {"tcb", "min_evaluation", INI_ONE},
    {"tcb", "allow_debug", INI_ONE},
    {"tcb", "allow_sept_ve", INI_ONE},
    {"tcb", "allow_migration", INI_ONE},
    {"tcb", "allow_service_td", INI_ONE},
    {"tcb", "allow_provisional", INI_ONE},
    {"tcb", "require_ocsp", INI_ONE},
    {"tcb", "allow_ocsp_hold", INI_ONE},
    {"tcb", "snp_min", INI_MANY},
    {"tcb", "snp_vmpl_max", INI_ONE},
    {"claims", "require", INI_MANY},
    {"egress", "allow", INI_ONE},
};

/* Statuses that a policy may accept. Revoked is not among them, and never will be. */
static const char *const statuses[] = {
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "TDRelaunchAdvised",
    "TDRelaunchAdvisedConfigurationNeeded",
};

/* One file while it is read. */
struct reading {
    struct ini ini;
    struct policy *p;
    struct arena *arena;
    struct fail *fail; /* offset: the line */
};

static cocoon_err complain(const struct reading *r, const struct ini_entry *e, cocoon_err err,
                           const char *what)
{
    return fail_set(r->fail, err, e->line, what);
}

/* Cut the next word (no spaces or tabs inside) from the front of `*rest`; empty at the end. */
static struct slice next_word(struct slice *rest)
{
    struct slice word;

    *rest = slice_trim(*rest);
    word = slice_cut(rest, ' ');
    *rest = slice_trim(*rest);
    return slice_trim(word);
}

/* --- [network], [roots], [sim] --- */

static cocoon_err read_network(struct reading *r)
{
    const struct ini_entry *e = ini_next(&r->ini, "network", "id", NULL);

    if (e == NULL)
        return OK;
    r->p->has_network = true;
    if (hex_read(e->value, r->p->network_id, sizeof r->p->network_id) != OK)
        return complain(r, e, ERR_MALFORMED, "network id: 64 lower-case hex digits");
    return OK;
}

static cocoon_err read_roots(struct reading *r)
{
    struct policy *p = r->p;
    const struct ini_entry *e = NULL;

    while ((e = ini_next(&r->ini, "roots", "root", e)) != NULL) {
        struct slice rest = e->value;
        struct policy_root *root = &p->roots[p->root_count];
        struct digest spki;

        if (p->root_count == POLICY_ROOTS_MAX)
            return complain(r, e, ERR_LIMIT, "too many roots");
        root->vendor = next_word(&rest);
        if (!vendor_known(root->vendor))
            return complain(r, e, ERR_UNKNOWN_NAME, "vendor of a root");
        if (digest_read(rest, &spki) != OK)
            return complain(r, e, ERR_MALFORMED, "root: VENDOR sha256:<64 hex digits>");
        memcpy(root->spki_sha256, spki.bytes, sizeof spki.bytes);
        p->root_count++;
    }
    return ini_get_bool(&r->ini, "roots", "builtin", true, &p->builtin_roots, r->fail);
}

static cocoon_err read_sim(struct reading *r)
{
    struct policy *p = r->p;
    const struct ini_entry *root = ini_next(&r->ini, "sim", "root", NULL);
    const struct ini_entry *allow = ini_next(&r->ini, "sim", "allow", NULL);
    cocoon_err err = ini_get_bool(&r->ini, "sim", "allow", false, &p->sim_allowed, r->fail);

    if (err != OK)
        return err;
    if (root != NULL && hex_read(root->value, p->sim_root, sizeof p->sim_root) != OK)
        return complain(r, root, ERR_MALFORMED, "sim root: 64 lower-case hex digits");
    if (p->sim_allowed && root == NULL)
        return complain(r, allow, ERR_MISSING, "[sim] allow = yes needs root");
    return OK;
}

/* --- [release] --- */

/* Set `*value` from hex digits, or from text in double quotes. */
static cocoon_err read_value(const struct reading *r, struct slice text, struct slice *value)
{
    uint8_t *bytes;

    if (text.len >= 2 && slice_starts(text, SLICE_LIT("\"")) && slice_ends(text, SLICE_LIT("\""))) {
        *value = slice_sub(text, 1, text.len - 2);
        return value->len > 0 ? OK : ERR_MALFORMED;
    }
    if (text.len == 0)
        return ERR_MALFORMED;
    bytes = arena_new(r->arena, text.len / 2);
    if (bytes == NULL)
        return ERR_NOMEM;
    *value = slice_make(bytes, text.len / 2);
    return hex_read(text, bytes, text.len / 2);
}

/* Read one "name=value" of a measure line. */
static cocoon_err read_measure_word(const struct reading *r, struct slice word,
                                    struct policy_measure *m)
{
    struct slice value = word;
    struct slice name = slice_cut(&value, '=');

    if (name.len == 0 || name.len == word.len || name.len >= POLICY_PATH_MAX)
        return ERR_MALFORMED;
    if (slice_eq_text(name, "from"))
        return rfc3339_read(value, &m->from);
    if (slice_eq_text(name, "until"))
        return rfc3339_read(value, &m->until);
    if (m->count == POLICY_FIELDS_MAX)
        return ERR_LIMIT;
    m->fields[m->count].path = name;
    return read_value(r, value, &m->fields[m->count++].value);
}

static cocoon_err read_measure(struct reading *r, const struct ini_entry *e)
{
    struct policy_measure m = {.from = INT64_MIN, .until = INT64_MAX};
    struct slice rest = e->value;
    cocoon_err err = OK;

    m.name = next_word(&rest);
    m.tee = next_word(&rest);
    while (err == OK && rest.len > 0)
        err = read_measure_word(r, next_word(&rest), &m);
    if (err == OK && m.count == 0)
        err = ERR_MISSING; /* it would accept everything of its kind */
    if (err == OK)
        err = policy_add_measure(r->p, r->arena, &m);
    return err == OK ? OK
                     : complain(r, e, err,
                                "measure: NAME TEE [from=TIME] [until=TIME] CLAIM=HEX or \"TEXT\"");
}

static cocoon_err read_release(struct reading *r)
{
    const struct ini_entry *e = NULL;
    cocoon_err err = OK;

    while (err == OK && (e = ini_next(&r->ini, "release", "measure", e)) != NULL)
        err = read_measure(r, e);
    if (err == OK)
        err = ini_get_bool(&r->ini, "release", "from_log", false, &r->p->release_from_log, r->fail);
    if (err == OK)
        err = ini_get_bool(&r->ini, "release", "require_receipt_log", false,
                           &r->p->require_receipt_log, r->fail);
    return err;
}

/* --- [tcb] --- */

static bool is_status(struct slice word)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (slice_eq_text(word, statuses[i]))
            return true;
    return false;
}

static cocoon_err read_accept(struct reading *r)
{
    const struct ini_entry *e = ini_next(&r->ini, "tcb", "accept", NULL);
    struct policy_words *words = &r->p->tcb_accept;
    struct slice rest;

    if (e == NULL)
        return OK;
    words->count = 0;
    for (rest = e->value; rest.len > 0;) {
        struct slice word = next_word(&rest);

        if (!is_status(word) || policy_has(words, word))
            return complain(r, e, ERR_UNKNOWN_NAME, "a TCB status that may be accepted, once");
        words->words[words->count++] = word; /* each of COUNT_OF(statuses) at most once */
    }
    return OK;
}

/* Gather the values of a repeated key. */
static cocoon_err read_words(struct reading *r, const char *key, struct policy_words *out)
{
    const struct ini_entry *e = NULL;

    while ((e = ini_next(&r->ini, "tcb", key, e)) != NULL) {
        if (out->count == POLICY_WORDS_MAX)
            return complain(r, e, ERR_LIMIT, "too many entries");
        if (e->value.len == 0)
            return complain(r, e, ERR_MALFORMED, "empty value");
        out->words[out->count++] = e->value;
    }
    return OK;
}

static cocoon_err read_floors(struct reading *r)
{
    const struct ini_entry *e = NULL;
    cocoon_err err = read_words(r, "snp_min", &r->p->snp_min);

    while (err == OK && (e = ini_next(&r->ini, "tcb", "snp_min", e)) != NULL) {
        enum snp_product product;
        struct snp_tcb floor;

        err = snp_floor_read(e->value, &product, &floor);
        if (err != OK)
            err = complain(r, e, err, "snp_min: PRODUCT:BL.TEE.SNP.MICROCODE");
    }
    return err;
}

/* Read a number of at most `max`, times `unit`. */
static cocoon_err read_number(struct reading *r, const char *key, uint64_t max, int64_t unit,
                              int64_t *out)
{
    const struct ini_entry *e = ini_next(&r->ini, "tcb", key, NULL);
    uint64_t value;

    if (e == NULL)
        return OK;
    if (slice_u64(e->value, &value) != OK || value > max)
        return complain(r, e, ERR_RANGE, "number out of range");
    *out = (int64_t)value * unit;
    return OK;
}

static cocoon_err read_flags(struct reading *r)
{
    struct policy *p = r->p;
    const struct {
        const char *key;
        bool *flag;
    } flags[] = {
        {"allow_debug", &p->allow_debug},
        {"allow_sept_ve", &p->allow_sept_ve},
        {"allow_migration", &p->allow_migration},
        {"allow_service_td", &p->allow_service_td},
        {"allow_provisional", &p->allow_provisional},
        {"require_ocsp", &p->require_ocsp},
        {"allow_ocsp_hold", &p->allow_ocsp_hold},
    };
    cocoon_err err = OK;

    for (size_t i = 0; err == OK && i < COUNT_OF(flags); i++)
        err = ini_get_bool(&r->ini, "tcb", flags[i].key, *flags[i].flag, flags[i].flag, r->fail);
    return err;
}

static cocoon_err read_tcb(struct reading *r)
{
    struct policy *p = r->p;
    cocoon_err err = read_accept(r);

    if (err == OK)
        err = read_words(r, "deny_advisory", &p->deny_advisory);
    if (err == OK)
        err = read_floors(r);
    if (err == OK)
        err = read_number(r, "grace_days", DAYS_MAX, DAY, &p->tcb_grace);
    if (err == OK)
        err = read_number(r, "collateral_grace_days", DAYS_MAX, DAY, &p->collateral_grace);
    if (err == OK)
        err = read_number(r, "clock_skew", SKEW_MAX, 1, &p->clock_skew);
    if (err == OK)
        err = read_number(r, "min_evaluation", EVALUATION_MAX, 1, &p->min_evaluation);
    if (err == OK)
        err = read_number(r, "snp_vmpl_max", VMPL_MAX, 1, &p->snp_vmpl_max);
    return err == OK ? read_flags(r) : err;
}

/* --- [claims] --- */

static cocoon_err read_claims(struct reading *r)
{
    const struct ini_entry *e = NULL;

    while ((e = ini_next(&r->ini, "claims", "require", e)) != NULL) {
        struct slice rest = e->value;

        do {
            enum aci_claim claim;

            if (aci_claim_read(next_word(&rest), &claim) != OK)
                return complain(r, e, ERR_UNKNOWN_NAME, "claim");
            r->p->required[claim] = true;
        } while (rest.len > 0);
    }
    return OK;
}

static cocoon_err read_all(struct reading *r)
{
    const struct ini_entry *tlog = ini_next(&r->ini, "tlog", NULL, NULL);
    cocoon_err err = read_network(r);

    if (tlog != NULL)
        r->p->tlog = tlog->value;
    if (err == OK)
        err = read_roots(r);
    if (err == OK)
        err = read_sim(r);
    if (err == OK)
        err = read_release(r);
    if (err == OK)
        err = read_tcb(r);
    if (err == OK)
        err = read_claims(r);
    if (err == OK)
        err = ini_get_bool(&r->ini, "egress", "allow", false, &r->p->egress_allowed, r->fail);
    return err;
}

cocoon_err policy_read(struct slice text, struct arena *arena, struct policy *p, size_t *line,
                       struct fail *fail)
{
    struct reading r = {.p = p, .arena = arena, .fail = fail};
    cocoon_err err = ini_parse(text, known, COUNT_OF(known), arena, &r.ini, fail);

    policy_init(p);
    *line = 0;
    if (err == OK)
        err = read_all(&r);
    if (err != OK)
        *line = fail->offset;
    return err;
}
