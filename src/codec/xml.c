/*
 * expat calls back; this file builds the tree.
 *
 * Text comes in pieces, cut at buffer ends, references and comments. The pieces of one text are
 * gathered in `pending` and become one node when the next tag begins. Names come from expat as
 * "uri SEP local SEP prefix", "uri SEP local" or "local".
 */
#include "codec/xml.h"

#include <assert.h>
#include <expat.h>
#include <string.h>

enum { SEP = 0x01 };

struct builder {
    XML_Parser parser;
    struct arena *arena;
    struct fail *fail;
    cocoon_err err;
    struct xml_node *open;                    /* innermost open element */
    struct xml_node *last[XML_DEPTH_MAX + 1]; /* last child of the open element at each depth */
    struct xml_node *root;
    size_t nodes;
    struct buf pending;
    struct xml_ns ns[XML_ATTRS_MAX]; /* declared for the element that begins next */
    size_t ns_count;
};

static void stop(struct builder *b, cocoon_err err, const char *what)
{
    if (b->err != OK)
        return;
    b->err = fail_set(b->fail, err, (size_t)XML_GetCurrentByteIndex(b->parser), what);
    XML_StopParser(b->parser, XML_FALSE);
}

static struct slice keep(struct builder *b, struct slice s)
{
    struct slice copy = {NULL, 0};

    if (arena_copy(b->arena, s, &copy) != OK)
        stop(b, ERR_NOMEM, "XML: out of memory");
    return copy;
}

static struct slice keep_text(struct builder *b, const char *text)
{
    return text == NULL ? (struct slice){NULL, 0} : keep(b, slice_text(text));
}

/* Take apart a name as expat gives it. */
static struct xml_name keep_name(struct builder *b, const char *text)
{
    struct slice rest = keep_text(b, text);
    struct slice first = slice_cut(&rest, SEP);
    struct xml_name name = {.local = first};

    if (rest.len > 0) {
        name.uri = first;
        name.local = slice_cut(&rest, SEP);
        name.prefix = rest;
    }
    return name;
}

/* Append `node` to the children of the open element. */
static void link_node(struct builder *b, struct xml_node *node)
{
    size_t depth = b->open == NULL ? 0 : b->open->depth;
    struct xml_node **last = &b->last[depth];

    node->parent = b->open;
    node->depth = depth + 1;
    if (*last != NULL)
        (*last)->next = node;
    else if (b->open != NULL)
        b->open->first = node;
    *last = node;
}

static struct xml_node *new_node(struct builder *b)
{
    struct xml_node *node = ARENA_NEW(b->arena, struct xml_node);

    if (node == NULL)
        stop(b, ERR_NOMEM, "XML: out of memory");
    else if (++b->nodes > XML_NODES_MAX)
        stop(b, ERR_LIMIT, "XML: too many nodes");
    return b->err == OK ? node : NULL;
}

/* Make a node of the text gathered since the last tag. */
static void flush_text(struct builder *b)
{
    struct xml_node *node;

    if (b->pending.len == 0 || b->err != OK || (node = new_node(b)) == NULL)
        return;
    node->is_text = true;
    node->text = keep(b, buf_slice(&b->pending));
    link_node(b, node);
    buf_clear(&b->pending);
}

static void keep_attrs(struct builder *b, struct xml_node *node, const char **attrs)
{
    struct xml_attr *out;
    size_t count = 0;

    while (attrs[2 * count] != NULL)
        count++;
    if (count > XML_ATTRS_MAX)
        stop(b, ERR_LIMIT, "XML: too many attributes");
    if (count == 0 || b->err != OK)
        return;
    if ((out = ARENA_ARRAY(b->arena, count, struct xml_attr)) == NULL) {
        stop(b, ERR_NOMEM, "XML: out of memory");
        return;
    }
    for (size_t i = 0; i < count && b->err == OK; i++) {
        out[i].name = keep_name(b, attrs[2 * i]);
        out[i].value = keep_text(b, attrs[2 * i + 1]);
        if (slice_eq_text(out[i].name.prefix, "xml"))
            stop(b, ERR_UNSUPPORTED, "XML: attribute of the xml: prefix");
    }
    node->attrs = out;
    node->attr_count = count;
}

static void keep_namespaces(struct builder *b, struct xml_node *node)
{
    struct xml_ns *out;

    if (b->ns_count == 0)
        return;
    if ((out = ARENA_ARRAY(b->arena, b->ns_count, struct xml_ns)) == NULL) {
        stop(b, ERR_NOMEM, "XML: out of memory");
        return;
    }
    memcpy(out, b->ns, b->ns_count * sizeof out[0]);
    node->ns = out;
    node->ns_count = b->ns_count;
    b->ns_count = 0;
}

static void on_start(void *data, const char *name, const char **attrs)
{
    struct builder *b = data;
    struct xml_node *node;

    flush_text(b);
    if (b->open != NULL && b->open->depth == XML_DEPTH_MAX)
        stop(b, ERR_LIMIT, "XML: nested too deeply");
    if (b->err != OK || (node = new_node(b)) == NULL)
        return;
    node->name = keep_name(b, name);
    keep_attrs(b, node, attrs);
    keep_namespaces(b, node);
    link_node(b, node);
    b->open = node;
    b->last[node->depth] = NULL;
    if (b->root == NULL)
        b->root = node;
}

static void on_end(void *data, const char *name)
{
    struct builder *b = data;

    (void)name;
    flush_text(b);
    if (b->err != OK)
        return;
    assert(b->open != NULL);
    /* The node is ours and was made mutable; only its readers see it as const. */
    b->open = b->open->depth == 1 ? NULL : b->last[b->open->depth - 2];
}

static void on_text(void *data, const char *text, int len)
{
    struct builder *b = data;

    buf_put(&b->pending, slice_make(text, (size_t)len));
    if (buf_ok(&b->pending) != OK)
        stop(b, ERR_LIMIT, "XML: text too long");
}

static void on_namespace(void *data, const char *prefix, const char *uri)
{
    struct builder *b = data;

    if (b->ns_count == XML_ATTRS_MAX) {
        stop(b, ERR_LIMIT, "XML: too many namespaces");
        return;
    }
    b->ns[b->ns_count].prefix = keep_text(b, prefix);
    b->ns[b->ns_count].uri = keep_text(b, uri);
    b->ns_count++;
}

static void on_doctype(void *data, const char *name, const char *sysid, const char *pubid,
                       int has_subset)
{
    (void)name, (void)sysid, (void)pubid, (void)has_subset;
    stop(data, ERR_UNSUPPORTED, "XML: document type declaration");
}

static void on_instruction(void *data, const char *target, const char *text)
{
    (void)target, (void)text;
    stop(data, ERR_UNSUPPORTED, "XML: processing instruction");
}

static void on_declaration(void *data, const char *version, const char *encoding, int standalone)
{
    (void)standalone;
    if (version != NULL && strcmp(version, "1.0") != 0)
        stop(data, ERR_VERSION, "XML version is not 1.0");
    if (encoding != NULL && !slice_eq_nocase(slice_text(encoding), SLICE_LIT("utf-8")))
        stop(data, ERR_UNSUPPORTED, "XML encoding is not UTF-8");
}

static void set_handlers(struct builder *b)
{
    XML_SetUserData(b->parser, b);
    XML_SetReturnNSTriplet(b->parser, 1);
    XML_SetElementHandler(b->parser, on_start, on_end);
    XML_SetCharacterDataHandler(b->parser, on_text);
    XML_SetStartNamespaceDeclHandler(b->parser, on_namespace);
    XML_SetStartDoctypeDeclHandler(b->parser, on_doctype);
    XML_SetProcessingInstructionHandler(b->parser, on_instruction);
    XML_SetXmlDeclHandler(b->parser, on_declaration);
}

cocoon_err xml_parse(struct slice text, struct arena *arena, const struct xml_node **root,
                     struct fail *fail)
{
    struct builder b = {.arena = arena, .fail = fail};

    if (text.len > XML_SIZE_MAX)
        return fail_set(fail, ERR_LIMIT, XML_SIZE_MAX, "XML: document too long");
    if ((b.parser = XML_ParserCreateNS("UTF-8", (char)SEP)) == NULL)
        return fail_set(fail, ERR_NOMEM, 0, "XML: out of memory");
    buf_init(&b.pending, XML_SIZE_MAX);
    set_handlers(&b);
    if (XML_Parse(b.parser, (const char *)text.ptr, (int)text.len, 1) != XML_STATUS_OK &&
        b.err == OK)
        b.err = fail_set(fail, ERR_MALFORMED, (size_t)XML_GetCurrentByteIndex(b.parser),
                         "XML: not well formed");
    if (b.err == OK)
        *root = b.root;
    buf_fini(&b.pending);
    XML_ParserFree(b.parser);
    return b.err;
}

bool xml_is(const struct xml_node *node, const char *uri, const char *local)
{
    return !node->is_text && slice_eq_text(node->name.local, local) &&
           slice_eq_text(node->name.uri, uri);
}

const struct xml_node *xml_sibling(const struct xml_node *node, const char *uri, const char *local)
{
    const struct xml_node *n = node->next;

    while (n != NULL && !xml_is(n, uri, local))
        n = n->next;
    return n;
}

const struct xml_node *xml_child(const struct xml_node *parent, const char *uri, const char *local)
{
    const struct xml_node *n = parent == NULL ? NULL : parent->first;

    return n == NULL || xml_is(n, uri, local) ? n : xml_sibling(n, uri, local);
}

bool xml_attr(const struct xml_node *node, const char *uri, struct slice local, struct slice *value)
{
    for (size_t i = 0; i < node->attr_count; i++)
        if (slice_eq(node->attrs[i].name.local, local) &&
            slice_eq_text(node->attrs[i].name.uri, uri)) {
            *value = node->attrs[i].value;
            return true;
        }
    return false;
}

bool xml_text(const struct xml_node *node, struct slice *text)
{
    const struct xml_node *only = node->first;

    *text = (struct slice){NULL, 0};
    if (only == NULL)
        return true;
    if (!only->is_text || only->next != NULL)
        return false;
    *text = only->text;
    return true;
}
