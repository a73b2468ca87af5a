/*
 * Exchanges as they should go: the published examples byte for byte (RFC 9458 appendix A; the
 * appendix of draft-ietf-ohai-chunked-ohttp), every format and suite both ways; and messages cut
 * short or changed anywhere.
 */
#include "channel/ohttp.h"

#include "channel/ohttp_test_net.h"

/* --- published examples --- */

static const struct example {
    enum ohttp_format format;
    const char *gateway_secret; /* after the byte that makes the key's identifier 1 */
    const char *config, *client_secret, *nonce;
    struct slice request[3], response[3];
    size_t pieces;
    const char *sealed_request, *sealed_response;
} examples[] = {
    {
        .format = OHTTP_WHOLE,
        .gateway_secret = "013c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a",
        .config = "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e7981550008000100"
                  "0100010003",
        .client_secret = "bc51d5e930bda26589890ac7032f70ad12e4ecb37abb1b65b1256c9c48999c73",
        .nonce = "c789e7151fcba46158ca84b04464910d",
        .request = {SLICE_INIT("\x00\x03GET\x05https\x0b"
                               "example.com\x01/")},
        .response = {SLICE_INIT("\x01\x40\xc8")},
        .pieces = 1,
        .sealed_request = "010020000100014b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c2"
                          "08b4726374e469135906992e1268c594d2a10c695d858c40a026e7965e7d86b83dd440b2"
                          "c0185204b4d63525",
        .sealed_response = "c789e7151fcba46158ca84b04464910d86f9013e404feea014e7be4a441f234f857fbd",
    },
    {
        .format = OHTTP_CHUNKED,
        .gateway_secret = "011c190d72acdbe4dbc69e680503bb781a932c70a12c8f3754434c67d8640d8698",
        .config = "010020668eb21aace159803974a4c67f08b4152d29bed10735fd08f98ccdd6fe0957080008000100"
                  "0100010003",
        .client_secret = "b26d565f3f875ed480d1abced3d665159650c99174fd0b124ac4bda0c64ae324",
        .nonce = "bcce7f4cb921309ba5d62edf1769ef09",
        .request = {SLICE_INIT("\x00\x03GET\x05https\x0b"), SLICE_INIT("example.com\x01/"),
                    SLICE_INIT("")},
        .response = {SLICE_INIT("\x01"), SLICE_INIT("\x40\xc8"), SLICE_INIT("")},
        .pieces = 3,
        .sealed_request = "010020000100018811eb457e100811c40a0aa71340a1b81d804bb986f736f2f566a71997"
                          "61a0321c2ad24942d4d692563012f2980c8fef437a336b9b2fc938ef77a5834f1d2e33d8"
                          "fd25577afe31bd1c79d094f76b6250ae6549b473ecd950501311001c6c1395d0ef7c1022"
                          "297966307b8a7f",
        .sealed_response =
            "bcce7f4cb921309ba5d62edf1769ef091179bf1cc87fa0e2c02de4546945aa3d1e4812b3"
            "48b5bd4c594c16b6170b07b475845d1f3200ed9d8a796617a5b27265f4d73247f639",
    },
};

static void check_example(const struct example *e)
{
    static const struct hpke_suite suite = {KEM_X25519, HPKE_HKDF_SHA256, AEAD_AES_128_GCM};
    uint8_t gateway_bytes[33], client_bytes[32], nonce_bytes[16], config_bytes[64];
    struct slice gateway_left = test_unhex(e->gateway_secret, gateway_bytes);
    struct slice client_left = test_unhex(e->client_secret, client_bytes);
    struct slice nonce_left = test_unhex(e->nonce, nonce_bytes);
    const struct rng gateway_rng = {fixed_fill, &gateway_left};
    const struct rng client_rng = {fixed_fill, &client_left};
    const struct rng nonce_rng = {fixed_fill, &nonce_left};
    struct ohttp_keys *keys = ohttp_keys_new(KEM_X25519, 3600, &gateway_rng);
    struct ohttp_config config;
    struct ohttp_gateway g;
    struct ohttp_client c;
    struct buf wire, plain, expected;

    buf_init(&wire, WIRE_MAX);
    buf_init(&plain, WIRE_MAX);
    buf_init(&expected, WIRE_MAX);
    assert_int_equal(ohttp_keys_tick(keys, NOW, NULL), OK);
    assert_int_equal(ohttp_config_read(test_unhex(e->config, config_bytes), &config, &fail), OK);
    assert_int_equal(ohttp_client_init(&c, e->format, &config, suite, &client_rng, &wire), OK);
    for (size_t i = 0; i < e->pieces; i++)
        assert_int_equal(ohttp_client_seal(&c, e->request[i], i + 1 == e->pieces, &wire), OK);
    test_assert_hex(buf_slice(&wire), e->sealed_request);

    ohttp_gateway_init(&g, e->format, keys);
    assert_int_equal(ohttp_gateway_open(&g, NOW, buf_slice(&wire), true, &plain, &fail), OK);
    join(e->request, e->pieces, &expected);
    assert_true(slice_eq(buf_slice(&plain), buf_slice(&expected)));
    assert_memory_equal(g.secrets.request_id.bytes, c.secrets.request_id.bytes, BURN_ID_LEN);

    buf_clear(&wire);
    buf_clear(&plain);
    for (size_t i = 0; i < e->pieces; i++)
        assert_int_equal(
            ohttp_gateway_seal(&g, &nonce_rng, e->response[i], i + 1 == e->pieces, &wire), OK);
    test_assert_hex(buf_slice(&wire), e->sealed_response);
    assert_int_equal(ohttp_client_open(&c, buf_slice(&wire), true, &plain, &fail), OK);
    join(e->response, e->pieces, &expected);
    assert_true(slice_eq(buf_slice(&plain), buf_slice(&expected)));
    ohttp_client_fini(&c);
    ohttp_gateway_fini(&g);
    ohttp_keys_free(keys);
    buf_fini(&wire);
    buf_fini(&plain);
    buf_fini(&expected);
}

static void test_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(examples); i++)
        check_example(&examples[i]);
}

static void test_every_format(void **state)
{
    static const enum kem_id kems[] = {KEM_X25519, KEM_P256, KEM_XWING};
    static const size_t steps[] = {1, 2, 3, 7, 8, 39, 47, 64, 100, SIZE_MAX};

    (void)state;
    for (size_t k = 0; k < COUNT_OF(kems); k++) {
        struct net n;

        if (!kem_known(kems[k]))
            continue;
        net_init(&n, kems[k]);
        for (size_t a = 0; a < n.config.config.alg_count; a++)
            for (size_t f = 0; f < COUNT_OF(formats); f++)
                for (size_t s = 0; s < COUNT_OF(steps); s++)
                    exchange(&n, formats[f],
                             (struct hpke_suite){kems[k], n.config.config.algs[a].kdf,
                                                 n.config.config.algs[a].aead},
                             steps[s]);
        net_fini(&n);
    }
}

/* The whole form carries more than a chunk may; a chunk of that size is refused. */
static void test_large(void **state)
{
    static uint8_t large[OHTTP_CHUNK_MAX + 1000];
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    for (int format = OHTTP_WHOLE; format <= OHTTP_CHUNKED; format++) {
        struct ohttp_client c;
        struct ohttp_gateway g;
        struct buf back, got;

        buf_init(&back, WIRE_MAX);
        buf_init(&got, WIRE_MAX);
        client_start(&n, (enum ohttp_format)format, ohttp_config_suite(&n.config.config), &c);
        assert_int_equal(ohttp_client_seal(&c, SLICE_OF(large), true, &n.wire), OK);
        assert_int_equal(receive(&n, (enum ohttp_format)format, buf_slice(&n.wire), &g), OK);
        assert_true(slice_eq(buf_slice(&n.plain), SLICE_OF(large)));
        assert_int_equal(ohttp_gateway_seal(&g, &rand_system, SLICE_OF(large), true, &back), OK);
        for (struct slice left = buf_slice(&back); left.len > 0;) {
            size_t len = left.len < 50000 ? left.len : 50000;

            assert_int_equal(
                ohttp_client_open(&c, slice_sub(left, 0, len), len == left.len, &got, &fail), OK);
            left = slice_skip(left, len);
        }
        assert_true(slice_eq(buf_slice(&got), SLICE_OF(large)));
        ohttp_client_fini(&c);
        ohttp_gateway_fini(&g);
        buf_fini(&back);
        buf_fini(&got);
    }
    {
        static const uint8_t length[] = {0x80, 0x04, 0x00, 0x11}; /* OHTTP_CHUNK_MAX + 17 */
        struct ohttp_client c;
        struct ohttp_gateway g;

        client_start(&n, OHTTP_CHUNKED, ohttp_config_suite(&n.config.config), &c);
        ohttp_client_fini(&c);
        buf_put(&n.wire, SLICE_OF(length));
        assert_int_equal(receive(&n, OHTTP_CHUNKED, buf_slice(&n.wire), &g), ERR_LIMIT);
        ohttp_gateway_fini(&g);
    }
    net_fini(&n);
}

/* --- damage --- */

/* A response cut anywhere is an error, never a short answer; so is one with any bit changed. */
static void test_damaged_answers(void **state)
{
    struct net n;

    (void)state;
    net_init(&n, KEM_X25519);
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        struct ohttp_client c, fresh;
        struct ohttp_gateway g;
        struct buf back, got;

        buf_init(&back, WIRE_MAX);
        buf_init(&got, WIRE_MAX);
        client_ask(&n, formats[f], &c);
        assert_int_equal(receive(&n, formats[f], buf_slice(&n.wire), &g), OK);
        if (formats[f] != OHTTP_WHOLE)
            assert_int_equal(ohttp_gateway_seal(&g, &rand_system, answer, false, &back), OK);
        assert_int_equal(ohttp_gateway_seal(&g, &rand_system, answer, true, &back), OK);
        for (size_t len = 0; len < back.len; len++) {
            fresh = c;
            ohttp_pending_init(&fresh.pending, OHTTP_CHUNK_MAX);
            assert_int_not_equal(
                ohttp_client_open(&fresh, slice_make(back.ptr, len), true, &got, &fail), OK);
            assert_false(fresh.response.ended);
            ohttp_lane_fini(&fresh.response);
            ohttp_pending_fini(&fresh.pending);
        }
        for (size_t bit = 0; bit < 8 * back.len; bit++) {
            fresh = c;
            ohttp_pending_init(&fresh.pending, OHTTP_CHUNK_MAX);
            back.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_not_equal(ohttp_client_open(&fresh, buf_slice(&back), true, &got, &fail),
                                 OK);
            assert_false(fresh.response.ended);
            back.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
            ohttp_lane_fini(&fresh.response);
            ohttp_pending_fini(&fresh.pending);
        }
        ohttp_client_fini(&c);
        ohttp_gateway_fini(&g);
        buf_fini(&back);
        buf_fini(&got);
    }
    net_fini(&n);
}

static void test_damaged_requests(void **state)
{
    struct net n;
    struct ohttp_gateway g;

    (void)state;
    net_init(&n, KEM_X25519);
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        struct ohttp_client c;

        client_ask(&n, formats[f], &c);
        ohttp_client_fini(&c);
        for (size_t len = 0; len < n.wire.len; len++) {
            assert_int_not_equal(receive(&n, formats[f], slice_make(n.wire.ptr, len), &g), OK);
            assert_int_equal(n.plain.len, 0);
            assert_false(g.request.ended || g.burned);
            ohttp_gateway_fini(&g);
        }
        for (size_t bit = 0; bit < 8 * n.wire.len; bit++) {
            n.wire.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_not_equal(receive(&n, formats[f], buf_slice(&n.wire), &g), OK);
            assert_int_equal(n.plain.len, 0);
            assert_false(g.request.ended || g.burned);
            ohttp_gateway_fini(&g);
            n.wire.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_int_equal(receive(&n, formats[f], buf_slice(&n.wire), &g), OK); /* not burned */
        ohttp_gateway_fini(&g);
    }
    net_fini(&n);
}

/* --- names --- */

static void test_names(void **state)
{
    enum ohttp_format found;

    (void)state;
    for (size_t f = 0; f < COUNT_OF(formats); f++) {
        assert_true(ohttp_format_find(slice_text(ohttp_media_request(formats[f])), &found));
        assert_int_equal(found, formats[f]);
        assert_false(ohttp_format_find(slice_text(ohttp_media_response(formats[f])), &found));
    }
    assert_true(ohttp_format_find(SLICE_LIT("Message/OHTTP-chunked-req"), &found));
    assert_false(ohttp_format_find(SLICE_LIT("message/bhttp"), &found));
    assert_string_equal(ohttp_media_response(OHTTP_CHUNKED), "message/ohttp-chunked-res");
    assert_int_equal(ohttp_size_class(0), 1024);
    assert_int_equal(ohttp_size_class(1024), 1024);
    assert_int_equal(ohttp_size_class(1025), 2048);
    assert_int_equal(ohttp_size_class(3 << 20), 4 << 20);
    assert_true(ohttp_size_class(SIZE_MAX) == (size_t)1 << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_every_format),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_damaged_answers),
        cmocka_unit_test(test_damaged_requests),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
