// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// An exchange on its easy handle, from its making to what is left of it.
#define _GNU_SOURCE
#include "Exchange.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static int copy_pieces(ctransfer_exchange *x, const ctransfer_piece *pieces, size_t count) {
    size_t literal = 0;
    for (size_t i = 0; i < count; i++) literal += pieces[i].bytes ? (size_t)pieces[i].count : 0;
    x->pieces = calloc(count + 1, sizeof(ctransfer_piece));
    x->literals = malloc(literal + 1);
    if (!x->pieces || !x->literals) return -1;
    uint8_t *next = x->literals;
    for (size_t i = 0; i < count; i++) {
        x->pieces[i] = pieces[i];
        x->total += pieces[i].count;
        if (pieces[i].bytes) {
            memcpy(next, pieces[i].bytes, (size_t)pieces[i].count);
            x->pieces[i].bytes = next;
            next += pieces[i].count;
        } else {
            posix_fadvise(pieces[i].descriptor, pieces[i].offset, pieces[i].count, POSIX_FADV_SEQUENTIAL);
        }
    }
    x->piece_count = count;
    return 0;
}

// The unit in which libcurl moves a rate-limited body: it sleeps between two, which is no stall.
static int64_t unit(int64_t rate, int64_t buffer) {
    if (rate <= 0 || rate / 8 >= buffer) return buffer;
    return rate / 8 < 16384 ? 16384 : rate / 8;
}

static void set_buffers(ctransfer_exchange *x) {
    // Large bodies want large buffers, which are allocated for each exchange; small ones do not touch them.
    int64_t receive = unit(x->limits.receive_rate, x->limits.sink >= 0 ? LARGE : 64 << 10);
    // Up to a few MiB the pages of a large one cost more than it saves.
    int64_t most = x->total <= 4 << 20 ? 64 << 10 : LARGE;
    int64_t whole = x->total < most ? (x->total < 16 << 10 ? 16 << 10 : x->total) : most;
    int64_t send = unit(x->limits.send_rate, whole);
    curl_easy_setopt(x->easy, CURLOPT_BUFFERSIZE, (long)receive);
    curl_easy_setopt(x->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)send);
    if (x->limits.receive_rate > 0) {
        curl_easy_setopt(x->easy, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)x->limits.receive_rate);
        x->allowance += receive * 1000000 / x->limits.receive_rate;
    }
    if (x->limits.send_rate > 0) {
        curl_easy_setopt(x->easy, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)x->limits.send_rate);
        x->allowance += send * 1000000 / x->limits.send_rate;
    }
}

ctransfer_exchange *ctransfer_exchange_new(
    ctransfer_observer observer, ctransfer_limits limits, const ctransfer_piece *pieces, size_t piece_count,
    ctransfer_buffers *buffers
) {
    ctransfer_exchange *x = calloc(1, sizeof(ctransfer_exchange));
    if (!x) return NULL;
    x->observer = observer;
    x->limits = limits;
    x->buffers = buffers;
    x->limit = -1;
    x->easy = curl_easy_init();
    if (!buffers || !x->easy || copy_pieces(x, pieces, piece_count)) {
        ctransfer_exchange_free(x);
        return NULL;
    }
    set_buffers(x);
    curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->message);
    curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, ctransfer_read);
    curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_SEEKFUNCTION, ctransfer_seek);
    curl_easy_setopt(x->easy, CURLOPT_SEEKDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, ctransfer_write);
    curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, ctransfer_head_line);
    curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(x->easy, CURLOPT_XFERINFOFUNCTION, ctransfer_progress);
    curl_easy_setopt(x->easy, CURLOPT_XFERINFODATA, x);
    curl_easy_setopt(x->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(x->easy, CURLOPT_PRIVATE, observer.context);
    ctransfer_watch_connections(x);
    return x;
}

void ctransfer_exchange_free(ctransfer_exchange *x) {
    if (!x) return;
    if (x->easy) curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->fields);
    if (x->buffers) ctransfer_write_rest(x);
    if (x->block) ctransfer_block_drop(x, x->block);
    else free(x->bytes);
    free(x->head);
    free(x->pieces);
    free(x->literals);
    free(x);
}

void *ctransfer_exchange_easy(ctransfer_exchange *x) { return x->easy; }

int ctransfer_exchange_add_field(ctransfer_exchange *x, const char *line) {
    struct curl_slist *more = curl_slist_append(x->fields, line);
    if (!more) return -1;
    x->fields = more;
    return 0;
}

int ctransfer_exchange_set_fields(ctransfer_exchange *x) {
    return curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->fields);
}

void ctransfer_exchange_again(ctransfer_exchange *x) {
    x->fault = CTRANSFER_NO_FAULT;
    x->message[0] = 0;
    curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L);
}

void ctransfer_exchange_came_whole(ctransfer_exchange *x) {
    if (x->needs_goodbye && !x->has_goodbye) ctransfer_fail(x, CTRANSFER_CUT, 0);
}

ctransfer_fault ctransfer_exchange_fault(const ctransfer_exchange *x, int *number) {
    *number = x->number;
    return x->fault;
}

const char *ctransfer_exchange_message(const ctransfer_exchange *x) { return x->message; }

int64_t ctransfer_exchange_received(const ctransfer_exchange *x) {
    return x->body_state == IS_WRITING ? ctransfer_exchange_written(x) - x->began : (int64_t)(x->body_state == IS_KEEPING ? x->count : 0);
}

const uint8_t *ctransfer_exchange_kept(const ctransfer_exchange *x, size_t *count, int *was_cut) {
    *count = x->body_state == IS_KEEPING ? x->count : 0;
    *was_cut = x->was_cut;
    return x->bytes;
}

int64_t ctransfer_exchange_elapsed(const ctransfer_exchange *x) {
    curl_off_t elapsed = 0;
    curl_easy_getinfo(x->easy, CURLINFO_TOTAL_TIME_T, &elapsed);
    return elapsed;
}
