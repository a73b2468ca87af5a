/*
 * Intel TCB info, JSON.
 *
 *   {"tcbInfo": { signed bytes: this member's value, exactly as it stands
 *      id               "SGX" | "TDX"          version 3; version 2 is SGX only
 *      version          2 | 3
 *      issueDate, nextUpdate                   RFC 3339
 *      fmspc, pceId                            hex in either case: both are published
 *      tcbType          0
 *      tcbEvaluationDataNumber
 *      tdxModule        {mrsigner, attributes, attributesMask}             TDX
 *      tdxModuleIdentities [{id, mrsigner, attributes, attributesMask,
 *                        tcbLevels [{tcb {isvsvn}, tcbDate, tcbStatus, advisoryIDs?}]}]
 *      tcbLevels        [{tcb, tcbDate, tcbStatus, advisoryIDs?}]
 *        version 2: tcb {sgxtcbcomp01svn .. sgxtcbcomp16svn, pcesvn}
 *        version 3: tcb {sgxtcbcomponents [16 x {svn}], pcesvn, tdxtcbcomponents [16 x {svn}]}
 *    }, "signature": "<r || s, hex>"}
 *
 * Levels are compared from the highest down. Intel publishes them in that order, but nothing says
 * so, hence they are sorted: by SGX components in lexical order, then PCE, then TDX components.
 * Component arrays must have 16 entries: a shorter one would leave components unchecked.
 *
 * Source: Intel SGX and TDX Provisioning Certification Service, API version 4, "Get TCB Info".
 */
#include "attest/tcb_info.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

cocoon_err tcb_hex_read(const struct json *object, const char *name, void *out, size_t len)
{
    struct slice text;
    cocoon_err err = json_get_text(object, name, &text);

    return err != OK ? err : hex_read_any(text, out, len);
}

static cocoon_err read_date(const struct json *object, const char *name, unix_time *out)
{
    struct slice text;
    cocoon_err err = json_get_text(object, name, &text);

    return err != OK ? err : rfc3339_read(text, out);
}

cocoon_err tcb_dates_read(const struct json *body, unix_time *issue, unix_time *next)
{
    cocoon_err err = read_date(body, "issueDate", issue);

    return err != OK ? err : read_date(body, "nextUpdate", next);
}

cocoon_err tcb_signed_read(struct slice json, const char *name, struct arena *arena,
                           const struct json **body, uint8_t signature[64], struct fail *fail)
{
    const char *const members[] = {name, "signature"};
    const struct json *root;
    cocoon_err err;

    if ((err = json_parse(json, arena, &root, fail)) != OK)
        return err;
    if ((err = json_only(root, members, 2)) != OK)
        return fail_set(fail, err, 0, "Intel collateral: members other than body and signature");
    if ((err = json_get_object(root, name, body)) != OK)
        return fail_set(fail, err, 0, "Intel collateral: body");
    if ((err = tcb_hex_read(root, "signature", signature, 64)) != OK)
        return fail_set(fail, err, 0, "Intel collateral: signature is not 64 bytes in hex");
    return OK;
}

/* Advisory identifiers go into transcripts: short, visible ASCII. */
static bool advisory_ok(struct slice id)
{
    if (id.len == 0 || id.len > ADVISORY_LENGTH_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] <= ' ' || id.ptr[i] > '~')
            return false;
    return true;
}

static cocoon_err read_advisories(const struct json *level, const struct json **out)
{
    const struct json *list = json_find(level, "advisoryIDs");

    *out = NULL;
    if (list == NULL)
        return OK;
    if (list->kind != JSON_ARRAY)
        return ERR_TYPE;
    if (list->count > ADVISORIES_MAX)
        return ERR_LIMIT;
    for (const struct json *id = list->first; id != NULL; id = id->next)
        if (id->kind != JSON_STRING || !advisory_ok(id->text))
            return ERR_MALFORMED;
    *out = list;
    return OK;
}

static cocoon_err read_verdict(const struct json *level,
                               cocoon_err (*read_status)(struct slice, enum tcb_status *),
                               struct tcb_verdict *out)
{
    struct slice status;
    cocoon_err err;

    if ((err = json_get_text(level, "tcbStatus", &status)) != OK ||
        (err = read_status(status, &out->status)) != OK ||
        (err = read_date(level, "tcbDate", &out->date)) != OK)
        return err;
    return read_advisories(level, &out->advisories);
}

static cocoon_err read_svn_level(const struct json *level, struct tcb_svn_level *out)
{
    const struct json *tcb;
    cocoon_err err;

    if ((err = json_get_object(level, "tcb", &tcb)) != OK ||
        (err = json_get_u64(tcb, "isvsvn", &out->isv_svn)) != OK)
        return err;
    return read_verdict(level, tcb_component_status_read, &out->verdict);
}

/* Put the `count`-th of `levels` where it belongs among those before it, highest first. */
static void sink_svn_level(struct tcb_svn_level *levels, size_t count)
{
    struct tcb_svn_level last = levels[count];

    for (; count > 0 && levels[count - 1].isv_svn < last.isv_svn; count--)
        levels[count] = levels[count - 1];
    levels[count] = last;
}

cocoon_err tcb_svn_levels_read(const struct json *object, const char *name, struct arena *arena,
                               struct tcb_svn_level **out, size_t *count)
{
    const struct json *list;
    cocoon_err err = json_get_array(object, name, &list);

    *count = 0;
    if (err != OK)
        return err;
    if (list->count > TCB_LEVELS_MAX)
        return ERR_LIMIT;
    if ((*out = ARENA_ARRAY(arena, list->count + 1, struct tcb_svn_level)) == NULL)
        return ERR_NOMEM;
    for (const struct json *level = list->first; level != NULL; level = level->next) {
        if ((err = read_svn_level(level, &(*out)[*count])) != OK)
            return err;
        sink_svn_level(*out, *count);
        (*count)++;
    }
    return OK;
}

static cocoon_err read_module_identity(const struct json *json, struct tdx_module *out)
{
    cocoon_err err;

    if ((err = tcb_hex_read(json, "mrsigner", out->mrsigner, TDX_MRSIGNER_SIZE)) != OK ||
        (err = tcb_hex_read(json, "attributes", out->attributes, TDX_ATTRIBUTES_SIZE)) != OK)
        return err;
    return tcb_hex_read(json, "attributesMask", out->attributes_mask, TDX_ATTRIBUTES_SIZE);
}

static cocoon_err read_modules(const struct json *body, struct arena *arena, struct tcb_info *out)
{
    const struct json *module, *list;
    cocoon_err err;

    if ((err = json_get_object(body, "tdxModule", &module)) != OK ||
        (err = read_module_identity(module, &out->module)) != OK)
        return err;
    out->has_module = true;
    if ((list = json_find(body, "tdxModuleIdentities")) == NULL)
        return OK;
    if (list->kind != JSON_ARRAY)
        return ERR_TYPE;
    if (list->count > TDX_MODULES_MAX)
        return ERR_LIMIT;
    for (module = list->first; module != NULL; module = module->next) {
        struct tdx_module *m = &out->modules[out->module_count++];

        if ((err = json_get_text(module, "id", &m->id)) != OK ||
            (err = read_module_identity(module, m)) != OK ||
            (err = tcb_svn_levels_read(module, "tcbLevels", arena, &m->levels, &m->level_count)) !=
                OK)
            return err;
    }
    return OK;
}

static cocoon_err read_svn(const struct json *object, const char *name, uint8_t *out)
{
    uint64_t svn;
    cocoon_err err = json_get_u64(object, name, &svn);

    if (err != OK)
        return err;
    if (svn > UINT8_MAX)
        return ERR_RANGE;
    *out = (uint8_t)svn;
    return OK;
}

static cocoon_err read_components(const struct json *tcb, const char *name,
                                  uint8_t out[PCK_COMPONENTS])
{
    const struct json *list;
    size_t i = 0;
    cocoon_err err = json_get_array(tcb, name, &list);

    if (err != OK)
        return err;
    if (list->count != PCK_COMPONENTS)
        return ERR_MALFORMED;
    for (const struct json *c = list->first; c != NULL; c = c->next)
        if ((err = read_svn(c, "svn", &out[i++])) != OK)
            return err;
    return OK;
}

static cocoon_err read_components_v2(const struct json *tcb, uint8_t out[PCK_COMPONENTS])
{
    static const char *const names[PCK_COMPONENTS] = {
        "sgxtcbcomp01svn", "sgxtcbcomp02svn", "sgxtcbcomp03svn", "sgxtcbcomp04svn",
        "sgxtcbcomp05svn", "sgxtcbcomp06svn", "sgxtcbcomp07svn", "sgxtcbcomp08svn",
        "sgxtcbcomp09svn", "sgxtcbcomp10svn", "sgxtcbcomp11svn", "sgxtcbcomp12svn",
        "sgxtcbcomp13svn", "sgxtcbcomp14svn", "sgxtcbcomp15svn", "sgxtcbcomp16svn"};
    cocoon_err err = OK;

    for (size_t i = 0; i < PCK_COMPONENTS && err == OK; i++)
        err = read_svn(tcb, names[i], &out[i]);
    return err;
}

static cocoon_err read_level(const struct json *json, const struct tcb_info *info,
                             struct tcb_level *out)
{
    const struct json *tcb;
    cocoon_err err;

    if ((err = json_get_object(json, "tcb", &tcb)) != OK ||
        (err = json_get_u64(tcb, "pcesvn", &out->pce_svn)) != OK)
        return err;
    err = info->version == 2 ? read_components_v2(tcb, out->sgx)
                             : read_components(tcb, "sgxtcbcomponents", out->sgx);
    if (err == OK && info->is_tdx)
        err = read_components(tcb, "tdxtcbcomponents", out->tdx);
    return err != OK ? err : read_verdict(json, tcb_status_read, &out->verdict);
}

/* Order two levels: SGX components, then PCE, then TDX components. */
static int compare_levels(const struct tcb_level *a, const struct tcb_level *b)
{
    int order = memcmp(a->sgx, b->sgx, sizeof a->sgx);

    if (order == 0 && a->pce_svn != b->pce_svn)
        order = a->pce_svn < b->pce_svn ? -1 : 1;
    return order != 0 ? order : memcmp(a->tdx, b->tdx, sizeof a->tdx);
}

static void sink_level(struct tcb_level *levels, size_t count)
{
    struct tcb_level last = levels[count];

    for (; count > 0 && compare_levels(&levels[count - 1], &last) < 0; count--)
        levels[count] = levels[count - 1];
    levels[count] = last;
}

static cocoon_err read_levels(const struct json *body, struct arena *arena, struct tcb_info *out)
{
    const struct json *list;
    cocoon_err err = json_get_array(body, "tcbLevels", &list);

    if (err != OK)
        return err;
    if (list->count > TCB_LEVELS_MAX)
        return ERR_LIMIT;
    if ((out->levels = ARENA_ARRAY(arena, list->count + 1, struct tcb_level)) == NULL)
        return ERR_NOMEM;
    for (const struct json *level = list->first; level != NULL; level = level->next) {
        if ((err = read_level(level, out, &out->levels[out->level_count])) != OK)
            return err;
        sink_level(out->levels, out->level_count);
        out->level_count++;
    }
    return OK;
}

/* Read version and id: version 2 has no id and is about SGX. */
static cocoon_err read_kind(const struct json *body, struct tcb_info *out)
{
    struct slice id;
    cocoon_err err = json_get_u64(body, "version", &out->version);

    if (err != OK)
        return err;
    if (out->version == 2)
        return OK;
    if (out->version != 3)
        return ERR_VERSION;
    if ((err = json_get_text(body, "id", &id)) != OK)
        return err;
    out->is_tdx = slice_eq_text(id, "TDX");
    return out->is_tdx || slice_eq_text(id, "SGX") ? OK : ERR_UNKNOWN_NAME;
}

static cocoon_err read_body(const struct json *body, struct arena *arena, struct tcb_info *out)
{
    uint64_t type;
    cocoon_err err;

    if ((err = read_kind(body, out)) != OK ||
        (err = tcb_dates_read(body, &out->issue_date, &out->next_update)) != OK ||
        (err = tcb_hex_read(body, "fmspc", out->fmspc, sizeof out->fmspc)) != OK ||
        (err = tcb_hex_read(body, "pceId", out->pce_id, sizeof out->pce_id)) != OK ||
        (err = json_get_u64(body, "tcbType", &type)) != OK ||
        (err = json_get_u64(body, "tcbEvaluationDataNumber", &out->evaluation)) != OK)
        return err;
    if (type != 0) /* how components compose; only 0 is defined */
        return ERR_UNSUPPORTED;
    if (out->is_tdx && (err = read_modules(body, arena, out)) != OK)
        return err;
    return read_levels(body, arena, out);
}

cocoon_err tcb_info_parse(struct slice json, struct arena *arena, struct tcb_info **out,
                          struct fail *fail)
{
    struct tcb_info *info = ARENA_NEW(arena, struct tcb_info);
    const struct json *body;
    cocoon_err err;

    if (info == NULL)
        return fail_set(fail, ERR_NOMEM, 0, "TCB info: out of memory");
    if ((err = tcb_signed_read(json, "tcbInfo", arena, &body, info->signature, fail)) != OK)
        return err;
    info->signed_bytes = body->source;
    if ((err = read_body(body, arena, info)) != OK)
        return fail_set(fail, err, (size_t)(body->source.ptr - json.ptr),
                        "TCB info: a member is missing or not as specified");
    *out = info;
    return OK;
}

static bool at_least(const uint8_t *have, const uint8_t *need, size_t from)
{
    for (size_t i = from; i < PCK_COMPONENTS; i++)
        if (have[i] < need[i])
            return false;
    return true;
}

const struct tcb_level *tcb_info_match(const struct tcb_info *info, const struct pck_extension *pck,
                                       struct slice tee_tcb_svn)
{
    assert(tee_tcb_svn.len == (info->is_tdx ? PCK_COMPONENTS : 0));
    for (size_t i = 0; i < info->level_count; i++) {
        const struct tcb_level *level = &info->levels[i];

        if (!at_least(pck->components, level->sgx, 0) || pck->pce_svn < level->pce_svn)
            continue;
        /* Components 0 and 1 are the module's own version, judged by its identity where it has
         * one. */
        if (!info->is_tdx || at_least(tee_tcb_svn.ptr, level->tdx, tee_tcb_svn.ptr[1] > 0 ? 2 : 0))
            return level;
    }
    return NULL;
}

const struct tdx_module *tcb_info_module(const struct tcb_info *info, uint8_t version)
{
    static const char digits[] = "0123456789ABCDEF";
    char id[] = "TDX_00";

    id[4] = digits[version >> 4];
    id[5] = digits[version & 15];
    for (size_t i = 0; i < info->module_count; i++)
        if (slice_eq_nocase(info->modules[i].id, slice_text(id)))
            return &info->modules[i];
    return NULL;
}

const struct tcb_svn_level *tcb_svn_match(const struct tcb_svn_level *levels, size_t count,
                                          uint64_t svn)
{
    for (size_t i = 0; i < count; i++)
        if (svn >= levels[i].isv_svn)
            return &levels[i];
    return NULL;
}
