/* Writes down every address of a network that a process tries to reach, and refuses it where NETWORK_GUARD_REFUSE is
 * set. Loaded with LD_PRELOAD, it sees what C libraries do as well, FFmpeg's among them. Linux. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether the call may go on. */
static int told(const char *what, const char *host, int port)
{
    const char *path = getenv("NETWORK_GUARD_LOG");
    char line[512];
    int length = snprintf(line, sizeof line, "%s %s %d\n", what, host, port);
    int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (log >= 0) {
        if (write(log, line, (size_t)length) < 0)
            perror("network guard");
        close(log);
    }
    return getenv("NETWORK_GUARD_REFUSE") == NULL;
}

static int may(const char *what, const struct sockaddr *address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
        return told(what, host, ntohs(four->sin_port));
    }
    if (address && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        return told(what, host, ntohs(six->sin6_port));
    }
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSED (errno = ENETUNREACH, -1)

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    return may("connect", address) ? REAL(connect)(fd, address, size) : REFUSED;
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t length)
{
    return may("sendto", address) ? REAL(sendto)(fd, data, size, flags, address, length) : REFUSED;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return may("sendmsg", message->msg_name) ? REAL(sendmsg)(fd, message, flags) : REFUSED;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int numeric = hints && (hints->ai_flags & AI_NUMERICHOST);
    unsigned char bytes[sizeof(struct in6_addr)];
    numeric = numeric || !node || inet_pton(AF_INET, node, bytes) == 1 || inet_pton(AF_INET6, node, bytes) == 1;
    if (!numeric && !told("getaddrinfo", node, 0))
        return EAI_FAIL;
    return REAL(getaddrinfo)(node, service, hints, found);
}
