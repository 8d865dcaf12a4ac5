// SPDX-License-Identifier: Apache-2.0
// Many readers of one event stream on 127.0.0.1: each must get every event, in order. Prints one line of JSON.
//
//   readers --port P --path PATH --connections N --count K [--timeout-ms T]
//
// The stream is expected to bring K events `custom` whose data is {"n":0}, {"n":1}, … and to end then. The time is
// counted from the first byte of the first of them to the end of the last stream.
#define _GNU_SOURCE
#include "clock.h"
#include "response.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1000, DATA_MAX = 64, READ_AT_ONCE = 65536 };

typedef struct {
    int fd;
    response answer;
    uint64_t events;  // seen
    char line[DATA_MAX + 1];
    size_t size;  // of the line so far; what is longer than DATA_MAX is not one of the events
    const char* wrong;
} reader;

static struct {
    int port, connections, timeout_ms;
    uint64_t count;
    const char* path;
} options = {.connections = 1, .timeout_ms = 60000};

static reader* readers;
static uint64_t first_us;

static void die(const char* what) {
    fprintf(stderr, "readers: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void end_of_line(reader* r) {
    static const char start[] = "data: {\"n\":";
    r->line[r->size <= DATA_MAX ? r->size : DATA_MAX] = '\0';
    r->size = 0;
    if (strncmp(r->line, start, sizeof start - 1) != 0) return;
    if (first_us == 0) first_us = now();
    const uint64_t n = strtoull(r->line + sizeof start - 1, NULL, 10);
    if (n != r->events && r->wrong == NULL) r->wrong = "an event is missing, twice there or out of order";
    r->events++;
}

static void take(void* to, const char* data, size_t size) {
    reader* r = to;
    while (size > 0) {
        const char* end = memchr(data, '\n', size);
        const size_t part = end != NULL ? (size_t)(end - data) : size;
        if (r->size + part <= DATA_MAX) memcpy(r->line + r->size, data, part);
        r->size += part;
        if (end == NULL) return;
        end_of_line(r);
        data += part + 1;
        size -= part + 1;
    }
}

static void ask(reader* r) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->fd < 0 || connect(r->fd, (struct sockaddr*)&address, sizeof address) != 0) die("connect");
    char request[1024];
    const int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", options.path, options.port);
    if (size >= (int)sizeof request || send(r->fd, request, (size_t)size, 0) != size) die("send");
    response_reset(&r->answer, false);
    r->answer.take = take;
    r->answer.taker = r;
}

// Until every stream has ended. False when the time was over first.
static bool read_all(int poller) {
    static char bytes[READ_AT_ONCE];
    const uint64_t until = now() + (uint64_t)options.timeout_ms * 1000;
    int open = options.connections;
    while (open > 0) {
        struct epoll_event ready[64];
        const int count = epoll_wait(poller, ready, 64, 100);
        if (count < 0 && errno != EINTR) die("epoll_wait");
        if (now() > until) return false;
        for (int i = 0; i < count; i++) {
            reader* r = ready[i].data.ptr;
            const ssize_t size = recv(r->fd, bytes, sizeof bytes, 0);
            const read_result result = size > 0 ? response_feed(&r->answer, bytes, (size_t)size, now()) : READ_BROKEN;
            if (result == READ_MORE) continue;
            if (result == READ_BROKEN && r->wrong == NULL) r->wrong = "the stream broke";
            if (r->answer.status != 200 && r->wrong == NULL) r->wrong = "not 200";
            if (r->events != options.count && r->wrong == NULL) r->wrong = "events are missing at the end";
            close(r->fd);
            open--;
        }
    }
    return true;
}

static void parse_options(int argc, char** argv) {
    static const struct option known[] = {{"port", 1, 0, 'p'},  {"path", 1, 0, 'u'},       {"connections", 1, 0, 'c'},
                                          {"count", 1, 0, 'n'}, {"timeout-ms", 1, 0, 't'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'p') options.port = atoi(optarg);
        if (option == 'u') options.path = optarg;
        if (option == 'c') options.connections = atoi(optarg);
        if (option == 'n') options.count = strtoull(optarg, NULL, 10);
        if (option == 't') options.timeout_ms = atoi(optarg);
        if (option == '?') exit(2);
    }
    if (options.port <= 0 || options.path == NULL || options.connections < 1 || options.connections > CONNECTIONS_MAX) {
        fprintf(stderr, "readers: see the head of readers.c for the options\n");
        exit(2);
    }
}

int main(int argc, char** argv) {
    parse_options(argc, argv);
    const int poller = epoll_create1(EPOLL_CLOEXEC);
    readers = calloc((size_t)options.connections, sizeof *readers);
    if (poller < 0 || readers == NULL) die("start");
    for (int i = 0; i < options.connections; i++) {
        ask(&readers[i]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &readers[i]};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, readers[i].fd, &event) != 0) die("epoll_ctl");
    }
    const bool ended = read_all(poller);
    const double seconds = first_us == 0 ? 0 : (double)(now() - first_us) / 1e6;
    uint64_t events = 0;
    const char* wrong = ended ? NULL : "the time was over";
    for (int i = 0; i < options.connections; i++) {
        events += readers[i].events;
        if (wrong == NULL) wrong = readers[i].wrong;
    }
    printf("{\"readers\": %d, \"events\": %llu, \"seconds\": %.4f, \"wrong\": \"%s\"}\n", options.connections,
           (unsigned long long)events, seconds, wrong != NULL ? wrong : "");
    return wrong == NULL ? 0 : 1;
}
