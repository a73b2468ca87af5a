/*
 * Our OHTTP behind a pipe, for tests/interop: one command a line, words in hex ("-" is empty).
 *
 *   config                              the gateway's application/ohttp-keys
 *   receive FORMAT WIRE                 a whole request for it: plaintext, request id
 *   answer FORMAT PIECE...              the response to that, the last piece final
 *   ask FORMAT AEAD CONFIG PIECE...     a request to the gateway of one key configuration: wire, id
 *   read WIRE                           the response to that: plaintext
 *
 * The answer is "ok" and the words, or "err" and the error's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "channel/ohttp.h"
#include "crypto/rand.h"

enum { NOW = 1800000000, LINE_MAX_LEN = 1 << 20, WORDS_MAX = 16 };

struct words {
    struct slice word[WORDS_MAX];
    size_t count;
};

static struct ohttp_keys *keys;
static struct ohttp_gateway gateway;
static struct ohttp_client client;

static const struct {
    const char *name;
    enum ohttp_format format;
} format_names[] = {{"whole", OHTTP_WHOLE}, {"chunked", OHTTP_CHUNKED}, {"session", OHTTP_SESSION}};

static enum ohttp_format format_of(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(format_names); i++)
        if (slice_eq_text(name, format_names[i].name))
            return format_names[i].format;
    abort();
}

/* Append the bytes that `hex` spells. */
static void unhex(struct slice hex, struct buf *out)
{
    buf_clear(out);
    if (slice_eq_text(hex, "-"))
        return;
    if (hex_read(hex, buf_extend(out, hex.len / 2), hex.len / 2) != OK)
        abort();
}

static void put_word(struct buf *line, struct slice bytes)
{
    buf_put_u8(line, ' ');
    if (bytes.len == 0)
        buf_put_u8(line, '-');
    hex_put(line, bytes);
}

static cocoon_err do_config(struct buf *line)
{
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX];
    struct digest keyset = {{0}};
    struct buf out;
    cocoon_err err;

    ohttp_keys_list(keys, &keyset, list);
    buf_init(&out, LINE_MAX_LEN);
    err = ohttp_configs_put(&list[0].config, 1, &out);
    put_word(line, buf_slice(&out));
    buf_fini(&out);
    return err;
}

static cocoon_err do_receive(const struct words *w, struct buf *line)
{
    struct buf wire, plain;
    struct fail fail;
    cocoon_err err;

    buf_init(&wire, LINE_MAX_LEN);
    buf_init(&plain, LINE_MAX_LEN);
    unhex(w->word[2], &wire);
    ohttp_gateway_fini(&gateway);
    ohttp_gateway_init(&gateway, format_of(w->word[1]), keys);
    err = ohttp_gateway_open(&gateway, NOW, buf_slice(&wire), true, &plain, &fail);
    put_word(line, buf_slice(&plain));
    put_word(line, SLICE_OF(gateway.secrets.request_id.bytes));
    buf_fini(&wire);
    buf_fini(&plain);
    return err;
}

static cocoon_err do_answer(const struct words *w, struct buf *line)
{
    struct buf piece, wire;
    cocoon_err err = OK;

    buf_init(&piece, LINE_MAX_LEN);
    buf_init(&wire, LINE_MAX_LEN);
    for (size_t i = 2; i < w->count && err == OK; i++) {
        unhex(w->word[i], &piece);
        err =
            ohttp_gateway_seal(&gateway, &rand_system, buf_slice(&piece), i + 1 == w->count, &wire);
    }
    put_word(line, buf_slice(&wire));
    buf_fini(&piece);
    buf_fini(&wire);
    return err;
}

/* Start the exchange `client`; its header goes to `wire`. */
static cocoon_err start(enum ohttp_format format, const struct ohttp_config *config,
                        struct hpke_suite suite, struct buf *wire)
{
    struct ohttp_signed as_signed = {.config = *config, .not_before = NOW, .not_after = NOW + 60};
    struct ohttp_session session;
    cocoon_err err;

    if (format != OHTTP_SESSION)
        return ohttp_client_init(&client, format, config, suite, &rand_system, wire);
    err = ohttp_session_init(&session, &as_signed, suite, &rand_system, NOW);
    session.next = 5; /* as if others had gone before */
    if (err == OK)
        err = ohttp_session_next(&session, NOW, &client, wire);
    ohttp_session_fini(&session);
    return err;
}

static cocoon_err do_ask(const struct words *w, struct buf *line)
{
    struct hpke_suite suite = {KEM_X25519, HPKE_HKDF_SHA256,
                               (enum aead_alg)(w->word[2].ptr[0] - '0')};
    struct ohttp_config config;
    struct buf piece, wire;
    struct fail fail;
    cocoon_err err;

    buf_init(&piece, LINE_MAX_LEN);
    buf_init(&wire, LINE_MAX_LEN);
    ohttp_client_fini(&client);
    unhex(w->word[3], &piece);
    err = ohttp_config_read(buf_slice(&piece), &config, &fail);
    if (err == OK)
        err = start(format_of(w->word[1]), &config, suite, &wire);
    for (size_t i = 4; i < w->count && err == OK; i++) {
        unhex(w->word[i], &piece);
        err = ohttp_client_seal(&client, buf_slice(&piece), i + 1 == w->count, &wire);
    }
    put_word(line, buf_slice(&wire));
    put_word(line, SLICE_OF(client.secrets.request_id.bytes));
    buf_fini(&piece);
    buf_fini(&wire);
    return err;
}

static cocoon_err do_read(const struct words *w, struct buf *line)
{
    struct buf wire, plain;
    struct fail fail;
    cocoon_err err;

    buf_init(&wire, LINE_MAX_LEN);
    buf_init(&plain, LINE_MAX_LEN);
    unhex(w->word[1], &wire);
    err = ohttp_client_open(&client, buf_slice(&wire), true, &plain, &fail);
    put_word(line, buf_slice(&plain));
    buf_fini(&wire);
    buf_fini(&plain);
    return err;
}

static cocoon_err run(const struct words *w, struct buf *line)
{
    if (slice_eq_text(w->word[0], "config"))
        return do_config(line);
    if (slice_eq_text(w->word[0], "receive"))
        return do_receive(w, line);
    if (slice_eq_text(w->word[0], "answer"))
        return do_answer(w, line);
    if (slice_eq_text(w->word[0], "ask"))
        return do_ask(w, line);
    if (slice_eq_text(w->word[0], "read"))
        return do_read(w, line);
    return ERR_UNKNOWN_NAME;
}

static void answer_line(struct slice text)
{
    struct words w = {.count = 0};
    struct buf line;
    cocoon_err err;

    while (text.len > 0 && w.count < WORDS_MAX)
        w.word[w.count++] = slice_cut(&text, ' ');
    buf_init(&line, 4 * LINE_MAX_LEN);
    err = run(&w, &line);
    if (err == OK)
        printf("ok%s\n", buf_cstr(&line));
    else
        printf("err %s\n", cocoon_err_name(err));
    fflush(stdout);
    buf_fini(&line);
}

int main(void)
{
    static char line[LINE_MAX_LEN];

    keys = ohttp_keys_new(KEM_X25519, 3600, &rand_system);
    if (ohttp_keys_tick(keys, NOW, NULL) != OK)
        return 1;
    while (fgets(line, sizeof line, stdin) != NULL)
        answer_line(slice_trim(slice_make(line, strcspn(line, "\n"))));
    ohttp_gateway_fini(&gateway);
    ohttp_client_fini(&client);
    ohttp_keys_free(keys);
    return 0;
}
