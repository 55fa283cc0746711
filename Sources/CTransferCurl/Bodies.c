// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// The request's body from its pieces, and the answer's body into the sink or into memory.
#define _GNU_SOURCE
#include "Exchange.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// MARK: The request's body (CURLOPT_READFUNCTION(3))

// libcurl would send beyond Content-Length if it were given more, and call an end that comes too early success.
size_t ctransfer_read(char *place, size_t size, size_t count, void *context) {
    ctransfer_exchange *x = context;
    size_t room = size * count, done = 0;
    while (done < room && x->piece < x->piece_count) {
        const ctransfer_piece *piece = &x->pieces[x->piece];
        int64_t left = piece->count - x->within;
        if (left <= 0) {
            x->piece++;
            x->within = 0;
            continue;
        }
        size_t wanted = room - done < (uint64_t)left ? room - done : (size_t)left;
        ssize_t got;
        if (piece->bytes) {
            memcpy(place + done, (const uint8_t *)piece->bytes + x->within, wanted);
            got = (ssize_t)wanted;
        } else {
            do {
                got = pread(piece->descriptor, place + done, wanted, piece->offset + x->within);
            } while (got < 0 && errno == EINTR);
        }
        if (got <= 0) {
            ctransfer_fail(x, got ? CTRANSFER_SOURCE_UNREADABLE : CTRANSFER_SOURCE_ENDED, got ? errno : 0);
            return CURL_READFUNC_ABORT;
        }
        done += (size_t)got;
        x->within += got;
    }
    return done;
}

static int64_t handed_over(const ctransfer_exchange *x) {
    int64_t count = x->within;
    for (size_t i = 0; i < x->piece; i++) count += x->pieces[i].count;
    return count;
}

int64_t ctransfer_exchange_handed(const ctransfer_exchange *x) {
    int64_t now = handed_over(x);
    return now > x->most_handed ? now : x->most_handed;
}

// A connection that was kept may have been closed meanwhile: libcurl sends the request again on a new one. It does so
// too where the connection broke later, without an answer: then the server may have taken what was sent, and is asked.
int ctransfer_seek(void *context, curl_off_t offset, int origin) {
    enum { HARMLESS = 1 << 20 };
    ctransfer_exchange *x = context;
    if (origin != SEEK_SET || offset < 0 || offset > x->total) return CURL_SEEKFUNC_FAIL;
    x->most_handed = ctransfer_exchange_handed(x);
    if (handed_over(x) > HARMLESS) return CURL_SEEKFUNC_FAIL;
    x->piece = 0;
    while (x->piece < x->piece_count && offset >= x->pieces[x->piece].count) offset -= x->pieces[x->piece++].count;
    x->within = offset;
    return CURL_SEEKFUNC_OK;
}

// MARK: The answer's body (CURLOPT_WRITEFUNCTION(3))

int ctransfer_exchange_flush(ctransfer_exchange *x) {
    if (x->body_state != IS_WRITING) return 0;
    size_t count = x->count;
    x->count = 0;
    return count ? ctransfer_write_now(x, x->bytes, count) : ctransfer_write_rest(x);
}

int ctransfer_pass_on(ctransfer_exchange *x) {
    if (x->body_state != IS_WRITING || x->count == 0) return 0;
    if (!x->block) return ctransfer_exchange_flush(x);
    ctransfer_block *block = x->block;
    block->count = x->count;
    x->block = NULL;
    x->bytes = NULL;
    x->count = x->capacity = 0;
    x->is_large = 1;
    return ctransfer_block_write(x, block);
}

// Small bodies need no block: it begins with what one call brings, and grows once that is full.
static int make_room(ctransfer_exchange *x, size_t coming) {
    if (x->block && ctransfer_pass_on(x)) return -1;
    if (x->capacity == 0 && !x->is_large && coming < CURL_MAX_WRITE_SIZE) {
        x->bytes = malloc(CURL_MAX_WRITE_SIZE);
        if (!x->bytes) {
            ctransfer_fail(x, CTRANSFER_NO_MEMORY, 0);
            return -1;
        }
        x->capacity = CURL_MAX_WRITE_SIZE;
        return 0;
    }
    ctransfer_block *block = ctransfer_block_take(x);
    if (!block) return -1;
    if (x->count) memcpy(block->bytes, x->bytes, x->count);
    free(x->bytes);
    x->block = block;
    x->bytes = block->bytes;
    x->capacity = sizeof block->bytes;
    return 0;
}

static int gather(ctransfer_exchange *x, const char *bytes, size_t count) {
    while (count > 0) {
        if (x->count == x->capacity && make_room(x, count)) return -1;
        size_t room = x->capacity - x->count, part = count < room ? count : room;
        memcpy(x->bytes + x->count, bytes, part);
        x->count += part;
        x->taken += (int64_t)part;
        bytes += part;
        count -= part;
    }
    return 0;
}

static int keep(ctransfer_exchange *x, const char *bytes, size_t count) {
    size_t room = (size_t)x->limit - x->count;
    if (count > room) {
        x->was_cut = 1;
        count = room;
    }
    size_t needed = x->count + count, capacity = x->capacity ? x->capacity : 1024;
    while (capacity < needed) capacity *= 2;
    if (capacity > x->capacity && count > 0) {
        uint8_t *grown = realloc(x->bytes, capacity);
        if (!grown) {
            ctransfer_fail(x, CTRANSFER_NO_MEMORY, 0);
            return -1;
        }
        x->bytes = grown;
        x->capacity = capacity;
    }
    if (count > 0) memcpy(x->bytes + x->count, bytes, count);
    x->count += count;
    x->taken += (int64_t)count;
    return 0;
}

size_t ctransfer_write(char *bytes, size_t size, size_t count, void *context) {
    ctransfer_exchange *x = context;
    size_t all = size * count;
    if (x->fault) return CURL_WRITEFUNC_ERROR;
    // The body of an answer that libcurl answers by itself (417).
    if (x->body_state == IS_WAITING) return all;
    if (x->body_state == IS_KEEPING) return keep(x, bytes, all) ? CURL_WRITEFUNC_ERROR : all;
    size_t allowed = x->limit >= 0 && (int64_t)all > x->limit - x->taken ? (size_t)(x->limit - x->taken) : all;
    if (gather(x, bytes, allowed)) return CURL_WRITEFUNC_ERROR;
    if (allowed < all) {
        ctransfer_fail(x, CTRANSFER_BODY_TOO_LONG, 0);
        return CURL_WRITEFUNC_ERROR;
    }
    if (x->limits.mark > 0 && x->handed - x->marked >= x->limits.mark) {
        x->marked = x->handed;
        x->observer.moved(x->observer.context, x->told_sent, x->taken, 0);
    }
    return all;
}
