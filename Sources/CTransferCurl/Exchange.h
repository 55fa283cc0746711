// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#pragma once
#include "CTransferCurl.h"
#include <curl/curl.h>

/// What a large body is received and sent by.
enum { LARGE = 512 << 10 };
/// Gathered before one pwrite: libcurl gives 16 KiB at a time at most, whatever CURLOPT_BUFFERSIZE says.
enum { GATHERED = 256 << 10 };
/// Blocks of one exchange that wait to be written, at most: with libcurl's buffer they make 2 MiB.
enum { BLOCKS_IN_FLIGHT = 5 };
enum { IS_WAITING = 0, IS_KEEPING, IS_WRITING };

typedef struct ctransfer_block {
    struct ctransfer_block *next;
    ctransfer_exchange *exchange;
    int64_t offset;
    size_t count;
    uint8_t bytes[GATHERED];
} ctransfer_block;

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
    int64_t began;          // offset in the sink
    int64_t handed;         // … up to which bytes were handed over to be written
    uint8_t *bytes;         // gathered for the sink, or kept
    size_t count, capacity;
    ctransfer_block *block; // whose `bytes` are; NULL while the body is small
    int is_large;
    int was_cut;

    int64_t ahead;          // of the thread that writes: up to which the kernel was asked to write to the disk

    // Guarded by the lock of `buffers`.
    int64_t written;        // offset in the sink: everything before it was written
    int in_flight;          // blocks
    int write_number;       // errno of the first that could not be written

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

/// Hands over what was gathered, and goes on: 0, or -1 with the fault set.
int ctransfer_pass_on(ctransfer_exchange *exchange);

/// An empty block, once few enough are under way; NULL with the fault set if one could not be written.
ctransfer_block *ctransfer_block_take(ctransfer_exchange *exchange);
void ctransfer_block_drop(ctransfer_exchange *exchange, ctransfer_block *block);
/// Takes the block, and writes it behind all before it: later, unless there is no thread for it.
int ctransfer_block_write(ctransfer_exchange *exchange, ctransfer_block *block);
/// Writes behind everything that was handed over, at once.
int ctransfer_write_now(ctransfer_exchange *exchange, const uint8_t *bytes, size_t count);
/// Waits until everything that was handed over is written.
int ctransfer_write_rest(ctransfer_exchange *exchange);
