/*
 * Write the seeds of the fuzz targets, made from scratch: attest-corpus FOLDER. Run by hand when a
 * format changes; what it writes is kept in fuzz/corpus.
 */
#include <sys/stat.h>

#include "attest/kit_amd_test.h"
#include "attest/kit_intel_test.h"
#include "attest/kit_nvidia_test.h"
#include "attest/tpm.h"
#include "base/test.h"
#include "codec/cbor.h"

static const char *folder;
static struct arena arena;

static void save(const char *target, const char *name, struct slice bytes)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, target);
    (void)mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
}

static struct slice part(const struct evidence *e, const char *name)
{
    struct slice bytes = {NULL, 0};

    assert_true(evidence_find(e, name, &bytes));
    return bytes;
}

/* As fuzz_evidence.c reads it. */
static void save_evidence(const char *file, const struct evidence *e, uint8_t kind,
                          const char *const *names, const uint8_t *numbers, size_t count)
{
    struct buf out;

    buf_init(&out, 1024 * 1024);
    buf_put_u8(&out, kind);
    for (size_t i = 0; i < count; i++) {
        struct slice bytes = part(e, names[i]);

        buf_put_u8(&out, numbers[i]);
        buf_put_u8(&out, (uint8_t)(bytes.len >> 16));
        buf_put_u8(&out, (uint8_t)(bytes.len >> 8));
        buf_put_u8(&out, (uint8_t)bytes.len);
        buf_put(&out, bytes);
    }
    save("evidence", file, buf_slice(&out));
    buf_fini(&out);
}

static void intel(void)
{
    static const char *const names[] = {"quote",    "tcb_info", "tcb_chain", "qe_identity",
                                        "qe_chain", "pck_crl",  "root_crl"};
    static const uint8_t numbers[] = {0, 1, 2, 3, 4, 5, 6};
    struct intel_world td = intel_tdx(), sgx = intel_sgx(), td5 = intel_tdx_v5();
    struct evidence e;

    intel_build(&td5, &arena, &e);
    save("quote", "tdx5.bin", part(&e, "quote"));
    intel_build(&sgx, &arena, &e);
    save("quote", "sgx3.bin", part(&e, "quote"));
    save("collateral", "sgx.json", part(&e, "tcb_info"));
    intel_build(&td, &arena, &e);
    save("quote", "tdx4.bin", part(&e, "quote"));
    save("collateral", "tdx.json", part(&e, "tcb_info"));
    save("collateral", "qe.json", part(&e, "qe_identity"));
    save_evidence("tdx4", &e, 1, names, numbers, COUNT_OF(names));
}

static void amd(void)
{
    static const char *const names[] = {"report", "leaf", "ask", "ark", "crl"};
    static const uint8_t numbers[] = {7, 8, 9, 10, 11};
    struct amd_world milan = amd_milan(), turin = amd_turin();
    struct evidence e;

    amd_build(&turin, &arena, &e);
    save("snp_report", "turin.bin", part(&e, "report"));
    save("vendor_cert", "turin.der", part(&e, "leaf"));
    amd_build(&milan, &arena, &e);
    save("snp_report", "milan.bin", part(&e, "report"));
    save("vendor_cert", "milan.der", part(&e, "leaf"));
    save_evidence("milan", &e, 3, names, numbers, COUNT_OF(names));
}

static void nvidia(void)
{
    static const char *const names[] = {"report", "chain", "driver_rim", "ocsp_0"};
    static const uint8_t numbers[] = {7, 12, 13, 28};
    struct nv_world hopper = nv_hopper();
    struct evidence e;

    nv_build(&hopper, &arena, &e);
    save("spdm", "hopper.bin", part(&e, "report"));
    save("rim", "driver.xml", part(&e, "driver_rim"));
    save_evidence("hopper", &e, 5, names, numbers, COUNT_OF(names));
}

static void small(void)
{
    uint8_t room[4096];
    struct wr w = wr_init(room, sizeof room);
    struct slice out;

    wr_slice(&w, SLICE_LIT("\xff\x54\x43\x47\x80\x18\0\2id\0\5nonce"));
    wr_zero(&w, 8 + 4 + 4 + 1 + 8);
    wr_slice(&w, SLICE_LIT("\0\0\0\1\0\x0b\3\xff\xff\xff\0\4hash"));
    assert_int_equal(wr_end(&w, &out), OK);
    save("tpm", "quote.bin", out);
    save("tpm", "signature.bin", SLICE_LIT("\0\x14\0\x0b\0\4sign"));
    save("tpm", "public.bin",
         SLICE_LIT("\0\x23\0\x0b\0\5\0\x72\0\0\0\x10\0\x18\0\x0b\0\3\0\x10\0\1x\0\1y"));

    w = wr_init(room, sizeof room);
    wr_slice(&w, SLICE_LIT("HCLA"));
    wr_zero(&w, 28 + 1184);
    wr_slice(&w, SLICE_LIT("\x1f\0\0\0\1\0\0\0\4\0\0\0\1\0\0\0\x0b\0\0\0{\"keys\":[]}"));
    assert_int_equal(wr_end(&w, &out), OK);
    save("hcl", "tdx.bin", out);

    w = wr_init(room, sizeof room);
    wr_u32le(&w, 0);
    wr_u32le(&w, 3);
    wr_zero(&w, 20);
    wr_u32le(&w, 33);
    wr_slice(&w, SLICE_LIT("Spec ID Event03\0"));
    wr_zero(&w, 8);
    wr_slice(&w, SLICE_LIT("\1\0\0\0\x0b\0\x20\0\0"));
    wr_slice(&w, SLICE_LIT("\1\0\0\0\4\0\0\0\1\0\0\0\x0b\0"));
    wr_zero(&w, 32);
    wr_slice(&w, SLICE_LIT("\4\0\0\0data"));
    assert_int_equal(wr_end(&w, &out), OK);
    save("eventlog", "agile.bin", out);
}

static void nitro(void)
{
    struct buf payload, doc;
    uint8_t zeros[96] = {0};

    buf_init(&payload, 4096);
    buf_init(&doc, 4096);
    cbor_put_map(&payload, 6);
    cbor_put_text(&payload, SLICE_LIT("module_id"));
    cbor_put_text(&payload, SLICE_LIT("i"));
    cbor_put_text(&payload, SLICE_LIT("digest"));
    cbor_put_text(&payload, SLICE_LIT("SHA384"));
    cbor_put_text(&payload, SLICE_LIT("timestamp"));
    cbor_put_uint(&payload, 1);
    cbor_put_text(&payload, SLICE_LIT("pcrs"));
    cbor_put_map(&payload, 1);
    cbor_put_uint(&payload, 0);
    cbor_put_bytes(&payload, slice_make(zeros, 48));
    cbor_put_text(&payload, SLICE_LIT("certificate"));
    cbor_put_bytes(&payload, SLICE_LIT("c"));
    cbor_put_text(&payload, SLICE_LIT("cabundle"));
    cbor_put_array(&payload, 1);
    cbor_put_bytes(&payload, SLICE_LIT("r"));
    cbor_put_array(&doc, 4);
    cbor_put_bytes(&doc, SLICE_LIT("\xa1\x01\x38\x22"));
    cbor_put_map(&doc, 0);
    cbor_put_bytes(&doc, buf_slice(&payload));
    cbor_put_bytes(&doc, SLICE_OF(zeros));
    save("nitro", "doc.cbor", buf_slice(&doc));
    buf_fini(&doc);
    buf_fini(&payload);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    folder = argv[1];
    arena_init(&arena, 64 * 1024 * 1024);
    intel();
    amd();
    nvidia();
    small();
    nitro();
    arena_fini(&arena);
    kit_keys_free();
    return 0;
}
