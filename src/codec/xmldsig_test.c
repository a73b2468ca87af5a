#include "codec/xmldsig.h"

#include "base/test.h"

#define C14N "<d:CanonicalizationMethod Algorithm='http://www.w3.org/2006/12/xml-c14n11'/>"
#define METHOD                                                                                     \
    "<d:SignatureMethod Algorithm='http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384'/>"
#define ENVELOPE "<d:Transform Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>"
#define CANON    "<d:Transform Algorithm='http://www.w3.org/2006/12/xml-c14n11'/>"
#define DIGEST   "<d:DigestMethod Algorithm='http://www.w3.org/2001/04/xmldsig-more#sha384'/>"
#define ZEROS_48 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define VALUE    "<d:DigestValue> " ZEROS_48 "\n</d:DigestValue>"
#define REFERENCE                                                                                  \
    "<d:Reference URI=''><d:Transforms>" ENVELOPE CANON "</d:Transforms>" DIGEST VALUE             \
    "</d:Reference>"
#define INFO      "<d:SignedInfo>" C14N METHOD REFERENCE "</d:SignedInfo>"
#define SIGNATURE "<d:SignatureValue>" ZEROS_48 "\n" ZEROS_48 "</d:SignatureValue>"
#define KEY                                                                                        \
    "<d:KeyInfo><d:X509Data><d:X509Certificate>TEVBRg==</d:X509Certificate> "                      \
    "<d:X509Certificate>Uk9PVA==</d:X509Certificate></d:X509Data></d:KeyInfo>"
#define OPEN "<r k='v'><x/><d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'>"
#define END  "</d:Signature></r>"

static cocoon_err read_text(const char *text, struct arena *arena, struct xmldsig *out)
{
    const struct xml_node *root;
    struct fail fail;

    arena_init(arena, 1024 * 1024);
    assert_int_equal(xml_parse(slice_text(text), arena, &root, &fail), OK);
    return xmldsig_read(root, arena, out, &fail);
}

static void test_good(void **state)
{
    struct arena arena;
    struct xmldsig sig;

    (void)state;
    assert_int_equal(read_text(OPEN INFO " " SIGNATURE KEY END, &arena, &sig), OK);
    assert_true(slice_eq_text(sig.content, "<r k=\"v\"><x></x></r>"));
    assert_true(slice_starts(sig.signed_info,
                             SLICE_LIT("<d:SignedInfo xmlns:d=\"http://www.w3.org/2000/09/"
                                       "xmldsig#\"><d:CanonicalizationMethod Algorithm=")));
    assert_int_equal(sig.digest.len, 48);
    assert_int_equal(sig.signature.len, 96);
    assert_int_equal(sig.cert_count, 2);
    assert_true(slice_eq_text(sig.certs[0], "LEAF"));
    assert_true(slice_eq_text(sig.certs[1], "ROOT"));
    arena_fini(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name, *text;
        cocoon_err err;
    } cases[] = {
        {"none", "<r/>", ERR_MISSING},
        {"hidden deeper",
         "<r><x><d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'>" INFO SIGNATURE KEY
         "</d:Signature></x></r>",
         ERR_MALFORMED},
        {"a second one inside",
         OPEN INFO SIGNATURE KEY "<d:Object>" OPEN INFO SIGNATURE KEY END "</d:Object>" END,
         ERR_DUPLICATE},
        {"an object after it", OPEN INFO SIGNATURE KEY "<d:Object/>" END, ERR_MALFORMED},
        {"text between", OPEN INFO "x" SIGNATURE KEY END, ERR_MALFORMED},
        {"no signed info", OPEN SIGNATURE KEY END, ERR_MALFORMED},
        {"no key", OPEN INFO SIGNATURE END, ERR_MALFORMED},
        {"no certificate", OPEN INFO SIGNATURE "<d:KeyInfo><d:X509Data/></d:KeyInfo>" END,
         ERR_MALFORMED},
        {"key by name", OPEN INFO SIGNATURE "<d:KeyInfo><d:KeyName>k</d:KeyName></d:KeyInfo>" END,
         ERR_MALFORMED},
        {"exclusive C14N",
         OPEN "<d:SignedInfo><d:CanonicalizationMethod "
              "Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/>" METHOD REFERENCE
              "</d:SignedInfo>" SIGNATURE KEY END,
         ERR_ALGORITHM},
        {"HMAC",
         OPEN
         "<d:SignedInfo>" C14N
         "<d:SignatureMethod Algorithm='http://www.w3.org/2000/09/xmldsig#hmac-sha1'/>" REFERENCE
         "</d:SignedInfo>" SIGNATURE KEY END,
         ERR_ALGORITHM},
        {"two references",
         OPEN "<d:SignedInfo>" C14N METHOD REFERENCE REFERENCE "</d:SignedInfo>" SIGNATURE KEY END,
         ERR_MALFORMED},
        {"reference to a part",
         OPEN "<d:SignedInfo>" C14N METHOD "<d:Reference URI='#x'><d:Transforms>" ENVELOPE CANON
              "</d:Transforms>" DIGEST VALUE "</d:Reference></d:SignedInfo>" SIGNATURE KEY END,
         ERR_MALFORMED},
        {"no transforms",
         OPEN "<d:SignedInfo>" C14N METHOD "<d:Reference URI=''>" DIGEST VALUE
              "</d:Reference></d:SignedInfo>" SIGNATURE KEY END,
         ERR_MALFORMED},
        {"XPath transform",
         OPEN "<d:SignedInfo>" C14N METHOD "<d:Reference URI=''><d:Transforms>" ENVELOPE
              "<d:Transform Algorithm='http://www.w3.org/TR/1999/REC-xpath-19991116'/>"
              "</d:Transforms>" DIGEST VALUE "</d:Reference></d:SignedInfo>" SIGNATURE KEY END,
         ERR_ALGORITHM},
        {"three transforms",
         OPEN "<d:SignedInfo>" C14N METHOD "<d:Reference URI=''><d:Transforms>" ENVELOPE CANON CANON
              "</d:Transforms>" DIGEST VALUE "</d:Reference></d:SignedInfo>" SIGNATURE KEY END,
         ERR_MALFORMED},
        {"SHA-1",
         OPEN
         "<d:SignedInfo>" C14N METHOD "<d:Reference URI=''><d:Transforms>" ENVELOPE CANON
         "</d:Transforms><d:DigestMethod Algorithm='http://www.w3.org/2000/09/xmldsig#sha1'/>" VALUE
         "</d:Reference></d:SignedInfo>" SIGNATURE KEY END,
         ERR_ALGORITHM},
        {"short digest",
         OPEN "<d:SignedInfo>" C14N METHOD "<d:Reference URI=''><d:Transforms>" ENVELOPE CANON
              "</d:Transforms>" DIGEST "<d:DigestValue>AAAA</d:DigestValue>"
              "</d:Reference></d:SignedInfo>" SIGNATURE KEY END,
         ERR_MALFORMED},
        {"short signature", OPEN INFO "<d:SignatureValue>" ZEROS_48 "</d:SignatureValue>" KEY END,
         ERR_MALFORMED},
        {"an algorithm with parameters",
         OPEN "<d:SignedInfo>" C14N METHOD "<d:Reference URI=''><d:Transforms>" ENVELOPE
              "<d:Transform Algorithm='http://www.w3.org/2006/12/xml-c14n11'><x/></d:Transform>"
              "</d:Transforms>" DIGEST VALUE "</d:Reference></d:SignedInfo>" SIGNATURE KEY END,
         ERR_ALGORITHM},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct xmldsig sig;
        cocoon_err err = read_text(cases[i].text, &arena, &sig);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
