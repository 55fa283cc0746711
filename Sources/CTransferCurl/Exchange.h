// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#pragma once
#include "CTransferCurl.h"
#include <curl/curl.h>

/// Gathered before one pwrite: libcurl gives 16 KiB at a time at most, whatever CURLOPT_BUFFERSIZE says.
enum { GATHERED = 1 << 20 };
enum { IS_WAITING = 0, IS_KEEPING, IS_WRITING };

struct ctransfer_exchange {
    CURL *easy;
    struct curl_slist *fields;
    ctransfer_observer observer;
    ctransfer_limits limits;
    ctransfer_buffers *buffers;

    // The request's body, and where in it the next read goes on.
    ctransfer_piece *pieces;
    size_t piece_count;
    uint8_t *literals;
    int64_t total;
    size_t piece;
    int64_t within;
    int64_t most_handed;  // of all tries

    // The head that is being read.
    uint8_t *head;
    size_t head_count, head_capacity;
    int head_is_open;
    int64_t heads;          // interim heads since the request's body last moved
    int64_t heads_in_all;

    // The answer's body; `body_state` leaves IS_WAITING when the final head has its plan.
    int body_state;
    int64_t limit;          // of the plan; -1: none
    int64_t taken;          // bytes of the body that came, dropped ones not counted
    int64_t written;        // offset in the sink
    int64_t in_sink;
    uint8_t *bytes;         // gathered for the sink, or kept
    size_t count, capacity;
    int is_borrowed;        // `bytes` belongs to `buffers`
    int was_cut;

    int needs_goodbye;      // TLS's close_notify, at the end of the body
    int has_goodbye;

    // Ticks.
    int64_t active_at, ticked_at, marked;
    int64_t activity, told_sent, told_received, allowance;

    ctransfer_fault fault;
    int number;
    char message[CURL_ERROR_SIZE];
};

/// Only the first fault counts.
static inline void ctransfer_fail(ctransfer_exchange *exchange, ctransfer_fault fault, int number) {
    if (exchange->fault) return;
    exchange->fault = fault;
    exchange->number = number;
}

size_t ctransfer_read(char *place, size_t size, size_t count, void *exchange);
int ctransfer_seek(void *exchange, curl_off_t offset, int origin);
size_t ctransfer_write(char *bytes, size_t size, size_t count, void *exchange);
size_t ctransfer_head_line(char *bytes, size_t size, size_t count, void *exchange);
int ctransfer_progress(void *exchange, curl_off_t to_receive, curl_off_t received, curl_off_t to_send, curl_off_t sent);

int ctransfer_before_request(
    void *exchange, char *their_address, char *our_address, int their_port, int our_port);
void ctransfer_watch_connections(ctransfer_exchange *exchange);
void ctransfer_await_goodbye(ctransfer_exchange *exchange);

uint8_t *ctransfer_buffers_take(ctransfer_buffers *buffers);
void ctransfer_buffers_give(ctransfer_buffers *buffers, uint8_t *bytes);
