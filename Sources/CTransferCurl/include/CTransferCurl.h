// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// What Swift cannot say to libcurl, and the three callbacks that run for every few kilobytes. Swift is entered only when
// a head is complete, about four times a second while bytes flow, and whenever so many bytes were written.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>

// MARK: One exchange

typedef struct ctransfer_exchange ctransfer_exchange;
typedef struct ctransfer_buffers ctransfer_buffers;

/// A piece of the request's body: bytes, which are copied, or `count` bytes of a file from an absolute offset on.
typedef struct {
    const void *bytes;
    int descriptor;
    int64_t offset;
    int64_t count;
} ctransfer_piece;

typedef enum {
    /// An interim head: the next head is expected.
    CTRANSFER_GO_ON = 0,
    /// Up to `limit` bytes of the body are kept in memory.
    CTRANSFER_KEEP,
    /// The body is written into `sink` from `offset` on, at most `limit` bytes; -1: all.
    CTRANSFER_WRITE,
    /// The exchange ends here with CTRANSFER_REFUSED.
    CTRANSFER_REFUSE,
} ctransfer_choice;

typedef struct {
    ctransfer_choice choice;
    int64_t offset;
    int64_t limit;
    /// The connection is not used again.
    int is_tainted;
    /// Only the end of the connection says where the body ends.
    int ends_with_connection;
} ctransfer_plan;

/// Why a callback ended the exchange.
typedef enum {
    CTRANSFER_NO_FAULT = 0,
    CTRANSFER_SOURCE_ENDED,
    CTRANSFER_SOURCE_UNREADABLE,
    CTRANSFER_SINK_UNWRITABLE,
    /// More body than the plan allows.
    CTRANSFER_BODY_TOO_LONG,
    /// The head, or the trailer, is longer than allowed, or interim heads come without end.
    CTRANSFER_HEAD_TOO_LONG,
    CTRANSFER_REFUSED,
    CTRANSFER_STALLED,
    /// Something lay on the connection before the request was sent; nothing was.
    CTRANSFER_UNCLEAN,
    /// TLS ended without a goodbye where that alone ends the body: anybody may have cut it.
    CTRANSFER_CUT,
    CTRANSFER_NO_MEMORY,
} ctransfer_fault;

/// What Swift is called for, on the thread that drives the multi handle.
typedef struct {
    void *context;
    /// A head is complete: from its status line to the empty line.
    ctransfer_plan (*head)(void *context, const uint8_t *bytes, size_t count);
    /// About four times a second while bytes flow, and after every `mark` bytes that were written.
    void (*moved)(void *context, int64_t sent, int64_t received, int is_tick);
} ctransfer_observer;

typedef struct {
    int64_t stall_microseconds;
    int64_t send_rate;     // bytes a second, 0: no limit
    int64_t receive_rate;
    int64_t mark;          // 0: only ticks
    size_t head_limit;
    int sink;              // -1: none
    int is_tls;
} ctransfer_limits;

/// Makes an exchange on a new easy handle, with its callbacks set; NULL if memory is out. `buffers` outlives it.
ctransfer_exchange *ctransfer_exchange_new(
    ctransfer_observer observer, ctransfer_limits limits, const ctransfer_piece *pieces, size_t piece_count,
    ctransfer_buffers *buffers);
/// Its easy handle (a CURL *) has left its multi handle before.
void ctransfer_exchange_free(ctransfer_exchange *exchange);

/// The CURL *.
void *ctransfer_exchange_easy(ctransfer_exchange *exchange);
/// Adds a line to the request's head. 0, or -1 if memory is out.
int ctransfer_exchange_add_field(ctransfer_exchange *exchange, const char *line);
/// Gives the lines to libcurl; call once, after the last. A CURLcode.
int ctransfer_exchange_set_fields(ctransfer_exchange *exchange);
/// Writes what was gathered of the body into the sink: 0, or -1 with the fault set.
int ctransfer_exchange_flush(ctransfer_exchange *exchange);

/// Makes it ready to be added to a multi handle once more, after CTRANSFER_UNCLEAN: it then opens a connection of its own.
void ctransfer_exchange_again(ctransfer_exchange *exchange);

/// Says that libcurl found the answer whole: the fault may say otherwise now.
void ctransfer_exchange_came_whole(ctransfer_exchange *exchange);
ctransfer_fault ctransfer_exchange_fault(const ctransfer_exchange *exchange, int *number);
/// What libcurl said about its failure; empty if nothing.
const char *ctransfer_exchange_message(const ctransfer_exchange *exchange);
/// Bytes of the body that were kept, or are in the sink.
int64_t ctransfer_exchange_received(const ctransfer_exchange *exchange);
/// How much of the body libcurl was given, in the try that took most: the server cannot have more.
int64_t ctransfer_exchange_handed(const ctransfer_exchange *exchange);
/// Where in the sink the next byte of the body goes: all before it were written.
int64_t ctransfer_exchange_written(const ctransfer_exchange *exchange);
const uint8_t *ctransfer_exchange_kept(const ctransfer_exchange *exchange, size_t *count, int *was_cut);
/// Microseconds since the exchange began, by libcurl's clock.
int64_t ctransfer_exchange_elapsed(const ctransfer_exchange *exchange);

/// What exchanges gather in, and the thread that writes it; used on one thread.
ctransfer_buffers *ctransfer_buffers_new(void);
void ctransfer_buffers_free(ctransfer_buffers *buffers);

// MARK: libcurl's variadic functions (curl_easy_setopt(3), curl_easy_getinfo(3), curl_multi_setopt(3)), by kinds of value.
// The options and results are CURLoption, CURLINFO and CURLMoption; what is returned is CURLcode or CURLMcode.

int ctransfer_set_long(void *easy, int option, long value);
int ctransfer_set_size(void *easy, int option, int64_t value);
/// libcurl copies the text; NULL resets the option.
int ctransfer_set_text(void *easy, int option, const char *value);
int ctransfer_set_pointer(void *easy, int option, void *value);
int ctransfer_get_long(void *easy, int result, long *value);
int ctransfer_get_size(void *easy, int result, int64_t *value);
int ctransfer_get_pointer(void *easy, int result, void **value);
int ctransfer_multi_set_long(void *multi, int option, long value);
/// A CURLMsg holds a union that Swift cannot read by name: the easy handle of the next exchange that ended, with its
/// CURLcode; NULL if there is none.
void *ctransfer_multi_ended(void *multi, int *code);

// MARK: Threads

/// Starts a thread on which no signal is delivered but those that its own faults raise: writing into a connection that
/// is gone raises SIGPIPE, which libcurl leaves to us under CURLOPT_NOSIGNAL. 0, or an errno.
int ctransfer_start_thread(pthread_t *thread, const char *name, void (*body)(void *), void *context);

/// fdatasync(2), and how long it took. 0, or an errno.
int ctransfer_sync(int descriptor, int64_t *microseconds);
