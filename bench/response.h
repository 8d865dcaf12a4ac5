// SPDX-License-Identifier: Apache-2.0
// Reads one HTTP/1.1 response after the other from a connection: status, framing (length, chunks, until
// close), the start of the body, and with sse the times of the first body byte and of the first event of each
// kind.
#ifndef HEDDLE_BENCH_RESPONSE_H
#define HEDDLE_BENCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAD_MAX = 8192, BODY_KEPT = 4096, LINE_KEPT = 64 };

typedef enum { READ_MORE, READ_COMPLETE, READ_BROKEN } read_result;

typedef enum { IN_HEAD, IN_BODY, IN_CHUNK_SIZE, IN_CHUNK, IN_CHUNK_END, IN_TRAILER, UNTIL_CLOSE } read_state;

typedef struct {
    read_state state;
    int status;
    bool closes;                                        // the server closes the connection afterwards
    bool sse;                                           // look for events in the body
    bool error_event;                                   // an `event: error` came
    uint64_t remaining;                                 // of the body or the chunk
    uint64_t body_bytes;                                // in all
    uint64_t head_us, byte_us, metadata_us, values_us;  // when each came, 0 before
    size_t head_size, body_size, line_size;
    char head[HEAD_MAX + 1];
    char body[BODY_KEPT + 1];  // its start, zero-terminated
    char line[LINE_KEPT + 1];
    char event[LINE_KEPT + 1];
    void (*take)(void* taker, const char* data, size_t size);  // gets the body, when it is set
    void* taker;
} response;

// Forgets the last response.
void response_reset(response* r, bool sse);

// Takes what arrived at the time now_us. Bytes after the end of a response are an error: nothing is
// pipelined.
read_result response_feed(response* r, const char* data, size_t size, uint64_t now_us);

// The server closed the connection: the end of the response only where nothing else says it.
read_result response_closed(const response* r);

#endif
