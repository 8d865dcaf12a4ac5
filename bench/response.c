// SPDX-License-Identifier: Apache-2.0
#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void response_reset(response* r, bool sse) {
    r->state = IN_HEAD;
    r->status = 0;
    r->closes = false;
    r->sse = sse;
    r->error_event = false;
    r->remaining = r->body_bytes = 0;
    r->head_us = r->byte_us = r->metadata_us = r->values_us = 0;
    r->head_size = r->body_size = r->line_size = 0;
    r->head[0] = r->body[0] = r->line[0] = r->event[0] = '\0';
    r->take = NULL;
}

static void end_of_line(response* r, uint64_t now_us) {
    if (r->line_size > 0 && r->line[r->line_size - 1] == '\r') r->line_size--;
    r->line[r->line_size] = '\0';
    if (r->line_size == 0) {
        if (strcmp(r->event, "metadata") == 0 && r->metadata_us == 0) r->metadata_us = now_us;
        if (strcmp(r->event, "values") == 0 && r->values_us == 0) r->values_us = now_us;
        if (strcmp(r->event, "error") == 0) r->error_event = true;
        r->event[0] = '\0';
    } else if (strncmp(r->line, "event:", 6) == 0) {
        const char* name = r->line + 6;
        if (*name == ' ') name++;
        strcpy(r->event, name);
    }
    r->line_size = 0;
}

static void take_body(response* r, const char* data, size_t size, uint64_t now_us) {
    if (size == 0) return;
    if (r->byte_us == 0) r->byte_us = now_us;
    r->body_bytes += size;
    if (r->take != NULL) {
        r->take(r->taker, data, size);
        return;
    }
    size_t keep = BODY_KEPT - r->body_size;
    if (keep > size) keep = size;
    memcpy(r->body + r->body_size, data, keep);
    r->body_size += keep;
    r->body[r->body_size] = '\0';
    if (!r->sse) return;
    for (size_t at = 0; at < size; at++) {
        if (data[at] == '\n') {
            end_of_line(r, now_us);
        } else if (r->line_size < LINE_KEPT) {
            r->line[r->line_size++] = data[at];
        } else {
            r->line[LINE_KEPT - 1] = '.';  // a long line: its end must not look like '\r'
        }
    }
}

// The value of a header, or NULL. The head is zero-terminated.
static const char* header(const response* r, const char* name) {
    const size_t size = strlen(name);
    const char* line = r->head;
    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
            line += size + 1;
            while (*line == ' ') line++;
            return line;
        }
    }
    return NULL;
}

// The whole head is there: how does the body end?
static read_result end_of_head(response* r, uint64_t now_us) {
    if (strncmp(r->head, "HTTP/1.1 ", 9) != 0) return READ_BROKEN;
    r->status = atoi(r->head + 9);
    r->head_us = now_us;
    const char* connection = header(r, "Connection");
    r->closes = connection != NULL && strncasecmp(connection, "close", 5) == 0;
    const char* coding = header(r, "Transfer-Encoding");
    const char* length = header(r, "Content-Length");
    if (coding != NULL && strncasecmp(coding, "chunked", 7) == 0) {
        r->state = IN_CHUNK_SIZE;
    } else if (length != NULL) {
        r->remaining = strtoull(length, NULL, 10);
        r->state = IN_BODY;
        if (r->remaining == 0) return READ_COMPLETE;
    } else if (r->status == 204) {
        return READ_COMPLETE;
    } else {
        r->closes = true;
        r->state = UNTIL_CLOSE;
    }
    return READ_MORE;
}

// One byte of a chunk's size line, its line break, or the trailer.
static read_result chunk_frame(response* r, char c) {
    if (r->state == IN_CHUNK_SIZE) {
        if (c == '\n') {
            r->head[r->head_size] = '\0';
            r->remaining = strtoull(r->head, NULL, 16);
            r->head_size = 0;
            r->state = r->remaining == 0 ? IN_TRAILER : IN_CHUNK;
        } else if (r->head_size < HEAD_MAX) {
            r->head[r->head_size++] = c;
        } else {
            return READ_BROKEN;
        }
    } else if (c == '\n') {
        if (r->state == IN_CHUNK_END) {
            r->state = IN_CHUNK_SIZE;
        } else if (r->head_size == 0) {
            return READ_COMPLETE;
        }
        r->head_size = 0;
    } else if (c != '\r') {
        r->head_size++;  // a trailer field
    }
    return READ_MORE;
}

read_result response_feed(response* r, const char* data, size_t size, uint64_t now_us) {
    size_t at = 0;
    while (at < size) {
        read_result result = READ_MORE;
        if (r->state == IN_HEAD) {
            if (r->head_size == HEAD_MAX) return READ_BROKEN;
            r->head[r->head_size++] = data[at++];
            if (r->head_size < 4 || memcmp(r->head + r->head_size - 4, "\r\n\r\n", 4) != 0) continue;
            r->head[r->head_size] = '\0';
            result = end_of_head(r, now_us);
            r->head_size = 0;
        } else if (r->state == IN_BODY || r->state == IN_CHUNK || r->state == UNTIL_CLOSE) {
            size_t part = size - at;
            if (r->state != UNTIL_CLOSE && part > r->remaining) part = (size_t)r->remaining;
            take_body(r, data + at, part, now_us);
            at += part;
            if (r->state != UNTIL_CLOSE) {
                r->remaining -= part;
                if (r->remaining == 0 && r->state == IN_BODY) result = READ_COMPLETE;
                if (r->remaining == 0 && r->state == IN_CHUNK) r->state = IN_CHUNK_END;
            }
        } else {
            result = chunk_frame(r, data[at++]);
        }
        if (result == READ_COMPLETE) return at == size ? READ_COMPLETE : READ_BROKEN;
        if (result == READ_BROKEN) return READ_BROKEN;
    }
    return READ_MORE;
}

read_result response_closed(const response* r) {
    return r->state == UNTIL_CLOSE ? READ_COMPLETE : READ_BROKEN;
}
