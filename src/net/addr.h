/*
 * Addresses as people write them:
 *
 *   127.0.0.1:80   [::1]:80   name.example:443   TCP (a port of 0 lets the system choose)
 *   unix:/run/x    unix socket by path
 *   unix:@name     unix socket in the abstract namespace
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <sys/socket.h>

#include "base/slice.h"

enum { ADDR_HOST_MAX = 254, ADDR_TEXT_MAX = 280 };

enum addr_kind { ADDR_TCP, ADDR_UNIX };

struct addr {
    enum addr_kind kind;
    uint16_t port;
    char host[ADDR_HOST_MAX]; /* host name or numeric address; the path or @name of a unix socket */
};

/* Parse `text`. ERR_MALFORMED. Does not resolve. */
cocoon_err addr_parse(struct slice text, struct addr *out) MUST_CHECK;

/* Write `addr` as addr_parse reads it. */
void addr_text(const struct addr *addr, char out[ADDR_TEXT_MAX]);

/* Fill a socket address from `addr` without resolving: ERR_NOT_FOUND when its host is a name. */
cocoon_err addr_sockaddr(const struct addr *addr, struct sockaddr_storage *out,
                         socklen_t *len) MUST_CHECK;

/* Describe a socket address; the name of a unix socket is left out. */
void addr_from_sockaddr(const struct sockaddr_storage *sa, struct addr *out);

#endif
