// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// sink [--port N] [--truncate] - the far end when throughput is measured: it should cost little.
//
// PUT and POST anywhere with a Content-Length: reads the body, throws it away, answers 200. Chunked bodies: 411.
// GET and HEAD /LENGTH: the pattern of seed 0 (README.md); Range: bytes=A-B or A-. It is sent from 128 KiB that stay in the
// processor's cache, turned as the pattern turns: sendfile from a file in memory costs the far end twice as much.
// GET /__log: {"requests": N, "received": BYTES, "sent": BYTES}, of all but these.
// --truncate lets the kernel throw bodies away (MSG_TRUNC): the client's cost alone, on a machine that both share.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD_SIZE = 64 * 1024, BUFFER_SIZE = 1024 * 1024, PAGE = 65536, PAGES = 32, TURN = 8 * 1024 * 1024 };

typedef struct {
    int socket;
    bool hasBody, closes, isWaiting;
    char head[HEAD_SIZE];
    size_t headLength;
    uint64_t bodyLeft;
    // What is to be sent: first text, then a part of the pattern.
    char text[512];
    size_t textLength, textSent;
    off_t offset;
    uint64_t sendLeft;
} Connection;

static char buffer[BUFFER_SIZE];
static int events = -1;
static uint64_t requests, received, sent;
static bool truncates;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// The pattern, as README.md defines it.

static uint64_t mix(uint64_t seed, uint64_t number) {
    uint64_t z = seed + (number + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

// Twice, so that a turn of it is one piece.
static uint8_t table[2 * PAGE];

static void fill(void) {
    for (uint64_t k = 0; k < PAGE / 8; k++) {
        uint64_t word = mix(0, k);
        for (int byte = 0; byte < 8; byte++) table[8 * k + byte] = (uint8_t)(word >> (8 * byte));
    }
    memcpy(table + PAGE, table, PAGE);
}

// Sends of the pattern what the socket takes now, up to PAGES pages.
static ssize_t pour(int socket, uint64_t offset, uint64_t length) {
    uint8_t numbers[PAGES][8];
    struct iovec parts[2 * PAGES];
    size_t count = 0;
    for (int index = 0; index < PAGES && length > 0; index++) {
        uint64_t turn = mix(~(uint64_t)0, offset / PAGE), within = offset % PAGE;
        for (int byte = 0; byte < 8; byte++) numbers[index][byte] = (uint8_t)(turn >> (8 * byte));
        uint64_t most = PAGE - within < length ? PAGE - within : length;
        offset += most;
        length -= most;
        if (within < 8) {
            uint64_t part = 8 - within < most ? 8 - within : most;
            parts[count++] = (struct iovec){numbers[index] + within, part};
            within += part;
            most -= part;
        }
        if (most > 0) parts[count++] = (struct iovec){table + turn % PAGE + within, most};
    }
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    return sendmsg(socket, &message, MSG_NOSIGNAL | (length > 0 ? MSG_MORE : 0));
}

static void finish(Connection *connection) {
    close(connection->socket);
    free(connection);
}

static void reply(Connection *connection, const char *status, const char *fields, uint64_t length) {
    connection->textLength = (size_t)snprintf(
        connection->text, sizeof connection->text, "HTTP/1.1 %s\r\n%sContent-Length: %llu\r\n%s\r\n", status, fields,
        (unsigned long long)length, connection->closes ? "Connection: close\r\n" : "");
    connection->textSent = 0;
}

static const char *field(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
            const char *value = line + 3 + length;
            return value + strspn(value, " \t");
        }
    }
    return NULL;
}

static bool begins(const char *text, const char *word) { return text && strncasecmp(text, word, strlen(word)) == 0; }

static void serve(Connection *connection, const char *head, const char *path, bool sends) {
    char fields[200], *end;
    uint64_t length = strtoull(path + 1, &end, 10), first = 0, last;
    if (begins(path, "/__log ")) {
        char facts[128];
        int count = snprintf(facts, sizeof facts, "{\"requests\": %llu, \"received\": %llu, \"sent\": %llu}",
                             (unsigned long long)requests, (unsigned long long)received, (unsigned long long)sent);
        reply(connection, "200 OK", "Content-Type: application/json\r\n", (uint64_t)count);
        memcpy(connection->text + connection->textLength, facts, (size_t)count);
        connection->textLength += (size_t)count;
        return;
    }
    requests++;
    if (end == path + 1 || *end != ' ') {
        reply(connection, "404 Not Found", "", 0);
        return;
    }
    last = length;
    const char *range = field(head, "Range");
    if (begins(range, "bytes=") && range[6] >= '0' && range[6] <= '9') {
        first = strtoull(range + 6, &end, 10);
        if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
            uint64_t asked = strtoull(end + 1, NULL, 10) + 1;
            if (asked < last) last = asked;
        }
        if (first >= last) {
            snprintf(fields, sizeof fields, "Content-Range: bytes */%llu\r\n", (unsigned long long)length);
            reply(connection, "416 Range Not Satisfiable", fields, 0);
            return;
        }
        snprintf(fields, sizeof fields, "ETag: \"%llu\"\r\nContent-Range: bytes %llu-%llu/%llu\r\n",
                 (unsigned long long)length, (unsigned long long)first, (unsigned long long)last - 1,
                 (unsigned long long)length);
        reply(connection, "206 Partial Content", fields, last - first);
    } else {
        snprintf(fields, sizeof fields, "ETag: \"%llu\"\r\nAccept-Ranges: bytes\r\n", (unsigned long long)length);
        reply(connection, "200 OK", fields, length);
    }
    connection->offset = (off_t)first;
    connection->sendLeft = sends ? last - first : 0;
}

// Looks at a whole head. What follows it stays in `head`.
static void understand(Connection *connection, size_t length) {
    char *head = connection->head, method[16] = "", path[64] = "";
    head[length - 1] = '\0';
    sscanf(head, "%15s %62s", method, path);
    strcat(path, " ");
    connection->closes = begins(field(head, "Connection"), "close");
    const char *declared = field(head, "Content-Length");
    connection->hasBody = false;
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
        serve(connection, head, path, method[0] == 'G');
    } else if (declared == NULL) {
        connection->closes = true;
        reply(connection, "411 Length Required", "", 0);
    } else {
        connection->hasBody = true;
        connection->bodyLeft = strtoull(declared, NULL, 10);
        if (begins(field(head, "Expect"), "100-continue")) {
            connection->textLength = (size_t)sprintf(connection->text, "HTTP/1.1 100 Continue\r\n\r\n");
            connection->textSent = 0;
        }
    }
    connection->headLength -= length;
    memmove(head, head + length, connection->headLength);
}

// Whether the connection stands; `isWaiting` says that the peer has to read first.
static bool deliver(Connection *connection) {
    uint64_t turn = TURN;
    connection->isWaiting = false;
    while (connection->textSent < connection->textLength || connection->sendLeft > 0) {
        ssize_t count;
        if (connection->textSent < connection->textLength) {
            int more = connection->sendLeft > 0 ? MSG_MORE : 0;
            count = send(connection->socket, connection->text + connection->textSent,
                         connection->textLength - connection->textSent, MSG_NOSIGNAL | more);
            if (count > 0) connection->textSent += (size_t)count;
        } else {
            size_t most = connection->sendLeft < turn ? connection->sendLeft : turn;
            count = pour(connection->socket, (uint64_t)connection->offset, most);
            if (count > 0) {
                connection->offset += count;
                connection->sendLeft -= (uint64_t)count;
                sent += (uint64_t)count;
                turn -= (uint64_t)count;
            }
        }
        if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (count == 0) return false;
        if ((count < 0 && errno == EAGAIN) || turn == 0) {
            connection->isWaiting = true;
            return true;
        }
    }
    return !connection->closes || connection->hasBody;
}

// Takes of the body what was read with the head, then what the socket has. Whether the connection stands.
static bool swallow(Connection *connection) {
    size_t early = connection->headLength < connection->bodyLeft ? connection->headLength : connection->bodyLeft;
    connection->headLength -= early;
    memmove(connection->head, connection->head + early, connection->headLength);
    connection->bodyLeft -= early;
    received += early;
    for (int64_t turn = TURN; connection->bodyLeft > 0;) {
        if (turn <= 0) return true;
        size_t most = connection->bodyLeft < BUFFER_SIZE ? connection->bodyLeft : BUFFER_SIZE;
        ssize_t count = recv(connection->socket, buffer, most, truncates ? MSG_TRUNC : 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return true;
        if (count <= 0) return false;
        connection->bodyLeft -= (uint64_t)count;
        received += (uint64_t)count;
        turn -= count;
    }
    requests++;
    connection->hasBody = false;
    reply(connection, "200 OK", "", 0);
    return true;
}

// As far as it goes without waiting. Whether the connection stands.
static bool advance(Connection *connection) {
    for (;;) {
        if (!deliver(connection)) return false;
        if (connection->isWaiting) return true;
        if (connection->hasBody) {
            if (!swallow(connection)) return false;
            if (connection->hasBody) return true;
            continue;
        }
        char *end = memmem(connection->head, connection->headLength, "\r\n\r\n", 4);
        if (end != NULL) {
            understand(connection, (size_t)(end - connection->head) + 4);
            continue;
        }
        size_t room = HEAD_SIZE - connection->headLength;
        ssize_t count = room ? recv(connection->socket, connection->head + connection->headLength, room, 0) : 0;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return true;
        if (count <= 0) return false;
        connection->headLength += (size_t)count;
    }
}

static void watch(int operation, int descriptor, void *subject, uint32_t what) {
    struct epoll_event event = {.events = what, .data.ptr = subject};
    if (epoll_ctl(events, operation, descriptor, &event) < 0) fail("epoll_ctl");
}

int main(int count, char **arguments) {
    int port = 0, one = 1;
    for (int index = 1; index < count; index++) {
        if (strcmp(arguments[index], "--truncate") == 0) truncates = true;
        else if (strcmp(arguments[index], "--port") == 0 && index + 1 < count) port = atoi(arguments[++index]);
        else return fprintf(stderr, "sink [--port N] [--truncate]\n"), 2;
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);
    events = epoll_create1(EPOLL_CLOEXEC);
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (events < 0 || listening < 0 || signals < 0) fail("start");
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(listening, (struct sockaddr *)&address, length) < 0 || listen(listening, 4096) < 0) fail("bind");
    getsockname(listening, (struct sockaddr *)&address, &length);
    fill();
    watch(EPOLL_CTL_ADD, listening, &listening, EPOLLIN);
    watch(EPOLL_CTL_ADD, signals, &signals, EPOLLIN);
    // A regular file cannot be watched: it has no end to wait for.
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = &one};
    bool isWatched = epoll_ctl(events, EPOLL_CTL_ADD, STDIN_FILENO, &input) == 0;
    if (!isWatched) return fprintf(stderr, "sink: standard input is to be a pipe, a terminal or a socket\n"), 2;
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event ready[256];
        int found = epoll_wait(events, ready, 256, -1);
        if (found < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < found; index++) {
            void *subject = ready[index].data.ptr;
            if (subject == &signals) return 0;
            if (subject == &one) {
                if (read(STDIN_FILENO, buffer, sizeof buffer) <= 0) return 0;
            } else if (subject == &listening) {
                int socket = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (socket < 0) continue;
                setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                Connection *connection = calloc(1, sizeof *connection);
                if (connection == NULL) fail("memory");
                connection->socket = socket;
                watch(EPOLL_CTL_ADD, socket, connection, EPOLLIN | EPOLLRDHUP);
            } else {
                Connection *connection = subject;
                bool waited = connection->isWaiting;
                if (!advance(connection)) finish(connection);
                else if (waited != connection->isWaiting)
                    watch(EPOLL_CTL_MOD, connection->socket, connection,
                          connection->isWaiting ? EPOLLOUT : EPOLLIN | EPOLLRDHUP);
            }
        }
    }
}
