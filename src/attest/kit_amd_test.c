#include "attest/kit_amd_test.h"

#include "base/test.h"
#include "codec/der.h"

enum { KEY_ARK, KEY_ASK, KEY_LEAF = 0, KEY_STRANGER = 3 };

#define AMD_ARC "\x2b\x06\x01\x04\x01\x9c\x78\x01"

static const uint8_t tcb_milan[8] = {4, 1, 0, 0, 0, 0, 24, 219};
static const uint8_t tcb_turin[8] = {1, 2, 3, 4, 0, 0, 0, 71};

const struct kit_key *amd_root_key(void)
{
    return kit_key(KIT_RSA, KEY_ARK);
}

const struct kit_key *amd_stranger_key(enum kit_alg alg)
{
    return kit_key(alg, KEY_STRANGER);
}

struct amd_world amd_milan(void)
{
    const struct amd_window years = {AMD_NOW - 900 * AMD_DAY, AMD_NOW + 900 * AMD_DAY};
    const struct amd_window month = {AMD_NOW - 15 * AMD_DAY, AMD_NOW + 15 * AMD_DAY};

    return (struct amd_world){
        .now = AMD_NOW,
        .kind = "snp-milan",
        .report = {.version = 3,
                   .policy = 0x30000,
                   .sig_algo = 1,
                   .family = 0x19,
                   .model = 0x01,
                   .stepping = 1,
                   .reported_tcb = SLICE_OF(tcb_milan),
                   .current_tcb = SLICE_OF(tcb_milan),
                   .committed_tcb = SLICE_OF(tcb_milan),
                   .launch_tcb = SLICE_OF(tcb_milan)},
        .product = "Milan",
        .leaf_product = "Milan-B0",
        .leaf_tcb = {0, 4, 1, 24, 219},
        .leaf = years,
        .ask = years,
        .ark = years,
        .has_crl = true,
        .crl = month,
    };
}

struct amd_world amd_milan_vlek(void)
{
    struct amd_world w = amd_milan();
    static const uint8_t no_chip[64] = {0};

    w.vlek = true;
    w.leaf_product = "Milan";
    w.no_hw_id = true;
    w.report.signer_info = SNP_KEY_VLEK << 2;
    w.report.chip_id = SLICE_OF(no_chip);
    return w;
}

struct amd_world amd_turin(void)
{
    static const uint8_t chip[64] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct amd_world w = amd_milan();

    w.kind = "snp-turin";
    w.product = "Turin";
    w.leaf_product = "Turin";
    w.report.version = 5;
    w.report.family = 0x1a;
    w.report.model = 0x02;
    w.report.chip_id = SLICE_OF(chip);
    w.hw_id = slice_make(chip, 8);
    w.leaf_tcb = (struct snp_tcb){1, 2, 3, 4, 71};
    w.report.reported_tcb = SLICE_OF(tcb_turin);
    w.report.current_tcb = SLICE_OF(tcb_turin);
    w.report.committed_tcb = SLICE_OF(tcb_turin);
    w.report.launch_tcb = SLICE_OF(tcb_turin);
    return w;
}

static const struct kit_key *or_key(const struct kit_key *key, enum kit_alg alg, unsigned index)
{
    return key != NULL ? key : kit_key(alg, index);
}

/* --- leaf --- */

struct extensions {
    struct x509_new_extension items[12];
    size_t count;
    uint8_t room[1024];
    struct wr w;
};

static void add_value(struct extensions *x, struct slice oid, size_t from)
{
    x->items[x->count++] = (struct x509_new_extension){
        .oid = oid, .value = slice_make(x->room + from, x->w.len - from)};
}

static void add_number(struct extensions *x, struct slice oid, unsigned value)
{
    size_t from = x->w.len;

    der_put_u64(&x->w, value);
    add_value(x, oid, from);
}

static void add_text(struct extensions *x, struct slice oid, const char *text)
{
    size_t from = x->w.len;

    der_put(&x->w, DER_IA5_STRING, slice_text(text));
    add_value(x, oid, from);
}

static void fill_extensions(const struct amd_world *w, struct arena *arena, struct extensions *x)
{
    size_t from;

    x->count = 0;
    x->w = wr_init(x->room, sizeof x->room);
    add_number(x, SLICE_LIT(AMD_ARC "\x01"), 0);
    add_text(x, SLICE_LIT(AMD_ARC "\x02"), w->leaf_product);
    add_number(x, SLICE_LIT(AMD_ARC "\x03\x01"), w->leaf_tcb.boot_loader);
    add_number(x, SLICE_LIT(AMD_ARC "\x03\x02"), w->leaf_tcb.tee);
    add_number(x, SLICE_LIT(AMD_ARC "\x03\x03"), w->leaf_tcb.snp);
    add_number(x, SLICE_LIT(AMD_ARC "\x03\x08"), w->leaf_tcb.microcode);
    if (strcmp(w->product, "Turin") == 0 && !w->no_fmc)
        add_number(x, SLICE_LIT(AMD_ARC "\x03\x09"), w->leaf_tcb.fmc);
    if (w->vlek)
        add_text(x, SLICE_LIT(AMD_ARC "\x05"), "CN=provider");
    if (w->no_hw_id)
        return;
    from = x->w.len;
    wr_slice(&x->w, w->hw_id.ptr != NULL ? w->hw_id : kit_fill(arena, 0x3b, 64));
    add_value(x, SLICE_LIT(AMD_ARC "\x04"), from);
}

static const char *ask_name(const struct amd_world *w, char room[64])
{
    snprintf(room, 64, "%s%s", w->vlek ? "SEV-VLEK-" : "SEV-", w->product);
    return room;
}

static const char *ark_name(const struct amd_world *w, char room[64])
{
    snprintf(room, 64, "ARK-%s", w->product);
    return room;
}

static struct slice leaf_cert(const struct amd_world *w, struct arena *arena)
{
    char issuer[64];
    struct extensions x;
    struct kit_cert c = {.subject = w->vlek ? "SEV-VLEK" : "SEV-VCEK",
                         .issuer = ask_name(w, issuer),
                         .key = kit_key(KIT_P384, KEY_LEAF),
                         .signer = or_key(w->leaf_signer, KIT_RSA, KEY_ASK),
                         .serial = AMD_SERIAL_LEAF,
                         .from = w->leaf.from,
                         .until = w->leaf.until,
                         .ca = w->leaf_is_ca};

    if (w->leaf_name != NULL)
        c.subject = w->leaf_name;
    fill_extensions(w, arena, &x);
    c.more = x.items;
    c.more_count = x.count;
    return kit_cert(arena, &c);
}

static struct slice ca_cert(const struct amd_world *w, struct arena *arena, bool root)
{
    char subject[64], issuer[64];
    const struct kit_cert c = {.subject = root ? ark_name(w, subject) : ask_name(w, subject),
                               .issuer = ark_name(w, issuer),
                               .key = kit_key(KIT_RSA, root ? KEY_ARK : KEY_ASK),
                               .signer =
                                   root ? amd_root_key() : or_key(w->ask_signer, KIT_RSA, KEY_ARK),
                               .serial = root ? AMD_SERIAL_ARK : AMD_SERIAL_ASK,
                               .from = root ? w->ark.from : w->ask.from,
                               .until = root ? w->ark.until : w->ask.until,
                               .ca = true};

    return kit_cert(arena, &c);
}

/* --- report --- */

/* Turn 48 bytes big-endian into 72 little-endian. */
static struct slice turn(struct arena *arena, struct slice number, bool wide)
{
    uint8_t *out = kit_copy(arena, kit_fill(arena, 0, 72));

    for (size_t i = 0; i < number.len; i++)
        out[number.len - 1 - i] = number.ptr[i];
    out[48] |= wide;
    return slice_make(out, 72);
}

struct slice amd_report(const struct amd_world *w, struct arena *arena)
{
    struct kit_snp_report r = w->report;
    struct slice signature, unsigned_report = kit_snp_report(arena, &r);

    signature = kit_sign_raw(arena, or_key(w->report_signer, KIT_P384, KEY_LEAF),
                             slice_sub(unsigned_report, 0, SNP_SIGNED_SIZE));
    r.r = turn(arena, slice_sub(signature, 0, 48), w->wide_r);
    r.s = turn(arena, slice_skip(signature, 48), false);
    return kit_snp_report(arena, &r);
}

static void add(const struct amd_world *w, struct evidence *e, const char *name, struct slice bytes)
{
    if (w->without == NULL || strcmp(w->without, name) != 0)
        assert_int_equal(evidence_add(e, slice_text(name), bytes), OK);
}

void amd_add_chain(const struct amd_world *w, struct arena *arena, struct evidence *e)
{
    char issuer[64];
    const struct kit_crl crl = {.issuer = ark_name(w, issuer),
                                .signer = or_key(w->crl_signer, KIT_RSA, KEY_ARK),
                                .from = w->crl.from,
                                .until = w->crl.until,
                                .revoked = w->crl_revokes};

    add(w, e, "leaf", leaf_cert(w, arena));
    add(w, e, "ask", ca_cert(w, arena, false));
    add(w, e, "ark", ca_cert(w, arena, true));
    if (w->has_crl)
        add(w, e, "crl", kit_crl(arena, &crl));
}

void amd_build(const struct amd_world *w, struct arena *arena, struct evidence *e)
{
    evidence_init(e, slice_text(w->kind));
    add(w, e, "report", amd_report(w, arena));
    amd_add_chain(w, arena, e);
}
