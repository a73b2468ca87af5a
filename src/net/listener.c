#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/stream_impl.h"

enum {
    LISTENER_BACKLOG = 1024,
    LISTENER_BURST = 64,   /* accepted in one go, before other input gets its turn */
    LISTENER_REST_MS = 100 /* rest when the process is out of descriptors */
};

struct listener {
    struct loop *loop;
    struct loop_fd *watch;
    int fd;
    struct addr addr;
    struct tls_ctx *tls;
    void (*on_stream)(void *owner, struct stream *s);
    void *owner;
    struct loop_timer rest;
    struct loop_task bury; /* frees a closed listener, whose code may be on the stack */
    bool paused;
    bool closed;
};

static void listener_watch(struct listener *l)
{
    loop_fd_want(l->watch, l->paused || loop_timer_is_set(&l->rest) ? 0 : LOOP_READ);
}

static void listener_free(void *owner)
{
    struct listener *l = owner;

    tls_ctx_unref(l->tls);
    mem_free(l);
}

static void listener_rested(void *owner)
{
    listener_watch(owner);
}

static void listener_hand_out(struct listener *l, int fd, const struct sockaddr_storage *from)
{
    struct stream *s = stream_new(l->loop, fd, l->tls);

    addr_from_sockaddr(from, &s->addr);
    stream_deadline(s, LISTENER_OPEN_MS);
    l->on_stream(l->owner, s);
}

static void listener_ready(void *owner, unsigned ready)
{
    struct listener *l = owner;

    (void)ready;
    for (int i = 0; i < LISTENER_BURST && !l->closed && !l->paused; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            listener_hand_out(l, fd, &from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            loop_timer_set(&l->rest, LISTENER_REST_MS);
            listener_watch(l);
        }
        if (errno != ECONNABORTED && errno != EINTR)
            break;
    }
}

/* A unix path that nobody listens on any more is in the way: remove it. */
static void unix_path_clear(const struct sockaddr_storage *sa, socklen_t len)
{
    const struct sockaddr_un *sun = (const struct sockaddr_un *)sa;
    struct stat st;
    int fd;

    if (sa->ss_family != AF_UNIX || sun->sun_path[0] == '\0')
        return;
    if (lstat(sun->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)sa, len) != 0 && errno == ECONNREFUSED)
        unlink(sun->sun_path);
    if (fd >= 0)
        close(fd);
}

static cocoon_err socket_listen(const struct addr *at, bool share, int *out)
{
    struct sockaddr_storage sa;
    socklen_t len;
    const int on = 1;
    cocoon_err err = addr_sockaddr(at, &sa, &len);
    int fd;

    if (err != OK)
        return err;
    unix_path_clear(&sa, len);
    fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    if ((at->kind == ADDR_TCP && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) ||
        (share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        bind(fd, (struct sockaddr *)&sa, len) != 0 || listen(fd, LISTENER_BACKLOG) != 0) {
        close(fd);
        return ERR_IO;
    }
    *out = fd;
    return OK;
}

cocoon_err listener_open(struct loop *loop, const struct listener_params *params,
                         struct listener **out)
{
    struct listener *l = MEM_NEW(struct listener);
    struct sockaddr_storage sa = {0};
    socklen_t len = sizeof sa;
    cocoon_err err = socket_listen(&params->at, params->share, &l->fd);

    if (err == OK && (err = loop_fd_new(loop, l->fd, listener_ready, l, &l->watch)) != OK)
        close(l->fd);
    if (err != OK) {
        mem_free(l);
        return err;
    }
    l->loop = loop;
    l->addr = params->at;
    if (l->addr.kind == ADDR_TCP && getsockname(l->fd, (struct sockaddr *)&sa, &len) == 0)
        addr_from_sockaddr(&sa, &l->addr);
    l->tls = params->tls == NULL ? NULL : tls_ctx_ref(params->tls);
    l->on_stream = params->on_stream;
    l->owner = params->owner;
    loop_timer_init(&l->rest, loop, listener_rested, l);
    loop_task_init(&l->bury, loop, listener_free, l);
    listener_watch(l);
    *out = l;
    return OK;
}

void listener_close(struct listener *l)
{
    if (l == NULL)
        return;
    l->closed = true;
    if (l->addr.kind == ADDR_UNIX && l->addr.host[0] == '/')
        unlink(l->addr.host);
    loop_fd_free(l->watch);
    loop_timer_stop(&l->rest);
    loop_task_queue(&l->bury);
}

void listener_addr(const struct listener *l, struct addr *out)
{
    *out = l->addr;
}

void listener_set_tls(struct listener *l, struct tls_ctx *tls)
{
    struct tls_ctx *old = l->tls;

    l->tls = tls_ctx_ref(tls);
    tls_ctx_unref(old);
}

void listener_pause(struct listener *l, bool paused)
{
    l->paused = paused;
    listener_watch(l);
}
