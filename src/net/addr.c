#include "net/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/num.h"

static bool unix_name(struct slice name)
{
    const size_t room = sizeof((struct sockaddr_un *)0)->sun_path;

    return name.len > 0 && name.len < room && (name.ptr[0] == '@' || name.ptr[0] == '/');
}

/* A host: letters, digits, '.', '-' and '_'; within brackets hexadecimal digits, ':' and '.'. */
static bool host_name(struct slice host, bool bracketed)
{
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= (bracketed ? 'f' : 'z');

        if (!digit && !letter && c != '.' && !(bracketed ? c == ':' : c == '-' || c == '_'))
            return false;
    }
    return host.len > 0;
}

/* Split "host:port" or "[host]:port". */
static bool tcp_split(struct slice text, struct slice *host, struct slice *port)
{
    size_t at;

    if (text.len > 0 && text.ptr[0] == '[') {
        if (!slice_find(text, ']', &at) || at + 1 >= text.len || text.ptr[at + 1] != ':')
            return false;
        *host = slice_sub(text, 1, at - 1);
        *port = slice_skip(text, at + 2);
        return host_name(*host, true);
    }
    if (!slice_find(text, ':', &at))
        return false;
    *host = slice_sub(text, 0, at);
    *port = slice_skip(text, at + 1);
    return host_name(*host, false);
}

cocoon_err addr_parse(struct slice text, struct addr *out)
{
    const struct slice unix_prefix = SLICE_LIT("unix:");
    struct slice host, port;
    uint64_t number;

    *out = (struct addr){0};
    if (slice_starts(text, unix_prefix)) {
        host = slice_skip(text, unix_prefix.len);
        out->kind = ADDR_UNIX;
        if (!unix_name(host))
            return ERR_MALFORMED;
    } else if (!tcp_split(text, &host, &port) || slice_u64(port, &number) != OK ||
               !num_u16(number, &out->port)) {
        return ERR_MALFORMED;
    }
    return slice_cstr(host, out->host, sizeof out->host) == OK ? OK : ERR_MALFORMED;
}

void addr_text(const struct addr *addr, char out[ADDR_TEXT_MAX])
{
    if (addr->kind == ADDR_UNIX)
        snprintf(out, ADDR_TEXT_MAX, "unix:%s", addr->host);
    else
        snprintf(out, ADDR_TEXT_MAX, strchr(addr->host, ':') ? "[%s]:%u" : "%s:%u", addr->host,
                 (unsigned)addr->port);
}

static socklen_t unix_sockaddr(const char *name, struct sockaddr_un *sun)
{
    size_t len = strlen(name);

    assert(len < sizeof sun->sun_path);
    sun->sun_family = AF_UNIX;
    memcpy(sun->sun_path, name, len);
    if (name[0] != '@')
        return sizeof *sun;
    sun->sun_path[0] = '\0'; /* abstract: the length counts, not a NUL */
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

cocoon_err addr_sockaddr(const struct addr *addr, struct sockaddr_storage *out, socklen_t *len)
{
    struct sockaddr_in *in4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof *out);
    if (addr->kind == ADDR_UNIX) {
        *len = unix_sockaddr(addr->host, (struct sockaddr_un *)out);
        return OK;
    }
    if (inet_pton(AF_INET, addr->host, &in4->sin_addr) == 1) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(addr->port);
        *len = sizeof *in4;
        return OK;
    }
    if (inet_pton(AF_INET6, addr->host, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(addr->port);
        *len = sizeof *in6;
        return OK;
    }
    return ERR_NOT_FOUND;
}

void addr_from_sockaddr(const struct sockaddr_storage *sa, struct addr *out)
{
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)sa;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

    *out = (struct addr){.kind = ADDR_UNIX};
    if (sa->ss_family == AF_INET) {
        out->kind = ADDR_TCP;
        out->port = ntohs(in4->sin_port);
        inet_ntop(AF_INET, &in4->sin_addr, out->host, sizeof out->host);
    } else if (sa->ss_family == AF_INET6) {
        out->kind = ADDR_TCP;
        out->port = ntohs(in6->sin6_port);
        inet_ntop(AF_INET6, &in6->sin6_addr, out->host, sizeof out->host);
    }
}
