/*
 * Canonical XML (W3C, versions 1.0 and 1.1), inclusive, without comments.
 *
 *   element     <prefix:local, namespace declarations by prefix, attributes by (namespace, local
 *               name), each in double quotes, then content, then an end tag, never "/>"
 *   text        & < > and CR as &amp; &lt; &gt; &#xD;
 *   attribute   & < " TAB LF CR as &amp; &lt; &quot; &#x9; &#xA; &#xD;
 *
 * A declaration is written where the nearest written ancestor does not say the same: at the apex
 * all that are in scope, below it those that change something. The walk is iterative; depth is
 * bounded by XML_DEPTH_MAX.
 */
#include "codec/xml.h"

#include <assert.h>
#include <stdlib.h>

enum { SCOPE_MAX = XML_DEPTH_MAX * XML_ATTRS_MAX };

static void put_escaped(struct buf *out, struct slice s, bool in_attr)
{
    size_t from = 0;

    for (size_t i = 0; i < s.len; i++) {
        const char *as = NULL;

        switch (s.ptr[i]) {
        case '&':
            as = "&amp;";
            break;
        case '<':
            as = "&lt;";
            break;
        case '>':
            as = in_attr ? NULL : "&gt;";
            break;
        case '"':
            as = in_attr ? "&quot;" : NULL;
            break;
        case '\t':
            as = in_attr ? "&#x9;" : NULL;
            break;
        case '\n':
            as = in_attr ? "&#xA;" : NULL;
            break;
        case '\r':
            as = "&#xD;";
            break;
        default:
            break;
        }
        if (as == NULL)
            continue;
        buf_put(out, slice_sub(s, from, i - from));
        buf_put_text(out, as);
        from = i + 1;
    }
    buf_put(out, slice_skip(s, from));
}

static void put_name(struct buf *out, const struct xml_name *name)
{
    if (name->prefix.len > 0) {
        buf_put(out, name->prefix);
        buf_put_u8(out, ':');
    }
    buf_put(out, name->local);
}

/* Return what `prefix` means at `node`; empty where it is not declared. */
static struct slice lookup(const struct xml_node *node, struct slice prefix)
{
    for (; node != NULL; node = node->parent)
        for (size_t i = 0; i < node->ns_count; i++)
            if (slice_eq(node->ns[i].prefix, prefix))
                return node->ns[i].uri;
    return (struct slice){NULL, 0};
}

static int compare_ns(const void *a, const void *b)
{
    const struct xml_ns *const *x = a, *const *y = b;

    return slice_cmp((*x)->prefix, (*y)->prefix);
}

static int compare_attr(const void *a, const void *b)
{
    const struct xml_attr *const *x = a, *const *y = b;
    int order = slice_cmp((*x)->name.uri, (*y)->name.uri);

    return order != 0 ? order : slice_cmp((*x)->name.local, (*y)->name.local);
}

static bool has_prefix(const struct xml_ns *const *list, size_t count, struct slice prefix)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(list[i]->prefix, prefix))
            return true;
    return false;
}

/* Gather the declarations to write at `node`; `apex` is where writing began. */
static size_t gather_ns(const struct xml_node *node, const struct xml_node *apex,
                        const struct xml_ns **list)
{
    static const struct slice nothing = {NULL, 0};
    size_t count = 0, kept = 0;
    const struct xml_node *top = node == apex ? NULL : node->parent;

    for (const struct xml_node *n = node; n != top; n = n->parent)
        for (size_t i = 0; i < n->ns_count; i++)
            if (!has_prefix(list, count, n->ns[i].prefix))
                list[count++] = &n->ns[i];
    for (size_t i = 0; i < count; i++) {
        struct slice before = node == apex ? nothing : lookup(node->parent, list[i]->prefix);

        if (!slice_eq(list[i]->uri, before))
            list[kept++] = list[i];
    }
    return kept;
}

static void put_namespaces(const struct xml_node *node, const struct xml_node *apex,
                           struct buf *out)
{
    const struct xml_ns *list[SCOPE_MAX];
    size_t count = gather_ns(node, apex, list);

    qsort(list, count, sizeof list[0], compare_ns);
    for (size_t i = 0; i < count; i++) {
        buf_put_text(out, list[i]->prefix.len > 0 ? " xmlns:" : " xmlns");
        buf_put(out, list[i]->prefix);
        buf_put_text(out, "=\"");
        put_escaped(out, list[i]->uri, true);
        buf_put_u8(out, '"');
    }
}

static void put_attributes(const struct xml_node *node, struct buf *out)
{
    const struct xml_attr *list[XML_ATTRS_MAX];

    for (size_t i = 0; i < node->attr_count; i++)
        list[i] = &node->attrs[i];
    qsort(list, node->attr_count, sizeof list[0], compare_attr);
    for (size_t i = 0; i < node->attr_count; i++) {
        buf_put_u8(out, ' ');
        put_name(out, &list[i]->name);
        buf_put_text(out, "=\"");
        put_escaped(out, list[i]->value, true);
        buf_put_u8(out, '"');
    }
}

static void put_start(const struct xml_node *node, const struct xml_node *apex, struct buf *out)
{
    buf_put_u8(out, '<');
    put_name(out, &node->name);
    put_namespaces(node, apex, out);
    put_attributes(node, out);
    buf_put_u8(out, '>');
}

static void put_end(const struct xml_node *node, struct buf *out)
{
    buf_put_text(out, "</");
    put_name(out, &node->name);
    buf_put_u8(out, '>');
}

/* Return the node after `node` on the walk, writing the end tags passed on the way up; NULL at the
 * end. */
static const struct xml_node *step_over(const struct xml_node *node, const struct xml_node *apex,
                                        struct buf *out)
{
    while (node != apex && node->next == NULL) {
        node = node->parent;
        put_end(node, out);
    }
    return node == apex ? NULL : node->next;
}

void xml_c14n(const struct xml_node *apex, const struct xml_node *without, struct buf *out)
{
    const struct xml_node *node = apex;

    assert(!apex->is_text && apex != without);
    while (node != NULL) {
        if (node == without) {
            node = step_over(node, apex, out);
        } else if (node->is_text) {
            put_escaped(out, node->text, false);
            node = step_over(node, apex, out);
        } else {
            put_start(node, apex, out);
            if (node->first != NULL) {
                node = node->first;
                continue;
            }
            put_end(node, out);
            node = step_over(node, apex, out);
        }
    }
}
