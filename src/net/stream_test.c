#include "net/test.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "net/stream_impl.h"

/* One end of a stream: what it received, and what happened to it. */
struct end {
    struct stream *s;
    struct buf got;
    bool open, eof, closed, drained, enough;
    bool over;   /* eof or closed */
    size_t want; /* `enough` when that much was received */
    size_t take; /* take at most that many bytes a call; 0: all */
    cocoon_err why;
};

static void end_open(void *owner)
{
    ((struct end *)owner)->open = true;
}

static size_t end_data(void *owner, struct slice bytes)
{
    struct end *e = owner;
    size_t n = e->take == 0 ? bytes.len : num_min(e->take, bytes.len);

    buf_put(&e->got, slice_sub(bytes, 0, n));
    e->enough = e->got.len >= e->want;
    return n;
}

static void end_eof(void *owner)
{
    struct end *e = owner;

    e->eof = e->over = true;
}

static void end_drained(void *owner)
{
    ((struct end *)owner)->drained = true;
}

static void end_close(void *owner, cocoon_err why)
{
    struct end *e = owner;

    assert_false(e->closed);
    e->closed = e->over = true;
    e->why = why;
    e->s = NULL;
}

static const struct stream_events end_events = {end_open, end_data, end_eof, end_drained,
                                                end_close};

struct pair {
    struct loop *loop;
    struct listener *listener;
    struct addr at;
    struct end dialler, acceptor;
    struct test_identity server, client;
    struct tls_ctx *server_tls, *client_tls;
    uint32_t open_ms; /* deadline put on the accepted stream; 0: as the listener set it */
    bool accepted;
};

static int pair_setup(void **state)
{
    struct pair *p = MEM_NEW(struct pair);

    assert_int_equal(loop_new(&p->loop), OK);
    buf_init(&p->dialler.got, TEST_FILE_MAX);
    buf_init(&p->acceptor.got, TEST_FILE_MAX);
    p->dialler.want = p->acceptor.want = 1;
    assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), &p->at), OK);
    *state = p;
    return 0;
}

static int pair_teardown(void **state)
{
    struct pair *p = *state;

    stream_close(p->dialler.s);
    stream_close(p->acceptor.s);
    listener_close(p->listener);
    loop_free(p->loop);
    tls_ctx_unref(p->server_tls);
    tls_ctx_unref(p->client_tls);
    test_identity_free(&p->server);
    test_identity_free(&p->client);
    buf_fini(&p->dialler.got);
    buf_fini(&p->acceptor.got);
    mem_free(p);
    return 0;
}

static void pair_accepted(void *owner, struct stream *s)
{
    struct pair *p = owner;

    p->acceptor.s = s;
    p->accepted = true;
    stream_bind(s, &end_events, &p->acceptor);
    if (p->open_ms > 0)
        stream_deadline(s, p->open_ms);
}

static void pair_listen(struct pair *p)
{
    struct listener_params params = {
        .at = p->at, .tls = p->server_tls, .on_stream = pair_accepted, .owner = p};

    assert_int_equal(listener_open(p->loop, &params, &p->listener), OK);
    listener_addr(p->listener, &p->at);
}

static void pair_dial(struct pair *p)
{
    p->dialler.s = stream_connect(p->loop, &p->at, p->client_tls, 10000, &end_events, &p->dialler);
}

static void pair_up(struct pair *p)
{
    pair_listen(p);
    pair_dial(p);
    test_until(p->loop, &p->dialler.open);
    test_until(p->loop, &p->acceptor.open);
}

/* Both ends present a certificate and pin the other's, unless the tables below change that. */
static void pair_identities(struct pair *p)
{
    test_identity_make(&p->server, TLS_KEY_P256, 0);
    test_identity_make(&p->client, TLS_KEY_ED25519, 0);
}

static struct tls_params server_params(struct pair *p)
{
    return (struct tls_params){.acceptor = true,
                               .cert_der = buf_slice(&p->server.cert),
                               .key = p->server.key,
                               .accept = TLS_ACCEPT_PIN,
                               .pins = &p->client.spki,
                               .pin_count = 1};
}

static struct tls_params client_params(struct pair *p)
{
    return (struct tls_params){.cert_der = buf_slice(&p->client.cert),
                               .key = p->client.key,
                               .accept = TLS_ACCEPT_PIN,
                               .pins = &p->server.spki,
                               .pin_count = 1};
}

static void pair_tls(struct pair *p, const struct tls_params *server,
                     const struct tls_params *client)
{
    assert_int_equal(tls_ctx_new(server, &p->server_tls), OK);
    assert_int_equal(tls_ctx_new(client, &p->client_tls), OK);
}

static void pair_mutual_tls(struct pair *p)
{
    struct tls_params server, client;

    pair_identities(p);
    server = server_params(p);
    client = client_params(p);
    pair_tls(p, &server, &client);
}

static void use_plain_tcp(struct pair *p)
{
    (void)p;
}

static void use_unix_path(struct pair *p)
{
    char text[64];

    snprintf(text, sizeof text, "unix:/tmp/stream_test.%d", (int)getpid());
    assert_int_equal(addr_parse(slice_text(text), &p->at), OK);
}

static void use_abstract_tls(struct pair *p)
{
    char text[64];

    snprintf(text, sizeof text, "unix:@stream_test.%d", (int)getpid());
    assert_int_equal(addr_parse(slice_text(text), &p->at), OK);
    pair_mutual_tls(p);
}

static void (*const transports[])(struct pair *) = {use_plain_tcp, use_unix_path, pair_mutual_tls,
                                                    use_abstract_tls};

/* Run `body` over every transport, each with a pair of its own. */
static void over_all(void (*body)(struct pair *))
{
    for (size_t i = 0; i < COUNT_OF(transports); i++) {
        void *state;

        pair_setup(&state);
        transports[i](state);
        body(state);
        pair_teardown(&state);
    }
}

static void fill_pattern(uint8_t *out, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        out[i] = (uint8_t)(seed >> 24);
    }
}

static void speak_and_end(struct pair *p)
{
    pair_listen(p);
    pair_dial(p);
    stream_write(p->dialler.s, SLICE_LIT("early, ")); /* before it is connected */
    test_until(p->loop, &p->acceptor.enough);
    stream_write(p->dialler.s, SLICE_LIT("late"));
    stream_shut(p->dialler.s);
    test_until(p->loop, &p->acceptor.eof);
    assert_true(slice_eq_text(buf_slice(&p->acceptor.got), "early, late"));
    assert_false(p->acceptor.closed);

    stream_write(p->acceptor.s, SLICE_LIT("answer")); /* the other half is still open */
    stream_shut(p->acceptor.s);
    test_until(p->loop, &p->dialler.closed);
    test_until(p->loop, &p->acceptor.closed);
    assert_true(slice_eq_text(buf_slice(&p->dialler.got), "answer"));
    assert_true(p->dialler.eof);
    assert_int_equal(p->dialler.why, OK);
    assert_int_equal(p->acceptor.why, OK);
}

static void both_ways_and_half_closed(void **state)
{
    (void)state;
    over_all(speak_and_end);
}

/* A reader that pauses holds the writer back; what waits is bounded; nothing is lost or reordered.
 */
static void hold_back(struct pair *p)
{
    static uint8_t block[64 * 1024];
    struct buf sent;
    bool go_on = true;

    buf_init(&sent, TEST_FILE_MAX);
    pair_up(p);
    stream_pause(p->acceptor.s);
    for (uint32_t i = 0; go_on || !p->dialler.s->blocked; i++) {
        fill_pattern(block, sizeof block, i);
        if (go_on)
            buf_put(&sent, SLICE_OF(block));
        go_on = go_on && stream_write(p->dialler.s, SLICE_OF(block));
        test_turn(p->loop);
        if (p->dialler.drained) {
            go_on = true;
            p->dialler.drained = false;
        }
        assert_true(stream_queued(p->dialler.s) <= STREAM_HIGH_WATER + 2 * sizeof block);
    }
    assert_int_equal(p->acceptor.got.len, 0);
    assert_true(p->acceptor.s->in.len <= 2 * LOOP_SCRATCH);

    p->acceptor.want = sent.len;
    p->acceptor.enough = false;
    stream_resume(p->acceptor.s);
    test_until(p->loop, &p->acceptor.enough);
    assert_true(slice_eq(buf_slice(&p->acceptor.got), buf_slice(&sent)));
    test_until(p->loop, &p->dialler.drained);
    assert_int_equal(stream_queued(p->dialler.s), 0);
    buf_fini(&sent);
}

static void backpressure(void **state)
{
    (void)state;
    over_all(hold_back);
}

static void piecemeal(struct pair *p)
{
    static uint8_t block[40000];
    size_t had;

    pair_up(p);
    fill_pattern(block, sizeof block, 7);
    p->acceptor.take = 1000;
    p->acceptor.want = 1000;
    stream_write(p->dialler.s, SLICE_OF(block));
    test_until(p->loop, &p->acceptor.enough);
    for (had = 0; had != p->acceptor.got.len;) { /* nothing is shown again by itself … */
        had = p->acceptor.got.len;
        test_turn(p->loop);
    }
    assert_true(had < sizeof block);
    p->acceptor.take = 0;
    stream_bind(p->acceptor.s, &end_events, &p->acceptor); /* … but to a new owner it is */
    p->acceptor.want = sizeof block;
    p->acceptor.enough = false;
    test_until(p->loop, &p->acceptor.enough);
    assert_true(slice_eq(buf_slice(&p->acceptor.got), SLICE_OF(block)));
}

static void bytes_not_taken_are_kept(void **state)
{
    (void)state;
    over_all(piecemeal);
}

static size_t take_none(void *owner, struct slice bytes)
{
    (void)owner;
    (void)bytes;
    return 0;
}

static void reader_that_takes_nothing_is_cut(void **state)
{
    struct pair *p = *state;
    struct stream_events stubborn = end_events;
    static uint8_t block[STREAM_IN_MAX];

    stubborn.on_data = take_none;
    pair_up(p);
    stream_bind(p->acceptor.s, &stubborn, &p->acceptor);
    stream_write(p->dialler.s, SLICE_OF(block));
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.why, ERR_LIMIT);
    test_until(p->loop, &p->dialler.over);
}

static void leave(struct pair *p)
{
    static uint8_t block[300 * 1000];

    pair_up(p);
    fill_pattern(block, sizeof block, 3);
    stream_write(p->acceptor.s, SLICE_OF(block));
    stream_leave(p->acceptor.s); /* no callback comes any more */
    p->acceptor.s = NULL;
    stream_write(p->dialler.s, SLICE_OF(block)); /* thrown away, and no reset */
    test_until(p->loop, &p->dialler.eof);
    assert_true(slice_eq(buf_slice(&p->dialler.got), SLICE_OF(block)));
    stream_shut(p->dialler.s);
    test_until(p->loop, &p->dialler.closed);
    assert_int_equal(p->dialler.why, OK);
    assert_false(p->acceptor.closed);
}

static void leaving_sends_what_is_queued(void **state)
{
    (void)state;
    over_all(leave);
}

static void new_owner_hears_of_the_end(void **state)
{
    struct pair *p = *state;

    pair_up(p);
    stream_shut(p->dialler.s);
    test_until(p->loop, &p->acceptor.eof);
    p->acceptor.eof = false;
    stream_bind(p->acceptor.s, &end_events, &p->acceptor);
    test_until(p->loop, &p->acceptor.eof);
}

static void leaving_does_not_wait_for_ever(void **state)
{
    struct pair *p = *state;
    struct stream *s;

    pair_up(p);
    s = p->dialler.s;
    p->dialler.s = NULL;
    stream_write(s, SLICE_LIT("last words"));
    stream_leave(s);
    test_until(p->loop, &p->acceptor.eof); /* whose own end never comes */
    assert_true(loop_timer_is_set(&s->deadline));
    assert_true(s->deadline.due <= loop_now(p->loop) + STREAM_LINGER_MS);
    stream_close(s);
}

static void refused_and_unknown(void **state)
{
    struct pair *p = *state;

    pair_listen(p);
    listener_close(p->listener);
    p->listener = NULL;
    pair_dial(p);
    test_until(p->loop, &p->dialler.closed);
    assert_int_equal(p->dialler.why, ERR_REFUSED);

    p->dialler.closed = false;
    assert_int_equal(addr_parse(SLICE_LIT("no-such-name.invalid:1"), &p->at), OK);
    pair_dial(p);
    test_until(p->loop, &p->dialler.closed);
    assert_int_equal(p->dialler.why, ERR_NOT_FOUND);
}

static void name_is_resolved(void **state)
{
    struct pair *p = *state;

    pair_listen(p);
    assert_int_equal(slice_cstr(SLICE_LIT("localhost"), p->at.host, sizeof p->at.host), OK);
    pair_dial(p);
    test_until(p->loop, &p->dialler.open);
    p->dialler.closed = false;
    stream_close(p->dialler.s);
    pair_dial(p); /* and may be dropped while it is */
    test_turn(p->loop);
    stream_close(p->dialler.s);
    p->dialler.s = NULL;
    test_until(p->loop, &p->acceptor.over);
}

static void listening_twice_fails_but_stale_path_is_replaced(void **state)
{
    struct pair *p = *state;
    struct listener_params params = {.on_stream = pair_accepted, .owner = p};
    struct listener *second;
    struct sockaddr_storage sa;
    socklen_t len;
    int fd;

    use_unix_path(p);
    assert_int_equal(addr_sockaddr(&p->at, &sa, &len), OK);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    close(fd); /* the path stays behind, as after a crash */
    pair_up(p);
    params.at = p->at;
    assert_int_equal(listener_open(p->loop, &params, &second), ERR_IO);
    listener_close(p->listener);
    p->listener = NULL;
    assert_int_not_equal(access(p->at.host, F_OK), 0);
}

static void port_may_be_shared(void **state)
{
    struct pair *p = *state;
    struct listener_params params = {
        .at = p->at, .share = true, .on_stream = pair_accepted, .owner = p};
    struct listener *first, *second, *third;

    assert_int_equal(listener_open(p->loop, &params, &first), OK);
    listener_addr(first, &params.at);
    assert_int_equal(listener_open(p->loop, &params, &second), OK); /* as another loop would */
    params.share = false;
    assert_int_equal(listener_open(p->loop, &params, &third), ERR_IO);
    listener_close(first);
    p->at = params.at;
    pair_dial(p);
    test_until(p->loop, &p->acceptor.open); /* by the one that is left */
    listener_close(second);
}

static void reset_is_seen(void **state)
{
    struct pair *p = *state;
    struct linger hard = {.l_onoff = 1};

    pair_up(p);
    setsockopt(p->dialler.s->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    stream_close(p->dialler.s);
    p->dialler.s = NULL;
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.why, ERR_CLOSED);
}

static void stalled_peer_is_cut(void **state)
{
    struct pair *p = *state;
    static uint8_t block[1024 * 1024];

    pair_up(p);
    stream_pause(p->acceptor.s);
    while (!p->dialler.s->blocked) {
        stream_write(p->dialler.s, SLICE_OF(block));
        test_turn(p->loop);
    }
    assert_true(loop_timer_is_set(&p->dialler.s->stall));
    loop_timer_set(&p->dialler.s->stall, 5); /* instead of STREAM_STALL_MS */
    test_until(p->loop, &p->dialler.closed);
    assert_int_equal(p->dialler.why, ERR_TIMEOUT);
}

static void deadline_closes(void **state)
{
    struct pair *p = *state;

    pair_up(p);
    stream_deadline(p->dialler.s, 1000);
    stream_deadline(p->dialler.s, 0);
    stream_deadline(p->acceptor.s, 5);
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.why, ERR_TIMEOUT);
    assert_false(loop_timer_is_set(&p->dialler.s->deadline));
}

/* A plain peer that never speaks: neither side of a handshake waits for ever. */
static void silent_handshakes_end(void **state)
{
    struct pair *p = *state;
    struct tls_ctx *tls;

    pair_mutual_tls(p);
    p->open_ms = 20;
    tls = p->client_tls;
    p->client_tls = NULL;
    pair_listen(p);
    pair_dial(p);
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.why, ERR_TIMEOUT);
    assert_false(p->acceptor.open);
    test_until(p->loop, &p->dialler.over);
    stream_close(p->dialler.s);

    listener_close(p->listener);
    p->client_tls = tls;
    tls = p->server_tls;
    p->server_tls = NULL;
    p->open_ms = 0;
    p->dialler.closed = p->acceptor.closed = p->dialler.open = false;
    p->at.port = 0;
    pair_listen(p);
    p->dialler.s = stream_connect(p->loop, &p->at, p->client_tls, 20, &end_events, &p->dialler);
    test_until(p->loop, &p->dialler.closed);
    assert_int_equal(p->dialler.why, ERR_TIMEOUT);
    assert_false(p->dialler.open);
    p->server_tls = tls;
}

static void exporters_agree(void **state)
{
    struct pair *p = *state;
    const char *label = "EXPORTER-test";
    struct digest a, b, other;

    pair_mutual_tls(p);
    pair_up(p);
    assert_int_equal(stream_export(p->dialler.s, label, SLICE_LIT("context"), &a), OK);
    assert_int_equal(stream_export(p->acceptor.s, label, SLICE_LIT("context"), &b), OK);
    assert_int_equal(stream_export(p->acceptor.s, label, SLICE_LIT("other"), &other), OK);
    assert_true(digest_eq(&a, &b));
    assert_false(digest_eq(&a, &other));

    assert_int_equal(stream_peer_spki(p->dialler.s, &a), OK);
    assert_int_equal(stream_own_spki(p->acceptor.s, &b), OK);
    assert_true(digest_eq(&a, &b) && digest_eq(&a, &p->server.spki));
    assert_int_equal(stream_peer_spki(p->acceptor.s, &a), OK);
    assert_true(digest_eq(&a, &p->client.spki));
    assert_true(slice_eq(stream_peer_cert(p->acceptor.s), buf_slice(&p->client.cert)));
}

static void plain_streams_have_no_identity(void **state)
{
    struct pair *p = *state;
    struct digest d;

    pair_up(p);
    assert_int_equal(stream_export(p->dialler.s, "x", SLICE_LIT(""), &d), ERR_TLS);
    assert_int_equal(stream_peer_spki(p->dialler.s, &d), ERR_MISSING);
    assert_int_equal(stream_own_spki(p->dialler.s, &d), ERR_MISSING);
    assert_int_equal(stream_alpn(p->dialler.s).len, 0);
}

static cocoon_err check_leaf(void *owner, struct slice leaf_der)
{
    struct pair *p = owner;

    return slice_eq(leaf_der, buf_slice(&p->client.cert)) ? OK : ERR_MISMATCH;
}

/* Who may come in. Each row changes the mutual pinning of server_params and client_params. */
enum guest { GUEST_GOOD, GUEST_WRONG_KEY, GUEST_BARE };
struct admission {
    const char *name;
    enum tls_accept accept;
    bool optional;
    enum guest guest;
    cocoon_err why; /* of the acceptor's end; OK: it opens */
};

static const struct admission admissions[] = {
    {"pin, right key", TLS_ACCEPT_PIN, false, GUEST_GOOD, OK},
    {"pin, wrong key", TLS_ACCEPT_PIN, false, GUEST_WRONG_KEY, ERR_UNTRUSTED},
    {"pin, no certificate", TLS_ACCEPT_PIN, false, GUEST_BARE, ERR_TLS},
    {"pin, optional, no certificate", TLS_ACCEPT_PIN, true, GUEST_BARE, OK},
    {"pin, optional, wrong key", TLS_ACCEPT_PIN, true, GUEST_WRONG_KEY, ERR_UNTRUSTED},
    {"check, right", TLS_ACCEPT_CHECK, false, GUEST_GOOD, OK},
    {"check, wrong", TLS_ACCEPT_CHECK, false, GUEST_WRONG_KEY, ERR_MISMATCH},
    {"check, no certificate", TLS_ACCEPT_CHECK, false, GUEST_BARE, ERR_TLS},
    {"any, no certificate", TLS_ACCEPT_ANY, false, GUEST_BARE, OK},
};

static void admit(const struct admission *row)
{
    struct test_identity stranger;
    struct tls_params server, client;
    struct pair *p;
    void *state;

    pair_setup(&state);
    p = state;
    pair_identities(p);
    test_identity_make(&stranger, TLS_KEY_P256, 0);
    server = server_params(p);
    client = client_params(p);
    server.accept = row->accept;
    server.optional = row->optional;
    server.pin_count = row->accept == TLS_ACCEPT_PIN ? 1 : 0;
    server.check = row->accept == TLS_ACCEPT_CHECK ? check_leaf : NULL;
    server.check_owner = p;
    if (row->guest == GUEST_WRONG_KEY) {
        client.cert_der = buf_slice(&stranger.cert);
        client.key = stranger.key;
    } else if (row->guest == GUEST_BARE) {
        client.cert_der = slice_make(NULL, 0);
        client.key = NULL;
    }
    pair_tls(p, &server, &client);
    pair_listen(p);
    pair_dial(p);
    test_until(p->loop, row->why == OK ? &p->acceptor.open : &p->acceptor.closed);
    if (row->why != OK) {
        assert_false(p->acceptor.open);
        test_until(p->loop, &p->dialler.closed);
        assert_int_equal(p->dialler.why, ERR_TLS); /* it was told so by an alert */
    }
    if (p->acceptor.why != row->why)
        fail_msg("%s: %s", row->name, cocoon_err_name(p->acceptor.why));
    test_identity_free(&stranger);
    pair_teardown(&state);
}

static void acceptor_chooses_its_guests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(admissions); i++)
        admit(&admissions[i]);
}

static void dialler_refuses_another_server(void **state)
{
    struct pair *p = *state;
    struct tls_params server, client;

    pair_identities(p);
    server = server_params(p);
    client = client_params(p);
    client.pins = &p->client.spki;
    pair_tls(p, &server, &client);
    pair_listen(p);
    pair_dial(p);
    stream_write(p->dialler.s, SLICE_LIT("secret"));
    test_until(p->loop, &p->dialler.closed);
    assert_int_equal(p->dialler.why, ERR_UNTRUSTED);
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.got.len, 0);
}

static void web_refuses_self_signed(void **state)
{
    struct pair *p = *state;
    struct tls_params server, client = {.accept = TLS_ACCEPT_WEB};

    pair_identities(p);
    server = server_params(p);
    server.accept = TLS_ACCEPT_ANY;
    server.pin_count = 0;
    pair_tls(p, &server, &client);
    pair_listen(p);
    pair_dial(p);
    test_until(p->loop, &p->dialler.closed);
    assert_int_equal(p->dialler.why, ERR_UNTRUSTED);
}

static void alpn_is_agreed_or_refused(void **state)
{
    static const char *const ours[] = {"h2", "cocoon-tunnel/1"};
    static const char *const theirs[] = {"http/1.1", "cocoon-tunnel/1"};
    struct pair *p = *state;
    struct tls_params server, client;

    pair_identities(p);
    server = server_params(p);
    client = client_params(p);
    server.alpn = ours;
    server.alpn_count = 2;
    client.alpn = theirs;
    client.alpn_count = 2;
    pair_tls(p, &server, &client);
    pair_up(p);
    assert_true(slice_eq_text(stream_alpn(p->dialler.s), "cocoon-tunnel/1"));
    assert_true(slice_eq_text(stream_alpn(p->acceptor.s), "cocoon-tunnel/1"));

    stream_close(p->dialler.s);
    test_until(p->loop, &p->acceptor.closed);
    p->acceptor.closed = p->dialler.open = false;
    tls_ctx_unref(p->client_tls);
    client.alpn_count = 1;
    assert_int_equal(tls_ctx_new(&client, &p->client_tls), OK);
    pair_dial(p);
    test_until(p->loop, &p->dialler.closed);
    test_until(p->loop, &p->acceptor.closed);
    assert_false(p->dialler.open);
}

/* Evidence of several GPUs makes certificates long: 500 KB still pass, both ways. */
static void long_certificates_pass(void **state)
{
    struct pair *p = *state;
    struct tls_params server, client;

    test_identity_make(&p->server, TLS_KEY_P256, 500 * 1000);
    test_identity_make(&p->client, TLS_KEY_P256, 500 * 1000);
    server = server_params(p);
    client = client_params(p);
    pair_tls(p, &server, &client);
    pair_up(p);
    assert_true(slice_eq(stream_peer_cert(p->acceptor.s), buf_slice(&p->client.cert)));
}

static void key_of_another_certificate_is_refused(void **state)
{
    struct pair *p = *state;
    struct tls_params params;
    struct tls_ctx *tls;
    struct digest spki;

    pair_identities(p);
    params = server_params(p);
    params.key = p->client.key;
    assert_int_equal(tls_ctx_new(&params, &tls), ERR_TLS);
    params = server_params(p);
    params.cert_der.len--;
    assert_int_equal(tls_ctx_new(&params, &tls), ERR_TLS);
    p->server.cert.max++;
    buf_put_u8(&p->server.cert, 0);
    params = server_params(p);
    assert_int_equal(tls_ctx_new(&params, &tls), ERR_TLS);
    assert_int_equal(tls_spki_digest(params.cert_der, &spki), ERR_MALFORMED);
}

/* Cutting the line without close_notify is not an end of the data. */
static void cut_line_is_no_end(void **state)
{
    struct pair *p = *state;

    pair_mutual_tls(p);
    pair_up(p);
    stream_write(p->dialler.s, SLICE_LIT("half of it"));
    test_until(p->loop, &p->acceptor.enough);
    shutdown(p->dialler.s->fd, SHUT_WR);
    test_until(p->loop, &p->acceptor.closed);
    assert_false(p->acceptor.eof);
    assert_int_equal(p->acceptor.why, ERR_CLOSED);
}

static void garbage_for_tls_is_refused(void **state)
{
    struct pair *p = *state;
    struct tls_ctx *tls;

    pair_mutual_tls(p);
    tls = p->client_tls;
    p->client_tls = NULL;
    pair_listen(p);
    pair_dial(p);
    stream_write(p->dialler.s, SLICE_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.why, ERR_TLS);
    p->client_tls = tls;
}

/* Hand what one end has to say to the other, and let it go on with the handshake. */
static bool shake(struct tls_conn *c, struct buf *from)
{
    bool done;

    tls_conn_feed(c, buf_slice(from));
    assert_int_equal(tls_conn_handshake(c, &done), OK);
    buf_clear(from);
    return done;
}

/* A server that has finished its handshake says nothing more by itself: it issues no tickets. */
static void nothing_is_left_to_resume(void **state)
{
    struct pair *p = *state;
    struct tls_conn *client, *server;
    struct buf to_client, to_server;

    buf_init(&to_client, TEST_FILE_MAX);
    buf_init(&to_server, TEST_FILE_MAX);
    pair_mutual_tls(p);
    assert_int_equal(tls_conn_new(p->client_tls, "", &to_server, &client), OK);
    assert_int_equal(tls_conn_new(p->server_tls, "", &to_client, &server), OK);
    assert_false(shake(client, &to_client));
    assert_false(shake(server, &to_server));
    assert_true(shake(client, &to_client));
    assert_true(shake(server, &to_server));
    assert_int_equal(to_client.len, 0);
    tls_conn_free(client);
    tls_conn_free(server);
    buf_fini(&to_client);
    buf_fini(&to_server);
}

static cocoon_err check_nothing(void *owner, struct slice leaf_der)
{
    (void)owner;
    (void)leaf_der;
    return OK;
}

/* A guest with a P-384 key is turned away, whatever `check` thinks of it. */
static void other_keys_are_refused(void **state)
{
    struct pair *p = *state;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    X509 *x509 = X509_new();
    struct tls_params server, client;
    SSL_CTX *library;

    pair_identities(p);
    server = server_params(p);
    client = client_params(p);
    server.accept = TLS_ACCEPT_CHECK;
    server.pin_count = 0;
    server.check = check_nothing;
    pair_tls(p, &server, &client);
    X509_set_pubkey(x509, key);
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    assert_true(X509_sign(x509, key, EVP_sha384()) > 0);
    library = tls_ctx_library(p->client_tls);
    assert_int_equal(SSL_CTX_set1_sigalgs_list(library, "ECDSA+SHA384:ECDSA+SHA256"), 1);
    assert_int_equal(SSL_CTX_use_certificate(library, x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(library, key), 1);
    X509_free(x509);
    EVP_PKEY_free(key);
    pair_listen(p);
    pair_dial(p);
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.why, ERR_TLS);
}

static void older_tls_is_refused(void **state)
{
    struct pair *p = *state;

    pair_mutual_tls(p);
    SSL_CTX_set_min_proto_version(tls_ctx_library(p->client_tls), TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(tls_ctx_library(p->client_tls), TLS1_2_VERSION);
    pair_listen(p);
    pair_dial(p);
    test_until(p->loop, &p->acceptor.closed);
    assert_int_equal(p->acceptor.why, ERR_TLS);
}

static void renewal_serves_new_certificate(void **state)
{
    struct pair *p = *state;
    struct test_identity fresh;
    struct tls_params server, client;
    struct tls_ctx *tls;
    struct digest spki;

    pair_identities(p);
    server = server_params(p);
    client = client_params(p);
    client.accept = TLS_ACCEPT_ANY;
    client.pin_count = 0;
    pair_tls(p, &server, &client);
    pair_up(p);
    test_identity_make(&fresh, TLS_KEY_P256, 0);
    server.cert_der = buf_slice(&fresh.cert);
    server.key = fresh.key;
    assert_int_equal(tls_ctx_new(&server, &tls), OK);
    listener_set_tls(p->listener, tls);
    tls_ctx_unref(tls);

    stream_write(p->dialler.s, SLICE_LIT("old stream lives on"));
    test_until(p->loop, &p->acceptor.enough);
    stream_close(p->dialler.s);
    test_until(p->loop, &p->acceptor.closed);
    p->dialler.open = p->acceptor.open = p->acceptor.closed = false;
    pair_dial(p);
    test_until(p->loop, &p->dialler.open);
    assert_int_equal(stream_peer_spki(p->dialler.s, &spki), OK);
    assert_true(digest_eq(&spki, &fresh.spki));
    test_until(p->loop, &p->acceptor.open);
    test_identity_free(&fresh);
}

int main(void)
{
#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_and_half_closed),
        cmocka_unit_test(backpressure),
        cmocka_unit_test(bytes_not_taken_are_kept),
        cmocka_unit_test(leaving_sends_what_is_queued),
        cmocka_unit_test(acceptor_chooses_its_guests),
        PAIR_TEST(reader_that_takes_nothing_is_cut),
        PAIR_TEST(refused_and_unknown),
        PAIR_TEST(name_is_resolved),
        PAIR_TEST(listening_twice_fails_but_stale_path_is_replaced),
        PAIR_TEST(port_may_be_shared),
        PAIR_TEST(reset_is_seen),
        PAIR_TEST(stalled_peer_is_cut),
        PAIR_TEST(deadline_closes),
        PAIR_TEST(silent_handshakes_end),
        PAIR_TEST(exporters_agree),
        PAIR_TEST(plain_streams_have_no_identity),
        PAIR_TEST(dialler_refuses_another_server),
        PAIR_TEST(web_refuses_self_signed),
        PAIR_TEST(alpn_is_agreed_or_refused),
        PAIR_TEST(long_certificates_pass),
        PAIR_TEST(key_of_another_certificate_is_refused),
        PAIR_TEST(cut_line_is_no_end),
        PAIR_TEST(garbage_for_tls_is_refused),
        PAIR_TEST(nothing_is_left_to_resume),
        PAIR_TEST(other_keys_are_refused),
        PAIR_TEST(older_tls_is_refused),
        PAIR_TEST(new_owner_hears_of_the_end),
        PAIR_TEST(leaving_does_not_wait_for_ever),
        PAIR_TEST(renewal_serves_new_certificate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
