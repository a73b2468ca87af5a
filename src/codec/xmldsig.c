/*
 * ds:Signature
 *   ds:SignedInfo
 *     ds:CanonicalizationMethod Algorithm = C14N
 *     ds:SignatureMethod        Algorithm = ecdsa-sha384
 *     ds:Reference URI=""
 *       ds:Transforms: ds:Transform enveloped-signature, ds:Transform C14N
 *       ds:DigestMethod         Algorithm = sha384
 *       ds:DigestValue          base64
 *   ds:SignatureValue           base64
 *   ds:KeyInfo: ds:X509Data: ds:X509Certificate base64, ...
 *
 * White space may stand between elements and inside base64, nothing else may.
 */
#include "codec/xmldsig.h"

#include "base/b64.h"

#define DS "http://www.w3.org/2000/09/xmldsig#"

static const char ecdsa_sha384[] = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
static const char sha384[] = "http://www.w3.org/2001/04/xmldsig-more#sha384";
static const char enveloped[] = DS "enveloped-signature";
static const char c14n_1_0[] = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
static const char c14n_1_1[] = "http://www.w3.org/2006/12/xml-c14n11";

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool only_space(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_space(s.ptr[i]))
            return false;
    return true;
}

/* Return `node` or the first sibling after it that is not white space. */
static const struct xml_node *skip_space(const struct xml_node *node)
{
    while (node != NULL && node->is_text && only_space(node->text))
        node = node->next;
    return node;
}

/* Step `*at` over the element ds:`local`, which must come next, and return it; NULL if it does not.
 */
static const struct xml_node *take(const struct xml_node **at, const char *local)
{
    const struct xml_node *node = skip_space(*at);

    if (node == NULL || !xml_is(node, DS, local))
        return NULL;
    *at = skip_space(node->next);
    return node;
}

/* Tell whether `node` is there and its only attribute is `name` = `value`. */
static bool has_only(const struct xml_node *node, const char *name, const char *value)
{
    return node != NULL && node->attr_count == 1 && node->attrs[0].name.uri.len == 0 &&
           slice_eq_text(node->attrs[0].name.local, name) &&
           slice_eq_text(node->attrs[0].value, value);
}

static bool is_algorithm(const struct xml_node *node, const char *algorithm)
{
    return has_only(node, "Algorithm", algorithm) && skip_space(node->first) == NULL;
}

static bool is_c14n(const struct xml_node *node)
{
    return is_algorithm(node, c14n_1_0) || is_algorithm(node, c14n_1_1);
}

/* Decode the base64 text of `node`, white space dropped, into `arena`. */
static cocoon_err read_base64(const struct xml_node *node, struct arena *arena, struct slice *out)
{
    struct buf dense, bytes;
    struct slice text;
    cocoon_err err;

    if (node == NULL || !xml_text(node, &text))
        return ERR_MALFORMED;
    buf_init(&dense, text.len + 1);
    buf_init(&bytes, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        if (!is_space(text.ptr[i]))
            buf_put_u8(&dense, text.ptr[i]);
    err = b64_read(buf_slice(&dense), &bytes);
    if (err == OK)
        err = arena_copy(arena, buf_slice(&bytes), out);
    buf_fini(&bytes);
    buf_fini(&dense);
    return err;
}

static cocoon_err read_transforms(const struct xml_node *transforms)
{
    const struct xml_node *at, *first, *second;

    if (transforms == NULL || transforms->attr_count != 0)
        return ERR_MALFORMED;
    at = transforms->first;
    first = take(&at, "Transform");
    second = first == NULL ? NULL : take(&at, "Transform");
    if (first == NULL || second == NULL || at != NULL)
        return ERR_MALFORMED;
    return is_algorithm(first, enveloped) && is_c14n(second) ? OK : ERR_ALGORITHM;
}

static cocoon_err read_reference(const struct xml_node *reference, struct arena *arena,
                                 struct xmldsig *out)
{
    const struct xml_node *at, *method;
    cocoon_err err;

    if (!has_only(reference, "URI", ""))
        return ERR_MALFORMED;
    at = reference->first;
    if ((err = read_transforms(take(&at, "Transforms"))) != OK)
        return err;
    if ((method = take(&at, "DigestMethod")) == NULL)
        return ERR_MALFORMED;
    if (!is_algorithm(method, sha384))
        return ERR_ALGORITHM;
    if ((err = read_base64(take(&at, "DigestValue"), arena, &out->digest)) != OK)
        return err;
    return at == NULL && out->digest.len == XMLDSIG_DIGEST_SIZE ? OK : ERR_MALFORMED;
}

static cocoon_err read_signed_info(const struct xml_node *info, struct arena *arena,
                                   struct xmldsig *out)
{
    const struct xml_node *at, *c14n, *method, *reference;

    if (info == NULL || info->attr_count != 0)
        return ERR_MALFORMED;
    at = info->first;
    c14n = take(&at, "CanonicalizationMethod");
    method = c14n == NULL ? NULL : take(&at, "SignatureMethod");
    reference = method == NULL ? NULL : take(&at, "Reference");
    if (reference == NULL || at != NULL)
        return ERR_MALFORMED;
    if (!is_c14n(c14n) || !is_algorithm(method, ecdsa_sha384))
        return ERR_ALGORITHM;
    return read_reference(reference, arena, out);
}

static cocoon_err read_certs(const struct xml_node *key_info, struct arena *arena,
                             struct xmldsig *out)
{
    const struct xml_node *at, *data, *cert;
    cocoon_err err;

    at = key_info == NULL ? NULL : key_info->first;
    data = take(&at, "X509Data");
    if (data == NULL || at != NULL)
        return ERR_MALFORMED;
    at = data->first;
    while ((cert = take(&at, "X509Certificate")) != NULL) {
        if (out->cert_count == XMLDSIG_CERTS_MAX)
            return ERR_LIMIT;
        if ((err = read_base64(cert, arena, &out->certs[out->cert_count++])) != OK)
            return err;
    }
    return at == NULL && out->cert_count > 0 ? OK : ERR_MALFORMED;
}

/* Canonicalise `apex` less `without` into `arena`. */
static cocoon_err canonical(const struct xml_node *apex, const struct xml_node *without,
                            struct arena *arena, struct slice *out)
{
    struct buf text;
    cocoon_err err;

    buf_init(&text, 2 * XML_SIZE_MAX);
    xml_c14n(apex, without, &text);
    err = buf_ok(&text);
    if (err == OK)
        err = arena_copy(arena, buf_slice(&text), out);
    buf_fini(&text);
    return err;
}

/* Return the node that follows `node` in document order; NULL at the end. */
static const struct xml_node *walk(const struct xml_node *node)
{
    if (node->first != NULL)
        return node->first;
    while (node != NULL && node->next == NULL)
        node = node->parent;
    return node == NULL ? NULL : node->next;
}

/* Find the one signature of the document, which must be a child of the root. */
static cocoon_err find_signature(const struct xml_node *root, const struct xml_node **out)
{
    *out = NULL;
    for (const struct xml_node *n = root; n != NULL; n = walk(n)) {
        if (!xml_is(n, DS, "Signature"))
            continue;
        if (*out != NULL)
            return ERR_DUPLICATE;
        *out = n;
    }
    if (*out == NULL)
        return ERR_MISSING;
    return (*out)->parent == root ? OK : ERR_MALFORMED;
}

static cocoon_err read_signature(const struct xml_node *root, struct arena *arena,
                                 struct xmldsig *out)
{
    const struct xml_node *signature, *info, *at;
    cocoon_err err;

    if ((err = find_signature(root, &signature)) != OK)
        return err;
    at = signature->first;
    info = take(&at, "SignedInfo");
    if ((err = read_signed_info(info, arena, out)) != OK ||
        (err = read_base64(take(&at, "SignatureValue"), arena, &out->signature)) != OK ||
        (err = read_certs(take(&at, "KeyInfo"), arena, out)) != OK)
        return err;
    if (at != NULL || out->signature.len != XMLDSIG_SIGNATURE_SIZE)
        return ERR_MALFORMED;
    if ((err = canonical(root, signature, arena, &out->content)) != OK)
        return err;
    return canonical(info, NULL, arena, &out->signed_info);
}

cocoon_err xmldsig_read(const struct xml_node *root, struct arena *arena, struct xmldsig *out,
                        struct fail *fail)
{
    cocoon_err err;

    *out = (struct xmldsig){0};
    if ((err = read_signature(root, arena, out)) != OK)
        return fail_set(fail, err, 0, "XML signature is not of the profile for signed manifests");
    return OK;
}
