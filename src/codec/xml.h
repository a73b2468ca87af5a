/*
 * XML 1.0 with namespaces as a read-only tree in an arena, for signed documents.
 *
 * Strict subset: UTF-8 only; no DOCTYPE (so no entities but the five of XML), no processing
 * instructions, no attributes of the `xml:` prefix (they would be inherited into canonical forms);
 * depth, nodes, attributes and size are bounded. Comments are dropped: text on both sides of one is
 * a single text. Parsed by expat, which checks well-formedness and namespaces.
 */
#ifndef CODEC_XML_H
#define CODEC_XML_H

#include "base/arena.h"
#include "base/buf.h"

enum {
    XML_DEPTH_MAX = 16,         /* a signed manifest reaches 7 */
    XML_NODES_MAX = 16 * 1024,  /* one of 64 measurements has about 300 */
    XML_ATTRS_MAX = 64,         /* of one element: alternatives of one measurement */
    XML_SIZE_MAX = 1024 * 1024, /* published manifests have about 20 KB */
};

struct xml_name {
    struct slice uri; /* namespace; empty: none */
    struct slice local;
    struct slice prefix; /* empty: none */
};

struct xml_attr {
    struct xml_name name;
    struct slice value; /* normalised, references resolved */
};

/* A namespace declaration on an element. */
struct xml_ns {
    struct slice prefix; /* empty: the default namespace */
    struct slice uri;    /* empty: undeclared */
};

struct xml_node {
    bool is_text;
    struct slice text;    /* of a text node */
    struct xml_name name; /* of an element, as are those below */
    const struct xml_attr *attrs;
    size_t attr_count;
    const struct xml_ns *ns;
    size_t ns_count;
    const struct xml_node *parent, *next; /* NULL: none */
    const struct xml_node *first;
    size_t depth; /* 1 for the root */
};

/*
 * Parse all of `text` and set `*root` to its root element, which lives as long as `arena`.
 * ERR_MALFORMED, ERR_UNSUPPORTED (what the subset leaves out), ERR_LIMIT, ERR_NOMEM; `fail` says
 * where.
 */
cocoon_err xml_parse(struct slice text, struct arena *arena, const struct xml_node **root,
                     struct fail *fail) MUST_CHECK;

/* Tell whether `node` is the element `local` of namespace `uri`. */
bool xml_is(const struct xml_node *node, const char *uri, const char *local);

/* Return the first child element of `parent` with that name, or the first after `node` among its
 * siblings; NULL if there is none. `parent` may be NULL. */
const struct xml_node *xml_child(const struct xml_node *parent, const char *uri, const char *local);
const struct xml_node *xml_sibling(const struct xml_node *node, const char *uri, const char *local);

/* Set `*value` to the attribute and return true if `node` has it. uri "": no namespace. */
bool xml_attr(const struct xml_node *node, const char *uri, struct slice local,
              struct slice *value);

/* Return the text of an element that holds nothing else; false if it holds elements. */
bool xml_text(const struct xml_node *node, struct slice *text);

/*
 * Append the canonical form of the subtree at `apex` to `out`, leaving out `without` (NULL:
 * nothing) and all below it: Canonical XML 1.0 and 1.1, inclusive, without comments. The two are
 * one here, as they differ in `xml:` attributes only.
 */
void xml_c14n(const struct xml_node *apex, const struct xml_node *without, struct buf *out);

#endif
