// SPDX-License-Identifier: Apache-2.0
// The benchmarks' load client: N keep-alive connections to 127.0.0.1, each with one request under way at a
// time, from one thread. Prints one line of JSON. Every run ends: by time, by count, by errors, and by a
// limit for each request.
//
//   load --port P --path PATH [--body JSON] [--connections N] [--seconds S] [--count N] [--expect TEXT]
//   [--sse] [--fresh]
//
// Without --body it sends GET, else POST. {thread} in the path becomes a thread made before (each connection
// its own; with --fresh a new one before every request, its creation not counted). --expect: what every
// answer must contain.
// --sse: answers are event streams; the times of the first byte, `metadata` and `values` are measured.
//
//   load ... --sse --hold [--window N]
//
// opens a stream on every connection, at most N at a time on the way to their first event, prints "held
// COUNT", keeps them open until its standard input ends, then closes them.
#define _GNU_SOURCE
#include "clock.h"
#include "response.h"
#include "samples.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 10000, COUNT_MAX = 2000000, ERRORS_MAX = 50, REQUEST_MAX = 2048, THREAD_SIZE = 36 };
static const uint64_t kDrainUs = 10 * 1000 * 1000;
static const uint64_t kHoldUs = 120ull * 1000 * 1000;

typedef struct {
    int fd;
    bool busy;           // a request is under way
    bool making_thread;  // ... and it is not one to count
    bool held;           // its stream has begun (--hold)
    char thread[THREAD_SIZE + 1];
    uint64_t sent_us;
    response answer;
} connection;

static struct {
    int port, connections, window, timeout_ms;
    double seconds;
    uint64_t count;
    const char *path, *body, *expect;
    bool sse, fresh, hold, needs_thread;
} options = {
    .connections = 1, .window = 64, .timeout_ms = 15000, .seconds = 1, .count = COUNT_MAX, .expect = ""};

static connection* connections;
static int poller;
static samples whole, head, first_byte, metadata, values;
static uint64_t begin_us, end_us;  // of the time in which new requests start
static uint64_t started, finished, finished_in_time, errors;
static int busy, ready, held;  // connections: with a request under way, with a thread, holding a stream
static bool measuring;
static char first_error[200];

static void die(const char* what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void note_error(const connection* c, const char* what) {
    errors++;
    if (first_error[0] != '\0') return;
    snprintf(first_error, sizeof first_error, "%s, status %d: %.80s", what, c->answer.status, c->answer.body);
    for (char* p = first_error; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || (unsigned char)*p > '~' || *p == '"' || *p == '\\') *p = '\'';
    }
}

// ---- connections

static void open_connection(connection* c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket");
    const int on = 1;
    const struct timeval limit = {.tv_sec = 5};
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);  // bounds connect() too
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(c->fd, (struct sockaddr*)&address, sizeof address) != 0) die("connect");
    fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
}

static void close_connection(connection* c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    if (c->busy) busy--;
    c->busy = false;
}

static void send_request(connection* c, const char* path, const char* body, bool sse) {
    char target[512], request[REQUEST_MAX];
    const char* place = strstr(path, "{thread}");
    if (place != NULL) {
        snprintf(target, sizeof target, "%.*s%s%s", (int)(place - path), path, c->thread,
                 place + strlen("{thread}"));
    } else {
        snprintf(target, sizeof target, "%s", path);
    }
    int size;
    if (body == NULL) {
        size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", target,
                        options.port);
    } else {
        size = snprintf(request, sizeof request,
                        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        target, options.port, strlen(body), body);
    }
    if (size >= REQUEST_MAX) die("request too long");
    if (c->fd < 0) open_connection(c);
    response_reset(&c->answer, sse);
    c->sent_us = now();
    if (send(c->fd, request, (size_t)size, MSG_NOSIGNAL) !=
        size) {  // the server closed the idle connection: once more
        close_connection(c);
        open_connection(c);
        if (send(c->fd, request, (size_t)size, MSG_NOSIGNAL) != size) die("send");
    }
    c->busy = true;
    busy++;
}

static void make_thread(connection* c) {
    c->making_thread = true;
    send_request(c, "/threads", "{}", false);
}

// Starts the connection's next measured request, or nothing when it is time to end.
static void next_request(connection* c) {
    if (started >= options.count || now() >= end_us || errors >= ERRORS_MAX) return;
    if (options.fresh && c->thread[0] == '\0') {
        make_thread(c);
        return;
    }
    started++;
    send_request(c, options.path, options.body, options.sse);
}

static void take_thread(connection* c) {
    c->making_thread = false;
    const char* key = strstr(c->answer.body, "\"thread_id\"");
    const char* value = key == NULL ? NULL : strchr(key + 11, '"');
    if (c->answer.status != 200 || value == NULL || strlen(value) < THREAD_SIZE + 2) {
        note_error(c, "no thread");
        return;
    }
    memcpy(c->thread, value + 1, THREAD_SIZE);
    if (!measuring) ready++;
    if (measuring) next_request(c);
}

static void take_answer(connection* c, uint64_t now_us) {
    const response* r = &c->answer;
    finished++;
    if (options.fresh) c->thread[0] = '\0';
    if (r->status != 200 || r->error_event || strstr(r->body, options.expect) == NULL) {
        note_error(c, "unexpected answer");
    } else if (r->sse && (r->metadata_us == 0 || r->values_us == 0)) {
        note_error(c, "events are missing");
    } else {
        if (now_us <= end_us) finished_in_time++;
        samples_add(&whole, now_us - c->sent_us);
        if (r->sse) {
            samples_add(&head, r->head_us - c->sent_us);
            samples_add(&first_byte, r->byte_us - c->sent_us);
            samples_add(&metadata, r->metadata_us - c->sent_us);
            samples_add(&values, r->values_us - c->sent_us);
        }
    }
    if (!options.hold) next_request(c);
}

static void read_connection(connection* c) {
    char data[16384];
    const ssize_t size = recv(c->fd, data, sizeof data, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const uint64_t now_us = now();
    if (!c->busy) {  // an idle connection: the server closes it, or sends what nobody asked for
        close_connection(c);
        return;
    }
    const read_result result =
        size > 0 ? response_feed(&c->answer, data, (size_t)size, now_us) : response_closed(&c->answer);
    if (options.hold && !c->held && c->answer.metadata_us + c->answer.head_us != 0 &&
        c->answer.status == 200 && (options.body == NULL || c->answer.metadata_us != 0)) {
        c->held = true;
        held++;
    }
    if (result == READ_MORE) return;
    if (result == READ_BROKEN || c->answer.closes) {
        close_connection(c);
    } else {
        c->busy = false;
        busy--;
    }
    if (result == READ_BROKEN) {
        note_error(c, size > 0 ? "not HTTP" : "closed early");
        c->making_thread = false;
        if (measuring && !options.hold) next_request(c);
    } else if (c->making_thread) {
        take_thread(c);
    } else {
        take_answer(c, now_us);
    }
}

static void give_up_slow_ones(void) {
    const uint64_t now_us = now();
    for (int i = 0; i < options.connections; i++) {
        connection* c = &connections[i];
        if (!c->busy || c->held || now_us - c->sent_us < (uint64_t)options.timeout_ms * 1000) continue;
        note_error(c, "no answer in time");
        close_connection(c);
        c->making_thread = false;
        if (measuring && !options.hold) next_request(c);
    }
}

// Handles what happens within a moment.
static void turn(void) {
    static uint64_t last_look_us;
    struct epoll_event events[256];
    const int count = epoll_wait(poller, events, 256, 20);
    for (int i = 0; i < count; i++) {
        connection* c = events[i].data.ptr;
        if (c->fd >= 0) read_connection(c);
    }
    if (now() - last_look_us > 200000) {
        last_look_us = now();
        give_up_slow_ones();
    }
}

// ---- what is run

static void run_requests(void) {
    if (options.needs_thread && !options.fresh) {
        for (int i = 0; i < options.connections; i++) make_thread(&connections[i]);
        while (busy > 0) turn();
        if (ready < options.connections) return;
    }
    measuring = true;
    begin_us = now();
    end_us = begin_us + (uint64_t)(options.seconds * 1e6);
    for (int i = 0; i < options.connections; i++) next_request(&connections[i]);
    while (busy > 0 && now() < end_us + kDrainUs) turn();
    if (busy > 0) note_error(&connections[0], "requests left at the end");
}

static bool input_ended(void) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void hold_streams(void) {
    measuring = true;
    begin_us = now();
    end_us = begin_us + kHoldUs;
    int opened = 0;
    const uint64_t open_end_us = begin_us + kHoldUs / 2;
    while (held + (int)errors < options.connections && now() < open_end_us) {
        while (opened < options.connections && opened - held - (int)errors < options.window) {
            started++;
            send_request(&connections[opened++], options.path, options.body, true);
        }
        turn();
    }
    const double seconds = (double)(now() - begin_us) / 1e6;
    printf("held %d in %.3f s\n", held, seconds);
    fflush(stdout);
    while (!input_ended() && now() < end_us) turn();
    if (finished > 0) note_error(&connections[0], "streams ended while they were held");
}

// ---- result

static void print_result(void) {
    const double measured = (double)((now() < end_us ? now() : end_us) - begin_us) / 1e6;
    printf(
        "{\"requests\": %llu, \"in_time\": %llu, \"errors\": %llu, \"seconds\": %.3f, \"rps\": %.2f, "
        "\"held\": %d",
        (unsigned long long)finished, (unsigned long long)finished_in_time, (unsigned long long)errors,
        measured, measured > 0 ? (double)finished_in_time / measured : 0, held);
    samples_print("latency_us", &whole);
    samples_print("head_us", &head);
    samples_print("first_byte_us", &first_byte);
    samples_print("metadata_us", &metadata);
    samples_print("values_us", &values);
    printf(", \"first_error\": \"%s\"}\n", first_error);
}

static void parse_options(int argc, char** argv) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'},  {"path", 1, 0, 'u'},    {"body", 1, 0, 'b'},   {"connections", 1, 0, 'c'},
        {"count", 1, 0, 'n'}, {"seconds", 1, 0, 's'}, {"expect", 1, 0, 'e'}, {"sse", 0, 0, 'S'},
        {"fresh", 0, 0, 'f'}, {"hold", 0, 0, 'h'},    {"window", 1, 0, 'w'}, {"timeout-ms", 1, 0, 't'},
        {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
            case 'p':
                options.port = atoi(optarg);
                break;
            case 'u':
                options.path = optarg;
                break;
            case 'b':
                options.body = optarg;
                break;
            case 'c':
                options.connections = atoi(optarg);
                break;
            case 'n':
                options.count = strtoull(optarg, NULL, 10);
                break;
            case 's':
                options.seconds = atof(optarg);
                break;
            case 'e':
                options.expect = optarg;
                break;
            case 'S':
                options.sse = true;
                break;
            case 'f':
                options.fresh = true;
                break;
            case 'h':
                options.hold = true;
                break;
            case 'w':
                options.window = atoi(optarg);
                break;
            case 't':
                options.timeout_ms = atoi(optarg);
                break;
            default:
                exit(2);
        }
    }
    const bool fine = options.port > 0 && options.path != NULL && options.connections > 0 &&
                      options.connections <= CONNECTIONS_MAX && options.count <= COUNT_MAX &&
                      options.seconds > 0 && options.seconds <= 120 && options.window > 0 &&
                      (options.sse || !options.hold);
    if (!fine) {
        fprintf(stderr, "load: see the head of load.c for the options\n");
        exit(2);
    }
    options.needs_thread = strstr(options.path, "{thread}") != NULL;
}

int main(int argc, char** argv) {
    parse_options(argc, argv);
    poller = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc((size_t)options.connections, sizeof *connections);
    if (poller < 0 || connections == NULL) die("start");
    for (int i = 0; i < options.connections; i++) connections[i].fd = -1;
    if (options.hold) {
        hold_streams();
    } else {
        run_requests();
    }
    print_result();
    return errors == 0 ? 0 : 1;
}
