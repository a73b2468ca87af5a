#include "attest/kit_nvidia_test.h"

#include "attest/spdm.h"
#include "base/b64.h"
#include "base/hex.h"
#include "base/test.h"
#include "codec/der.h"
#include "crypto/hash.h"

#define SWID      "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define SHA384_NS "http://www.w3.org/2001/04/xmlenc#sha384"
#define DS        "http://www.w3.org/2000/09/xmldsig#"

enum {
    KEY_ROOT = 0,
    KEY_STRANGER = 7,
    KEY_RIM_ROOT = 5,
    KEY_RESPONDER = 6,
    XML_ROOM = 64 * 1024,
    DER_ROOM = 4096,
    FIRST_SERIAL = 0x100,
};

/* The device chain's keys are 0 (root) to 4 (leaf); the manifest signer's is the responder's, its
 * CA's the root's of another name: keys are few, roles are many. */
static const struct kit_key *chain_key_of(size_t i)
{
    return kit_key(KIT_P384, (unsigned)(NV_CHAIN - 1 - i));
}

static const struct kit_key *rim_key_of(size_t i)
{
    return i == 2 ? kit_key(KIT_P384, KEY_RIM_ROOT) : kit_key(KIT_P384, (unsigned)(1 + i));
}

const struct kit_key *nv_root_key(void)
{
    return kit_key(KIT_P384, KEY_ROOT);
}

const struct kit_key *nv_rim_root_key(void)
{
    return kit_key(KIT_P384, KEY_RIM_ROOT);
}

const struct kit_key *nv_stranger_key(void)
{
    return kit_key(KIT_P384, KEY_STRANGER);
}

struct slice nv_nonce(struct arena *arena)
{
    return kit_fill(arena, 0x41, 32);
}

struct nv_world nv_hopper(void)
{
    const struct nv_window years = {NV_NOW - 900 * NV_DAY, NV_NOW + 900 * NV_DAY};
    const struct nv_window day = {NV_NOW - NV_DAY / 2, NV_NOW + NV_DAY / 2};
    struct nv_world w = {
        .now = NV_NOW,
        .kind = "nvidia-hopper",
        .chip = "GH100",
        .driver = "550.90.07",
        .nvdec0 = 0x55,
        .chain = years,
        .rims =
            {{.version = "550.90.07", .product = "GH100", .first = 20, .last = 36, .window = years},
             {.version = "96.00.9f.00.01",
              .product = "GH100",
              .first = 0,
              .last = 12,
              .two_values = 5,
              .window = years}},
    };

    for (size_t i = 0; i < NV_OCSP_MAX; i++)
        w.ocsp[i] = (struct nv_ocsp){.reason = -1, .window = day, .responder = years};
    return w;
}

static struct slice keep(struct arena *arena, const struct wr *w)
{
    struct slice out, copy = {NULL, 0};

    assert_int_equal(wr_end(w, &out), OK);
    assert_int_equal(arena_copy(arena, out, &copy), OK);
    return copy;
}

/* --- device chain --- */

static void put_fwid(struct wr *w, struct slice digest)
{
    struct wr_block seq = der_open(w, DER_SEQUENCE);

    der_put(w, DER_OID, OID_SHA384);
    der_put(w, DER_OCTET_STRING, digest);
    der_close(w, seq);
}

static struct slice dice_extension(const struct nv_world *w, struct arena *arena)
{
    uint8_t room[512];
    struct wr out = wr_init(room, sizeof room);
    struct wr_block all = der_open(&out, DER_SEQUENCE), list;
    struct slice fwid = kit_fill(arena, w->fwid_wrong ? 0x78 : 0x77, 48);

    if (w->fwid_tcb_info) {
        der_put(&out, DER_CONTEXT | 0, SLICE_LIT("NVIDIA"));
        der_put(&out, DER_CONTEXT | 3, SLICE_LIT("\1"));
        list = der_open(&out, DER_CONTEXT_CONSTRUCTED | 6);
        put_fwid(&out, fwid);
        put_fwid(&out, kit_fill(arena, 0, 48));
        der_close(&out, list);
        der_put(&out, DER_CONTEXT | 7, SLICE_LIT("\0\x80"));
    } else {
        der_put_u64(&out, 1);
        wr_slice(&out, chain_key_of(0)->spki);
        put_fwid(&out, fwid);
    }
    der_close(&out, all);
    return keep(arena, &out);
}

static const char *chain_name(const struct nv_world *w, size_t i, char room[64])
{
    static const char *const names[NV_CHAIN] = {"%s A01 GSP FMC LF", "%s A01 GSP BROM",
                                                "NVIDIA %s Provisioner ICA 1", "NVIDIA %s Identity",
                                                "NVIDIA Device Identity CA"};
    struct buf text;

    buf_init(&text, 64);
    for (const char *c = names[i]; *c != 0; c++)
        if (c[0] == '%' && c[1] == 's') {
            buf_put_text(&text, w->chip);
            c++;
        } else {
            buf_put_u8(&text, (uint8_t)*c);
        }
    snprintf(room, 64, "%s", buf_cstr(&text));
    buf_fini(&text);
    return room;
}

static struct slice chain_cert(const struct nv_world *w, struct arena *arena, size_t i)
{
    char subject[64], issuer[64];
    size_t next = i + 1 < NV_CHAIN ? i + 1 : i;
    const struct x509_new_extension dice = {.oid = w->fwid_tcb_info
                                                       ? SLICE_LIT("\x67\x81\x05\x05\x04\x01\x01")
                                                       : SLICE_LIT("\x67\x81\x05\x05\x04\x01"),
                                            .value = dice_extension(w, arena)};
    const struct kit_cert c = {.subject = chain_name(w, i, subject),
                               .issuer = chain_name(w, next, issuer),
                               .key = chain_key_of(i),
                               .signer = w->link_signer[i] != NULL ? w->link_signer[i]
                                                                   : chain_key_of(next),
                               .serial = FIRST_SERIAL + (unsigned)i,
                               .from = w->chain.from,
                               .until = w->chain.until,
                               .ca = i > 0,
                               .more = &dice,
                               .more_count = i == 0 && !w->no_dice};

    return kit_cert(arena, &c);
}

/* --- report --- */

static struct slice report(const struct nv_world *w, struct arena *arena)
{
    static const uint8_t vbios[8] = {0x00, 0x9f, 0x00, 0x96, 0x01};
    struct kit_spdm_report r = {.nonce = w->nonce, .measurements = NV_MEASUREMENTS};
    uint8_t room[512], driver[32] = {0};
    struct wr opaque = wr_init(room, sizeof room);
    struct slice whole;

    memcpy(driver, w->driver, strlen(w->driver));
    kit_spdm_field(&opaque, SPDM_DRIVER_VERSION, slice_make(driver, strlen(w->driver) + 1));
    kit_spdm_field(&opaque, SPDM_VBIOS_VERSION, SLICE_OF(vbios));
    kit_spdm_field(&opaque, SPDM_NVDEC0_STATUS, slice_make(&w->nvdec0, 1));
    if (!w->no_fwid)
        kit_spdm_field(&opaque, SPDM_FWID, kit_fill(arena, 0x77, 48));
    r.opaque = keep(arena, &opaque);
    whole = kit_spdm_report(arena, &r);
    r.signature = kit_sign_raw(arena, w->report_signer != NULL ? w->report_signer : chain_key_of(0),
                               slice_sub(whole, 0, whole.len - 96));
    return kit_spdm_report(arena, &r);
}

/* --- manifests --- */

static struct slice rim_cert(const struct nv_rim *m, struct arena *arena, size_t which, size_t i)
{
    static const char *const names[NV_RIM_CHAIN] = {
        "HCC RIM L4 Signer", "NVIDIA Reference Value GH100 CA", "NVIDIA CoRIM signing Root CA"};
    size_t next = i + 1 < NV_RIM_CHAIN ? i + 1 : i;
    const struct kit_cert c = {.subject = names[i],
                               .issuer = names[next],
                               .key = rim_key_of(i),
                               .signer = rim_key_of(next),
                               .serial = FIRST_SERIAL + 0x10 + (unsigned)(which * 4 + i),
                               .from = m->window.from,
                               .until = m->window.until,
                               .ca = i > 0};

    return kit_cert(arena, &c);
}

static void put_hash(struct buf *out, unsigned k, uint8_t value)
{
    buf_printf(out, " ns2:Hash%u=\"", k);
    for (int i = 0; i < 48; i++)
        buf_printf(out, "%02x", value);
    buf_put_u8(out, '"');
}

static void put_resource(struct buf *out, const struct nv_rim *m, size_t i)
{
    bool active = i >= m->first && i <= m->last;
    unsigned values = active && i == m->two_values && i > 0 ? 2 : 1;

    buf_printf(out,
               "<Resource active=\"%s\" alternatives=\"%u\" index=\"%zu\" size=\"48\" "
               "type=\"Measurement\"",
               active ? "True" : "False", values, i);
    if (values == 2) {
        put_hash(out, 0, 0xee);
        put_hash(out, 1, (uint8_t)i);
    } else {
        put_hash(out, 0, m->wrong != 0 && i == m->wrong ? 0xee : (uint8_t)i);
    }
    buf_put_text(out, "></Resource>");
}

/* Write the tag up to where the signature goes, in canonical form. */
static void put_tag(struct buf *out, const struct nv_rim *m, const char *version)
{
    buf_put_text(out, "<SoftwareIdentity xmlns=\"" SWID "\" xmlns:ns2=\"" SHA384_NS
                      "\" name=\"GH100\">");
    buf_printf(out, "<Meta colloquialVersion=\"%s\" product=\"%s\"></Meta><Payload>", version,
               m->product);
    for (size_t i = 0; i <= NV_MEASUREMENTS; i++) /* one more than is measured */
        put_resource(out, m, i);
    buf_put_text(out, "</Payload>");
}

static void put_signed_info(struct buf *out, const char *namespaces, struct slice digest)
{
    buf_printf(out, "<ds:SignedInfo%s>", namespaces);
    buf_put_text(out, "<ds:CanonicalizationMethod "
                      "Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\">"
                      "</ds:CanonicalizationMethod><ds:SignatureMethod "
                      "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384\">"
                      "</ds:SignatureMethod><ds:Reference URI=\"\"><ds:Transforms><ds:Transform "
                      "Algorithm=\"" DS "enveloped-signature\"></ds:Transform><ds:Transform "
                      "Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"></ds:Transform>"
                      "</ds:Transforms><ds:DigestMethod "
                      "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\">"
                      "</ds:DigestMethod><ds:DigestValue>");
    b64_put(out, digest);
    buf_put_text(out, "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
}

static void put_signature(const struct nv_rim *m, struct arena *arena, size_t which,
                          struct slice digest, struct buf *out)
{
    struct buf info;

    buf_init(&info, XML_ROOM);
    put_signed_info(&info, " xmlns=\"" SWID "\" xmlns:ds=\"" DS "\" xmlns:ns2=\"" SHA384_NS "\"",
                    digest);
    buf_put_text(out, "<ds:Signature xmlns:ds=\"" DS "\">");
    put_signed_info(out, "", digest);
    buf_put_text(out, "<ds:SignatureValue>");
    b64_put(out,
            kit_sign_raw(arena, m->signer != NULL ? m->signer : rim_key_of(0), buf_slice(&info)));
    buf_put_text(out, "</ds:SignatureValue><ds:KeyInfo><ds:X509Data>");
    for (size_t i = 0; i < NV_RIM_CHAIN; i++) {
        buf_put_text(out, "<ds:X509Certificate>");
        b64_put(out, rim_cert(m, arena, which, i));
        buf_put_text(out, "</ds:X509Certificate>");
    }
    buf_put_text(out, "</ds:X509Data></ds:KeyInfo></ds:Signature>");
    buf_fini(&info);
}

static struct slice rim(const struct nv_rim *m, struct arena *arena, size_t which)
{
    uint8_t digest[48];
    struct slice copy = {NULL, 0};
    struct buf tag, out;

    buf_init(&tag, XML_ROOM);
    buf_init(&out, XML_ROOM);
    put_tag(&tag, m, m->altered ? "0" : m->version);
    buf_put_text(&tag, "</SoftwareIdentity>");
    hash_once(HASH_SHA384, buf_slice(&tag), digest);
    put_tag(&out, m, m->version);
    put_signature(m, arena, which, SLICE_OF(digest), &out);
    buf_put_text(&out, "</SoftwareIdentity>");
    assert_int_equal(buf_ok(&out), OK);
    assert_int_equal(arena_copy(arena, buf_slice(&out), &copy), OK);
    buf_fini(&out);
    buf_fini(&tag);
    return copy;
}

/* --- OCSP --- */

static struct slice key_bits(const struct kit_key *key)
{
    struct rd r = rd_init(key->spki);
    struct rd seq = der_enter(&r, DER_SEQUENCE);

    (void)der_whole(&seq, DER_SEQUENCE);
    return der_bits(&seq);
}

static struct slice name(struct arena *arena, const char *common_name)
{
    uint8_t room[256];
    struct wr w = wr_init(room, sizeof room);

    x509_put_name(&w, slice_text(common_name));
    return keep(arena, &w);
}

static void put_digest(struct wr *w, struct slice bytes)
{
    uint8_t digest[48];

    hash_once(HASH_SHA384, bytes, digest);
    der_put(w, DER_OCTET_STRING, SLICE_OF(digest));
}

static void put_generalized(struct wr *w, unix_time t)
{
    struct civil c = civil_from_unix(t);
    char text[32];

    snprintf(text, sizeof text, "%04d%02u%02u%02u%02u%02uZ", c.year, c.month, c.day, c.hour,
             c.minute, c.second);
    der_put(w, DER_GENERALIZED_TIME, slice_text(text));
}

/* Who an answer is about. */
struct subject {
    const char *issuer;
    const struct kit_key *issuer_key;
    unsigned serial;
};

static void put_status(struct wr *w, const struct nv_ocsp *o)
{
    struct wr_block revoked, reason;
    uint8_t code = (uint8_t)o->reason;

    if (!o->revoked) {
        der_put(w, DER_CONTEXT | (o->unknown ? 2 : 0), SLICE_LIT(""));
        return;
    }
    revoked = der_open(w, DER_CONTEXT_CONSTRUCTED | 1);
    put_generalized(w, o->window.from);
    if (o->reason >= 0) {
        reason = der_open(w, DER_CONTEXT_CONSTRUCTED | 0);
        der_put(w, DER_ENUMERATED, slice_make(&code, 1));
        der_close(w, reason);
    }
    der_close(w, revoked);
}

static void put_single(struct wr *w, const struct nv_ocsp *o, const struct subject *s,
                       struct arena *arena)
{
    struct wr_block single = der_open(w, DER_SEQUENCE), id = der_open(w, DER_SEQUENCE), part;
    const uint8_t serial[] = {(uint8_t)(s->serial >> 8), (uint8_t)s->serial};

    part = der_open(w, DER_SEQUENCE);
    der_put(w, DER_OID, OID_SHA384);
    der_put_null(w);
    der_close(w, part);
    put_digest(w, name(arena, s->issuer));
    put_digest(w, key_bits(s->issuer_key));
    der_put_uint(w, SLICE_OF(serial));
    der_close(w, id);
    put_status(w, o);
    put_generalized(w, o->window.from);
    if (!o->no_next) {
        part = der_open(w, DER_CONTEXT_CONSTRUCTED | 0);
        put_generalized(w, o->window.until);
        der_close(w, part);
    }
    der_close(w, single);
}

static struct slice response_data(const struct nv_ocsp *o, const struct subject *s,
                                  struct arena *arena)
{
    uint8_t room[DER_ROOM];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block all = der_open(&w, DER_SEQUENCE), part;

    part = der_open(&w, DER_CONTEXT_CONSTRUCTED | 1);
    wr_slice(&w, name(arena, o->by_issuer ? s->issuer : "OCSP Responder"));
    der_close(&w, part);
    put_generalized(&w, o->window.from);
    part = der_open(&w, DER_SEQUENCE);
    put_single(&w, o, s, arena);
    der_close(&w, part);
    der_close(&w, all);
    return keep(arena, &w);
}

static struct slice responder_cert(const struct nv_ocsp *o, const struct subject *s,
                                   struct arena *arena)
{
    static const struct slice signing =
        SLICE_INIT("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09");
    static const struct slice server =
        SLICE_INIT("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01");
    const struct x509_new_extension purpose = {.oid = OID_EXT_KEY_USAGE,
                                               .value = o->wrong_purpose ? server : signing};
    const struct kit_cert c = {.subject = "OCSP Responder",
                               .issuer = s->issuer,
                               .key = kit_key(KIT_P384, KEY_RESPONDER),
                               .signer = o->responder_signer != NULL ? o->responder_signer
                                                                     : s->issuer_key,
                               .serial = 0x7f,
                               .from = o->responder.from,
                               .until = o->responder.until,
                               .more = &purpose,
                               .more_count = 1};

    return kit_cert(arena, &c);
}

static struct slice basic_response(const struct nv_ocsp *o, const struct subject *s,
                                   struct arena *arena)
{
    const struct kit_key *right = o->by_issuer ? s->issuer_key : kit_key(KIT_P384, KEY_RESPONDER);
    struct slice data = response_data(o, s, arena);
    uint8_t room[DER_ROOM];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block all = der_open(&w, DER_SEQUENCE), part, list;

    wr_slice(&w, data);
    part = der_open(&w, DER_SEQUENCE);
    der_put(&w, DER_OID, OID_ECDSA_SHA384);
    der_close(&w, part);
    der_put_bits(&w, kit_sign_der(arena, o->signer != NULL ? o->signer : right, data));
    if (!o->by_issuer) {
        part = der_open(&w, DER_CONTEXT_CONSTRUCTED | 0);
        list = der_open(&w, DER_SEQUENCE);
        wr_slice(&w, responder_cert(o, s, arena));
        der_close(&w, list);
        der_close(&w, part);
    }
    der_close(&w, all);
    return keep(arena, &w);
}

static struct slice ocsp_response(const struct nv_ocsp *o, const struct subject *s,
                                  struct arena *arena)
{
    uint8_t room[DER_ROOM];
    struct wr w = wr_init(room, sizeof room);
    struct wr_block all = der_open(&w, DER_SEQUENCE), outer, bytes;

    der_put(&w, DER_ENUMERATED, SLICE_LIT("\0"));
    outer = der_open(&w, DER_CONTEXT_CONSTRUCTED | 0);
    bytes = der_open(&w, DER_SEQUENCE);
    der_put(&w, DER_OID, SLICE_LIT("\x2b\x06\x01\x05\x05\x07\x30\x01\x01"));
    der_put(&w, DER_OCTET_STRING, basic_response(o, s, arena));
    der_close(&w, bytes);
    der_close(&w, outer);
    der_close(&w, all);
    return keep(arena, &w);
}

/* --- together --- */

static void add(const struct nv_world *w, struct evidence *e, const char *part, struct slice bytes)
{
    if (w->without == NULL || strcmp(w->without, part) != 0)
        assert_int_equal(evidence_add(e, slice_text(part), bytes), OK);
}

static void add_ocsp(const struct nv_world *w, struct arena *arena, struct evidence *e, size_t i,
                     const struct subject *s)
{
    static const char *const names[NV_OCSP_MAX] = {"ocsp_0", "ocsp_1", "ocsp_2", "ocsp_3",
                                                   "ocsp_4", "ocsp_5", "ocsp_6", "ocsp_7"};

    if (!w->ocsp[i].absent)
        add(w, e, names[i], ocsp_response(&w->ocsp[i], s, arena));
}

static void add_answers(const struct nv_world *w, struct arena *arena, struct evidence *e)
{
    static const char *const rim_issuers[] = {"NVIDIA Reference Value GH100 CA",
                                              "NVIDIA CoRIM signing Root CA"};
    char issuer[64];
    struct subject s;

    for (size_t i = 1; i <= 3; i++) {
        s = (struct subject){chain_name(w, i + 1, issuer), chain_key_of(i + 1),
                             FIRST_SERIAL + (unsigned)i};
        add_ocsp(w, arena, e, i - 1, &s);
    }
    for (size_t which = 0; which < 2; which++)
        for (size_t i = 0; i < 2; i++) {
            s = (struct subject){rim_issuers[i], rim_key_of(i + 1),
                                 FIRST_SERIAL + 0x10 + (unsigned)(which * 4 + i)};
            add_ocsp(w, arena, e, 3 + 2 * which + i, &s);
        }
}

void nv_build(const struct nv_world *w, struct arena *arena, struct evidence *e)
{
    struct slice chain[NV_CHAIN];

    evidence_init(e, slice_text(w->kind));
    for (size_t i = 0; i < NV_CHAIN; i++)
        chain[i] = chain_cert(w, arena, i);
    add(w, e, "report", report(w, arena));
    add(w, e, "chain", kit_pem(arena, chain, NV_CHAIN));
    if (!w->rims[0].absent)
        add(w, e, "driver_rim", rim(&w->rims[0], arena, 0));
    if (!w->rims[1].absent)
        add(w, e, "vbios_rim", rim(&w->rims[1], arena, 1));
    if (w->given_root != NULL)
        add(w, e, w->given_root, chain[0]);
    add_answers(w, arena, e);
}
