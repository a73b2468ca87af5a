/*
 * Intel QE identity, JSON.
 *
 *   {"enclaveIdentity": { signed bytes: this member's value, exactly as it stands
 *      id              "QE" | "TD_QE"
 *      version         2
 *      issueDate, nextUpdate, tcbEvaluationDataNumber
 *      miscselect, miscselectMask     4 bytes, hex, in the order of the report
 *      attributes, attributesMask     16 bytes, likewise
 *      mrsigner                       32 bytes, hex
 *      isvprodid
 *      tcbLevels       [{tcb {isvsvn}, tcbDate, tcbStatus, advisoryIDs?}]
 *    }, "signature": "<r || s, hex>"}
 *
 * Source: Intel SGX and TDX Provisioning Certification Service, API version 4, "Get QE Identity".
 */
#include "attest/qe_identity.h"

static cocoon_err read_masks(const struct json *body, struct qe_identity *out)
{
    cocoon_err err;

    if ((err = tcb_hex_read(body, "miscselect", out->misc_select, 4)) != OK ||
        (err = tcb_hex_read(body, "miscselectMask", out->misc_select_mask, 4)) != OK ||
        (err = tcb_hex_read(body, "attributes", out->attributes, 16)) != OK)
        return err;
    return tcb_hex_read(body, "attributesMask", out->attributes_mask, 16);
}

static cocoon_err read_kind(const struct json *body, struct qe_identity *out)
{
    struct slice id;
    uint64_t version;
    cocoon_err err;

    if ((err = json_get_u64(body, "version", &version)) != OK ||
        (err = json_get_text(body, "id", &id)) != OK)
        return err;
    if (version != 2)
        return ERR_VERSION;
    out->is_td = slice_eq_text(id, "TD_QE");
    return out->is_td || slice_eq_text(id, "QE") ? OK : ERR_UNKNOWN_NAME;
}

static cocoon_err read_body(const struct json *body, struct arena *arena, struct qe_identity *out)
{
    cocoon_err err;

    if ((err = read_kind(body, out)) != OK ||
        (err = tcb_dates_read(body, &out->issue_date, &out->next_update)) != OK ||
        (err = json_get_u64(body, "tcbEvaluationDataNumber", &out->evaluation)) != OK ||
        (err = read_masks(body, out)) != OK ||
        (err = tcb_hex_read(body, "mrsigner", out->mr_signer, sizeof out->mr_signer)) != OK ||
        (err = json_get_u64(body, "isvprodid", &out->isv_prod_id)) != OK)
        return err;
    return tcb_svn_levels_read(body, "tcbLevels", arena, &out->levels, &out->level_count);
}

cocoon_err qe_identity_parse(struct slice json, struct arena *arena, struct qe_identity **out,
                             struct fail *fail)
{
    struct qe_identity *id = ARENA_NEW(arena, struct qe_identity);
    const struct json *body;
    cocoon_err err;

    if (id == NULL)
        return fail_set(fail, ERR_NOMEM, 0, "QE identity: out of memory");
    if ((err = tcb_signed_read(json, "enclaveIdentity", arena, &body, id->signature, fail)) != OK)
        return err;
    id->signed_bytes = body->source;
    if ((err = read_body(body, arena, id)) != OK)
        return fail_set(fail, err, (size_t)(body->source.ptr - json.ptr),
                        "QE identity: a member is missing or not as specified");
    *out = id;
    return OK;
}

/* Tell whether `have`, under `mask`, is `want`. */
static bool masked_eq(struct slice have, const uint8_t *mask, const uint8_t *want)
{
    for (size_t i = 0; i < have.len; i++)
        if ((have.ptr[i] & mask[i]) != want[i])
            return false;
    return true;
}

bool qe_identity_attributes_ok(const struct qe_identity *id, const struct sgx_report *qe)
{
    return masked_eq(qe->misc_select, id->misc_select_mask, id->misc_select) &&
           masked_eq(qe->attributes, id->attributes_mask, id->attributes);
}

bool qe_identity_signer_ok(const struct qe_identity *id, const struct sgx_report *qe)
{
    return slice_eq(qe->mr_signer, SLICE_OF(id->mr_signer)) && qe->isv_prod_id == id->isv_prod_id;
}
