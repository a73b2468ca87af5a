#include "codec/xml.h"

#include "base/test.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

struct fixture {
    struct arena arena;
    struct buf out;
    struct fail fail;
};

static int setup(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);

    arena_init(&f->arena, ARENA_MAX);
    buf_init(&f->out, ARENA_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    arena_fini(&f->arena);
    buf_fini(&f->out);
    mem_free(f);
    return 0;
}

static const struct xml_node *parse(struct fixture *f, const char *text)
{
    const struct xml_node *root = NULL;

    assert_int_equal(xml_parse(slice_text(text), &f->arena, &root, &f->fail), OK);
    return root;
}

/* Canonical form of `text`; of the whole when `apex` is NULL. */
static const char *c14n(struct fixture *f, const char *text)
{
    buf_clear(&f->out);
    xml_c14n(parse(f, text), NULL, &f->out);
    return buf_cstr(&f->out);
}

static void test_tree(void **state)
{
    struct fixture *f = *state;
    const struct xml_node *root =
        parse(f, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                 "<a xmlns='u:1' xmlns:p='u:2' k='v'>one<!-- no -->&amp;two"
                 "<p:b p:k='&lt;w'/><b>x</b></a>");
    const struct xml_node *b;
    struct slice value;

    assert_true(xml_is(root, "u:1", "a"));
    assert_int_equal(root->depth, 1);
    assert_true(root->first->is_text);
    assert_true(slice_eq_text(root->first->text, "one&two"));
    b = xml_child(root, "u:2", "b");
    assert_non_null(b);
    assert_true(slice_eq_text(b->name.prefix, "p"));
    assert_true(xml_attr(b, "u:2", SLICE_LIT("k"), &value));
    assert_true(slice_eq_text(value, "<w"));
    assert_false(xml_attr(b, "", SLICE_LIT("k"), &value));
    assert_true(xml_text(b, &value));
    assert_int_equal(value.len, 0);
    assert_null(xml_sibling(b, "u:2", "b"));
    b = xml_sibling(b, "u:1", "b");
    assert_non_null(b);
    assert_true(xml_text(b, &value));
    assert_true(slice_eq_text(value, "x"));
    assert_false(xml_text(root, &value));
    assert_null(xml_child(NULL, "u:1", "b"));
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        cocoon_err err;
    } cases[] = {
        {"", ERR_MALFORMED},
        {"<a>", ERR_MALFORMED},
        {"<a></b>", ERR_MALFORMED},
        {"<a/><b/>", ERR_MALFORMED},
        {"<a k='1' k='2'/>", ERR_MALFORMED},
        {"<a xmlns:p='u' xmlns:q='u' p:k='1' q:k='2'/>", ERR_MALFORMED},
        {"<p:a/>", ERR_MALFORMED},
        {"<a>&nbsp;</a>", ERR_MALFORMED},
        {"<a>\xff</a>", ERR_MALFORMED},
        {"<!DOCTYPE a><a/>", ERR_UNSUPPORTED},
        {"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", ERR_UNSUPPORTED},
        {"<?xml-stylesheet href='x'?><a/>", ERR_UNSUPPORTED},
        {"<a><?target text?></a>", ERR_UNSUPPORTED},
        {"<a xml:lang='en'/>", ERR_UNSUPPORTED},
        {"<?xml version='1.1'?><a/>", ERR_VERSION},
        {"<?xml version='1.0' encoding='iso-8859-1'?><a/>", ERR_UNSUPPORTED},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct xml_node *root = NULL;
        cocoon_err err = xml_parse(slice_text(cases[i].text), &f->arena, &root, &f->fail);

        if (err != cases[i].err || root != NULL)
            fail_msg("%s: %s, %s", cases[i].text, cocoon_err_name(err), f->fail.what);
    }
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    const struct xml_node *root;

    for (int i = 0; i <= XML_DEPTH_MAX; i++)
        buf_put_text(&f->out, "<a>");
    assert_int_equal(xml_parse(buf_slice(&f->out), &f->arena, &root, &f->fail), ERR_LIMIT);

    buf_clear(&f->out);
    buf_put_text(&f->out, "<a");
    for (int i = 0; i <= XML_ATTRS_MAX; i++)
        buf_printf(&f->out, " k%d=''", i);
    buf_put_text(&f->out, "/>");
    assert_int_equal(xml_parse(buf_slice(&f->out), &f->arena, &root, &f->fail), ERR_LIMIT);

    buf_clear(&f->out);
    buf_put_text(&f->out, "<a>");
    for (int i = 0; i <= XML_NODES_MAX; i++)
        buf_put_text(&f->out, "<b/>");
    buf_put_text(&f->out, "</a>");
    assert_int_equal(xml_parse(buf_slice(&f->out), &f->arena, &root, &f->fail), ERR_LIMIT);

    buf_clear(&f->out);
    for (int i = 0; i <= XML_SIZE_MAX; i++)
        buf_put_u8(&f->out, ' ');
    assert_int_equal(xml_parse(buf_slice(&f->out), &f->arena, &root, &f->fail), ERR_LIMIT);
}

static void test_out_of_memory(void **state)
{
    const char *text = "<a xmlns:p='u' k='v'>text<p:b/></a>";
    bool passed = false;

    (void)state;
    for (size_t max = 0; max < 8192 && !passed; max += 16) {
        struct arena arena;
        struct fail fail;
        const struct xml_node *root;
        cocoon_err err;

        arena_init(&arena, max);
        err = xml_parse(slice_text(text), &arena, &root, &fail);
        passed = err == OK;
        if (!passed)
            assert_int_equal(err, ERR_NOMEM);
        arena_fini(&arena);
    }
    assert_true(passed);
}

/* Canonical XML 1.0, section 3, as far as the subset goes. */
static void test_c14n(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(c14n(f, "<?xml version='1.0'?>\n<doc>Hello, world!<!-- c --></doc>\n"),
                        "<doc>Hello, world!</doc>");
    assert_string_equal(c14n(f, "<doc>\n  <e1/>\n  <e2  name='b'  id =\"a\"></e2>\r\n</doc>"),
                        "<doc>\n  <e1></e1>\n  <e2 id=\"a\" name=\"b\"></e2>\n</doc>");
    assert_string_equal(
        c14n(f, "<d xmlns:b='http://www.ietf.org' xmlns:a='http://www.w3.org' xmlns='u'>"
                "<e5 b:attr='sorted' a:attr='out' attr2='all' attr='I&apos;m'/></d>"),
        "<d xmlns=\"u\" xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\">"
        "<e5 attr=\"I'm\" attr2=\"all\" b:attr=\"sorted\" a:attr=\"out\"></e5></d>");
    assert_string_equal(c14n(f, "<d xmlns='u'><e xmlns='u'><g xmlns=''><h xmlns=''/></g></e></d>"),
                        "<d xmlns=\"u\"><e><g xmlns=\"\"><h></h></g></e></d>");
    assert_string_equal(
        c14n(f, "<d k='&#9;&#10;&#13;&lt;&amp;&gt;\"'>&#13;&lt;&amp;&gt;\"<![CDATA[<x>]]></d>"),
        "<d k=\"&#x9;&#xA;&#xD;&lt;&amp;>&quot;\">&#xD;&lt;&amp;&gt;\"&lt;x&gt;</d>");
}

static void test_c14n_without(void **state)
{
    struct fixture *f = *state;
    const struct xml_node *root = parse(f, "<a> <b><c/></b> <d/></a>");

    xml_c14n(root, xml_child(root, "", "b"), &f->out);
    assert_string_equal(buf_cstr(&f->out), "<a>  <d></d></a>");
}

/* A subtree brings along the namespaces that were declared above it. */
static void test_c14n_subtree(void **state)
{
    struct fixture *f = *state;
    const struct xml_node *root =
        parse(f, "<a xmlns='u:0' xmlns:p='u:1' xmlns:q='u:2'><b xmlns:p='u:3' xmlns:r='u:4'>"
                 "<c xmlns:q='u:2' xmlns:p='u:1'/></b></a>");

    xml_c14n(xml_child(root, "u:0", "b"), NULL, &f->out);
    assert_string_equal(buf_cstr(&f->out),
                        "<b xmlns=\"u:0\" xmlns:p=\"u:3\" xmlns:q=\"u:2\" xmlns:r=\"u:4\">"
                        "<c xmlns:p=\"u:1\"></c></b>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test_setup_teardown(test_c14n, setup, teardown),
        cmocka_unit_test_setup_teardown(test_c14n_without, setup, teardown),
        cmocka_unit_test_setup_teardown(test_c14n_subtree, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
