// SPDX-License-Identifier: Apache-2.0
// The benchmarks' webhook receiver: keep-alive connections on 127.0.0.1, one thread. Notes of each request when
// its last byte came, its webhook-id, whether it was signed, and when its run ended (`run_ended_at` of the
// body). Prints "port N" first.
//
//   receiver [--tell] [--hang]
//
// --tell: a line for each request, at once. Without it all lines come when its standard input ends, which also
// ends the program. --hang: accepts, reads and never answers.
// A line: webhook-id, arrival and end of the run in microseconds since 1970 (0: not in the body), "signed" or "bare".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, REQUEST_MAX = 256 * 1024, REQUESTS_MAX = 2000000, ID_MAX = 63 };
static const char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

typedef struct {
    int fd;
    size_t size;  // of what has come of the request under way
    char data[REQUEST_MAX + 1];
} connection;

typedef struct {
    char id[ID_MAX + 1];
    int64_t arrived_us, ended_us;
    bool is_signed;
} request;

static bool tell, hang;
static int poller, listener, open_connections;
static request* requests;
static size_t count, capacity;

static void die(const char* what) {
    fprintf(stderr, "receiver: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// ---- requests

// The value of a header, up to the end of its line; NULL when it is missing. `head` ends with a zero.
static const char* header(const char* head, const char* name) {
    const size_t size = strlen(name);
    for (const char* line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') return line + size + 1 + (line[size + 1] == ' ');
    }
    return NULL;
}

// "run_ended_at":"2026-11-23T21:05:03.308742+00:00"
static int64_t ended_us(const char* body) {
    static const char key[] = "\"run_ended_at\":\"";
    const char* at = strstr(body, key);
    struct tm t = {0};
    int us = 0;
    if (at == NULL || sscanf(at + sizeof key - 1, "%4d-%2d-%2dT%2d:%2d:%2d.%6d", &t.tm_year, &t.tm_mon, &t.tm_mday,
                             &t.tm_hour, &t.tm_min, &t.tm_sec, &us) != 7) {
        return 0;
    }
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return (int64_t)timegm(&t) * 1000000 + us;
}

static void print_request(const request* r) {
    printf("%s %lld %lld %s\n", r->id, (long long)r->arrived_us, (long long)r->ended_us, r->is_signed ? "signed" : "bare");
}

static void note(const char* head, const char* body, int64_t arrived_us) {
    if (count == REQUESTS_MAX) return;
    if (count == capacity) {
        capacity = capacity == 0 ? 65536 : capacity * 2;
        requests = realloc(requests, capacity * sizeof *requests);
        if (requests == NULL) die("memory");
    }
    request* r = &requests[count++];
    const char* id = header(head, "webhook-id");
    const char* signature = header(head, "webhook-signature");
    snprintf(r->id, sizeof r->id, "%.*s", id == NULL ? 1 : (int)strcspn(id, "\r \t"), id == NULL ? "-" : id);
    r->arrived_us = arrived_us;
    r->ended_us = ended_us(body);
    r->is_signed = signature != NULL && strncmp(signature, "v1,", 3) == 0;
    if (!tell) return;
    print_request(r);
    fflush(stdout);
}

// ---- connections

static void close_connection(connection* c) {
    close(c->fd);
    free(c);
    open_connections--;
}

// Takes the whole requests off the front. False when it is no request that we understand.
static bool take_requests(connection* c, int64_t arrived_us) {
    for (;;) {
        c->data[c->size] = '\0';
        char* end = strstr(c->data, "\r\n\r\n");
        if (end == NULL) return c->size < REQUEST_MAX;
        end[2] = '\0';  // `head` ends with its last line's end
        const char* length = header(c->data, "content-length");
        const size_t head = (size_t)(end - c->data) + 4, body = length == NULL ? 0 : strtoul(length, NULL, 10);
        if (body > REQUEST_MAX - head) return false;
        if (c->size < head + body) {
            end[2] = '\r';
            return true;
        }
        const char kept = c->data[head + body];
        c->data[head + body] = '\0';
        note(c->data, c->data + head, arrived_us);
        c->data[head + body] = kept;
        c->size -= head + body;
        memmove(c->data, c->data + head + body, c->size);
        if (send(c->fd, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL) != sizeof kAnswer - 1) return false;
    }
}

static void read_connection(connection* c) {
    char discarded[16384];
    const ssize_t size = hang ? recv(c->fd, discarded, sizeof discarded, MSG_DONTWAIT)
                              : recv(c->fd, c->data + c->size, REQUEST_MAX - c->size, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const int64_t arrived_us = now_us();
    if (size > 0 && hang) return;
    if (size > 0) c->size += (size_t)size;
    if (size <= 0 || !take_requests(c, arrived_us)) close_connection(c);
}

static void accept_connection(void) {
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    connection* c = open_connections < CONNECTIONS_MAX ? malloc(sizeof *c) : NULL;  // untouched pages cost nothing
    if (c == NULL) {
        close(fd);
        return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd = fd;
    c->size = 0;
    open_connections++;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

static void watch(int fd, void* pointer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = pointer};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

static void start_listening(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr*)&address, size) != 0 || listen(listener, 4096) != 0 ||
        getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
        die("listen");
    }
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(int argc, char** argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--tell") == 0) {
            tell = true;
        } else if (strcmp(argv[i], "--hang") == 0) {
            hang = true;
        } else {
            fprintf(stderr, "receiver: see the head of receiver.c for the options\n");
            return 2;
        }
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) die("epoll_create1");
    start_listening();
    watch(listener, &listener);
    watch(STDIN_FILENO, &poller);
    for (;;) {
        struct epoll_event events[256];
        const int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            char byte;
            if (events[i].data.ptr == &listener) {
                accept_connection();
            } else if (events[i].data.ptr != &poller) {
                read_connection(events[i].data.ptr);
            } else if (read(STDIN_FILENO, &byte, 1) <= 0) {
                for (size_t at = 0; !tell && at < count; at++) print_request(&requests[at]);
                return 0;
            }
        }
    }
}
