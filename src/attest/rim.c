/*
 * SWID tag (ISO/IEC 19770-2:2015) in the TCG RIM profile, as NVIDIA writes it:
 *
 *   SoftwareIdentity
 *     Meta      colloquialVersion, product, ..
 *     Payload
 *       Resource type="Measurement" index="0" active="True" alternatives="2"
 *                sha384:Hash0="<hex>" sha384:Hash1="<hex>" name=".." size="48"
 *     ds:Signature
 *
 * The Hash attributes are in the namespace http://www.w3.org/2001/04/xmlenc#sha384. Only
 * active="False" makes an index inactive. An active index must have between 1 and 16 alternatives,
 * each of 48 bytes, and stand once.
 */
#include "attest/rim.h"

#include "base/hex.h"

#define SWID   "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define SHA384 "http://www.w3.org/2001/04/xmlenc#sha384"

static bool read_number(const struct xml_node *node, const char *name, uint64_t max, uint64_t *out)
{
    struct slice text;

    return xml_attr(node, "", slice_text(name), &text) && slice_u64(text, out) == OK && *out <= max;
}

/* Decode alternative `k` of `resource`. */
static bool read_value(const struct xml_node *resource, unsigned k, uint8_t out[RIM_VALUE_SIZE])
{
    char name[] = "Hash00";
    struct slice text, hex;

    if (k < 10) {
        name[4] = (char)('0' + k);
        text = slice_make(name, 5);
    } else {
        name[4] = (char)('0' + k / 10);
        name[5] = (char)('0' + k % 10);
        text = slice_make(name, 6);
    }
    return xml_attr(resource, SHA384, text, &hex) && hex_read_any(hex, out, RIM_VALUE_SIZE) == OK;
}

static bool values_ok(const struct xml_node *resource)
{
    uint8_t value[RIM_VALUE_SIZE];
    uint64_t count, size;

    if (!read_number(resource, "alternatives", RIM_ALTERNATIVES_MAX, &count) || count == 0 ||
        !read_number(resource, "size", RIM_VALUE_SIZE, &size) || size != RIM_VALUE_SIZE)
        return false;
    for (unsigned k = 0; k < count; k++)
        if (!read_value(resource, k, value))
            return false;
    return true;
}

static cocoon_err read_resource(const struct xml_node *resource, struct rim *out)
{
    struct slice type, active;
    uint64_t index;

    if (!xml_attr(resource, "", SLICE_LIT("type"), &type) || !slice_eq_text(type, "Measurement"))
        return OK;
    if (!read_number(resource, "index", RIM_MEASUREMENTS_MAX - 1, &index) ||
        !xml_attr(resource, "", SLICE_LIT("active"), &active))
        return ERR_MALFORMED;
    if (slice_eq_text(active, "False"))
        return OK;
    if (out->measurements[index] != NULL)
        return ERR_DUPLICATE;
    if (!values_ok(resource))
        return ERR_MALFORMED;
    out->measurements[index] = resource;
    out->active++;
    return OK;
}

static cocoon_err read_tag(const struct xml_node *root, struct rim *out)
{
    const struct xml_node *meta = xml_child(root, SWID, "Meta");
    const struct xml_node *payload = xml_child(root, SWID, "Payload");
    cocoon_err err = OK;

    if (!xml_is(root, SWID, "SoftwareIdentity") || meta == NULL || payload == NULL)
        return ERR_MISSING;
    if (xml_sibling(meta, SWID, "Meta") != NULL || xml_sibling(payload, SWID, "Payload") != NULL)
        return ERR_DUPLICATE;
    if (!xml_attr(meta, "", SLICE_LIT("colloquialVersion"), &out->version) ||
        !xml_attr(meta, "", SLICE_LIT("product"), &out->product))
        return ERR_MISSING;
    for (const struct xml_node *n = xml_child(payload, SWID, "Resource"); n != NULL && err == OK;
         n = xml_sibling(n, SWID, "Resource"))
        err = read_resource(n, out);
    if (err == OK && out->active == 0)
        err = ERR_MISSING;
    return err;
}

cocoon_err rim_parse(struct slice xml, struct arena *arena, struct rim *out, struct fail *fail)
{
    const struct xml_node *root;
    cocoon_err err;

    *out = (struct rim){0};
    if ((err = xml_parse(xml, arena, &root, fail)) != OK ||
        (err = xmldsig_read(root, arena, &out->signature, fail)) != OK)
        return err;
    if ((err = read_tag(root, out)) != OK)
        return fail_set(fail, err, 0, "manifest: an element or attribute is not as specified");
    return OK;
}

bool rim_has(const struct rim *rim, size_t index, struct slice value)
{
    uint8_t golden[RIM_VALUE_SIZE];
    uint64_t count;

    if (index >= RIM_MEASUREMENTS_MAX || rim->measurements[index] == NULL ||
        !read_number(rim->measurements[index], "alternatives", RIM_ALTERNATIVES_MAX, &count))
        return false;
    for (unsigned k = 0; k < count; k++)
        if (read_value(rim->measurements[index], k, golden) && slice_eq(value, SLICE_OF(golden)))
            return true;
    return false;
}
