// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// Writes into sinks what was gathered, on a thread beside the one that receives: copying into the page cache takes longer
// than receiving does, and a disk that is slow for a moment holds up no connection.
#define _GNU_SOURCE
#include "Exchange.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEPT_BLOCKS = 8 };
/// What is to be durable begins its way to the disk in pieces of so much.
enum { AHEAD = 16 << 20 };

struct ctransfer_buffers {
    // Of the engine's thread alone.
    pthread_t thread;
    int has_thread;
    ctransfer_block *free;
    size_t free_count;

    // Guarded by `lock`.
    pthread_mutex_t lock;
    pthread_cond_t has_work, has_written;
    ctransfer_block *first, *last;
    ctransfer_block *done;  // written, and on their way back to `free`
    int is_stopping;
};

// Only `in_flight` blocks of an exchange keep it alive for the other thread: it waits for all of them before it goes.
static int put(int descriptor, const uint8_t *bytes, size_t count, int64_t offset) {
    for (size_t done = 0; done < count;) {
        ssize_t part = pwrite(descriptor, bytes + done, count - done, offset + (int64_t)done);
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) return part ? errno : EIO;
        done += (size_t)part;
    }
    return 0;
}

// What is not on its way to the disk when somebody asks for durability has to be waited for then. This waits for nothing
// that is written, and promises nothing (sync_file_range(2)): fdatasync does.
static void send_ahead(ctransfer_exchange *x, int64_t written) {
#ifdef SYNC_FILE_RANGE_WRITE
    if (x->limits.mark <= 0 || written - x->ahead < AHEAD) return;
    sync_file_range(x->limits.sink, x->ahead, written - x->ahead, SYNC_FILE_RANGE_WRITE);
    x->ahead = written;
#endif
}

static void work(void *context) {
    ctransfer_buffers *b = context;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (!b->first && !b->is_stopping) pthread_cond_wait(&b->has_work, &b->lock);
        ctransfer_block *block = b->first;
        if (!block) break;
        b->first = block->next;
        if (!b->first) b->last = NULL;
        ctransfer_exchange *x = block->exchange;
        int is_lost = x->write_number != 0;
        pthread_mutex_unlock(&b->lock);
        int number = is_lost ? 0 : put(x->limits.sink, block->bytes, block->count, block->offset);
        if (!number && !is_lost) send_ahead(x, block->offset + (int64_t)block->count);
        pthread_mutex_lock(&b->lock);
        // What lies behind a gap does not count.
        if (number) x->write_number = number;
        else if (!is_lost) x->written = block->offset + (int64_t)block->count;
        x->in_flight--;
        block->next = b->done;
        b->done = block;
        pthread_cond_signal(&b->has_written);
    }
    pthread_mutex_unlock(&b->lock);
}

ctransfer_buffers *ctransfer_buffers_new(void) {
    ctransfer_buffers *b = calloc(1, sizeof(ctransfer_buffers));
    if (!b) return NULL;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->has_work, NULL);
    pthread_cond_init(&b->has_written, NULL);
    return b;
}

static void free_all(ctransfer_block *block) {
    while (block) {
        ctransfer_block *next = block->next;
        free(block);
        block = next;
    }
}

void ctransfer_buffers_free(ctransfer_buffers *b) {
    if (!b) return;
    if (b->has_thread) {
        pthread_mutex_lock(&b->lock);
        b->is_stopping = 1;
        pthread_cond_signal(&b->has_work);
        pthread_mutex_unlock(&b->lock);
        pthread_join(b->thread, NULL);
    }
    free_all(b->free);
    free_all(b->done);
    pthread_cond_destroy(&b->has_work);
    pthread_cond_destroy(&b->has_written);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static void recycle(ctransfer_buffers *b, ctransfer_block *block) {
    if (b->free_count >= KEPT_BLOCKS) {
        free(block);
        return;
    }
    block->next = b->free;
    b->free = block;
    b->free_count++;
}

static ctransfer_block *take(ctransfer_buffers *b) {
    ctransfer_block *block = b->free;
    if (!block) return malloc(sizeof(ctransfer_block));
    b->free = block->next;
    b->free_count--;
    return block;
}

// Waits until at most so many blocks of the exchange are under way, and takes back what was written. -1 with the fault set
// if writing failed.
static int settle(ctransfer_exchange *x, int most) {
    ctransfer_buffers *b = x->buffers;
    pthread_mutex_lock(&b->lock);
    while (x->in_flight > most) pthread_cond_wait(&b->has_written, &b->lock);
    ctransfer_block *done = b->done;
    b->done = NULL;
    int number = x->write_number;
    pthread_mutex_unlock(&b->lock);
    while (done) {
        ctransfer_block *next = done->next;
        recycle(b, done);
        done = next;
    }
    if (number) ctransfer_fail(x, CTRANSFER_SINK_UNWRITABLE, number);
    return number ? -1 : 0;
}

ctransfer_block *ctransfer_block_take(ctransfer_exchange *x) {
    if (settle(x, BLOCKS_IN_FLIGHT - 1)) return NULL;
    ctransfer_block *block = take(x->buffers);
    if (!block) ctransfer_fail(x, CTRANSFER_NO_MEMORY, 0);
    return block;
}

void ctransfer_block_drop(ctransfer_exchange *x, ctransfer_block *block) { recycle(x->buffers, block); }

int ctransfer_block_write(ctransfer_exchange *x, ctransfer_block *block) {
    ctransfer_buffers *b = x->buffers;
    if (!b->has_thread) b->has_thread = ctransfer_start_thread(&b->thread, "transfers-write", work, b) == 0;
    if (!b->has_thread) {
        int failed = ctransfer_write_now(x, block->bytes, block->count);
        recycle(b, block);
        return failed;
    }
    block->exchange = x;
    block->offset = x->handed;
    block->next = NULL;
    x->handed += (int64_t)block->count;
    pthread_mutex_lock(&b->lock);
    x->in_flight++;
    if (b->last) b->last->next = block;
    else b->first = block;
    b->last = block;
    pthread_cond_signal(&b->has_work);
    pthread_mutex_unlock(&b->lock);
    return 0;
}

int ctransfer_write_now(ctransfer_exchange *x, const uint8_t *bytes, size_t count) {
    if (settle(x, 0)) return -1;
    int number = put(x->limits.sink, bytes, count, x->handed);
    if (number) {
        ctransfer_fail(x, CTRANSFER_SINK_UNWRITABLE, number);
        return -1;
    }
    x->handed += (int64_t)count;
    x->written = x->handed;
    return 0;
}

int ctransfer_write_rest(ctransfer_exchange *x) { return settle(x, 0); }

int64_t ctransfer_exchange_written(const ctransfer_exchange *x) {
    pthread_mutex_lock(&x->buffers->lock);
    int64_t written = x->written;
    pthread_mutex_unlock(&x->buffers->lock);
    return written;
}
