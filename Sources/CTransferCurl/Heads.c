// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// Heads, line by line, and the look at how it goes.
#include "Exchange.h"
#include <stdlib.h>
#include <string.h>

/// Interim heads while nothing of the request's body moves.
enum { INTERIM_LIMIT = 1000 };

static int append(ctransfer_exchange *x, const char *line, size_t count) {
    if (x->head_count + count > x->limits.head_limit) {
        ctransfer_fail(x, CTRANSFER_HEAD_TOO_LONG, 0);
        return -1;
    }
    if (x->head_count + count > x->head_capacity) {
        size_t capacity = x->head_capacity ? 2 * x->head_capacity : 1024;
        while (capacity < x->head_count + count) capacity *= 2;
        uint8_t *head = realloc(x->head, capacity);
        if (!head) {
            ctransfer_fail(x, CTRANSFER_NO_MEMORY, 0);
            return -1;
        }
        x->head = head;
        x->head_capacity = capacity;
    }
    memcpy(x->head + x->head_count, line, count);
    x->head_count += count;
    return 0;
}

// The plan is asked for here, before the first byte of the body.
static int complete(ctransfer_exchange *x) {
    x->head_is_open = 0;
    ctransfer_plan plan = x->observer.head(x->observer.context, x->head, x->head_count);
    if (plan.is_tainted) curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, 1L);
    switch (plan.choice) {
    case CTRANSFER_GO_ON:
        x->heads_in_all++;
        if (++x->heads > INTERIM_LIMIT) {
            ctransfer_fail(x, CTRANSFER_HEAD_TOO_LONG, 0);
            return -1;
        }
        return 0;
    case CTRANSFER_KEEP:
        x->body_state = IS_KEEPING;
        x->limit = plan.limit < 0 ? 0 : plan.limit;
        break;
    case CTRANSFER_WRITE:
        x->body_state = IS_WRITING;
        x->limit = plan.limit;
        x->began = x->handed = x->marked = x->ahead = x->written = plan.offset;
        break;
    case CTRANSFER_REFUSE:
        ctransfer_fail(x, CTRANSFER_REFUSED, 0);
        return -1;
    }
    x->head_count = 0;  // now it counts the trailer
    if (plan.ends_with_connection) ctransfer_await_goodbye(x);
    return 0;
}

// CURLOPT_HEADERFUNCTION(3): a whole line each time, of every answer, and of the trailer after a chunked body.
size_t ctransfer_head_line(char *line, size_t size, size_t count, void *context) {
    ctransfer_exchange *x = context;
    size_t all = size * count;
    if (x->fault) return CURL_WRITEFUNC_ERROR;
    if (x->body_state == IS_WAITING && !x->head_is_open) {
        x->head_is_open = 1;
        x->head_count = 0;
    }
    if (append(x, line, all)) return CURL_WRITEFUNC_ERROR;
    int is_empty = all == 0 || line[0] == '\n' || (all >= 2 && line[0] == '\r' && line[1] == '\n');
    if (x->head_is_open && is_empty && complete(x)) return CURL_WRITEFUNC_ERROR;
    return all;
}

// Whether more has moved than the rate allows till now, so that libcurl waits on purpose.
static int is_held_back(const ctransfer_exchange *x, int64_t received, int64_t sent, int64_t elapsed) {
    const int64_t second = 1000000;
    int64_t receive = x->limits.receive_rate, send = x->limits.send_rate;
    return (receive > 0 && received / receive * second + received % receive * second / receive > elapsed)
        || (send > 0 && sent / send * second + sent % send * second / send > elapsed);
}

// CURLOPT_XFERINFOFUNCTION(3): called for every few packets, and about once a second when nothing moves.
int ctransfer_progress(void *context, curl_off_t to_receive, curl_off_t received, curl_off_t to_send, curl_off_t sent) {
    (void)to_receive;
    (void)to_send;
    ctransfer_exchange *x = context;
    curl_off_t elapsed = ctransfer_exchange_elapsed(x), connected = 0;
    if (x->fault) return 1;
    if (sent != x->told_sent) x->heads = 0;

    // Dropped bytes are bytes too; lines of a head that never ends are none.
    int64_t activity = received + sent + x->heads_in_all;
    if (activity != x->activity || elapsed < x->active_at || is_held_back(x, received, sent, elapsed)) {
        x->activity = activity;
        x->active_at = elapsed;
    } else if (x->limits.stall_microseconds > 0
               && elapsed - x->active_at >= x->limits.stall_microseconds + x->allowance) {
        // Until the request goes out, the limit for connecting counts.
        curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
        if (connected > 0) {
            ctransfer_fail(x, CTRANSFER_STALLED, 0);
            return 1;
        }
        x->active_at = elapsed;
    }

    if (elapsed < x->ticked_at) x->ticked_at = elapsed;
    if (elapsed - x->ticked_at < 250000) return 0;
    x->ticked_at = elapsed;
    // What lies in memory here would be lost with the process.
    if (ctransfer_pass_on(x)) return 1;
    if (sent != x->told_sent || x->taken != x->told_received) {
        x->told_sent = sent;
        x->told_received = x->taken;
        x->observer.moved(x->observer.context, sent, x->taken, 1);
    }
    return 0;
}
