// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// What libcurl does not see to on its connections.
#define _GNU_SOURCE
#include "Exchange.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

// The sockets of this engine's thread. Within CURLOPT_PREREQFUNCTION libcurl does not say which one a request goes to
// (CURLINFO_ACTIVESOCKET knows it only afterwards), but it tells both ports.
enum { WATCHED = 256 };
static _Thread_local struct {
    int socket;
    // Once it is connected; 0 before.
    int ours, theirs;
} watched[WATCHED];
static _Thread_local size_t watched_count;

// libcurl 7.88 opens its sockets without FD_CLOEXEC (CURLOPT_OPENSOCKETFUNCTION(3)): they would outlive an exec.
static curl_socket_t open_socket(void *unused, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)unused;
    (void)purpose;
    int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    // What waits in the kernel to be sent is written once more to memory and read from it: one piece is enough. It also
    // keeps what we call sent near to what was sent (tcp(7) lacks it; Documentation/networking/ip-sysctl, tcp_notsent_lowat).
    int waiting = LARGE;
    if (made >= 0) setsockopt(made, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &waiting, sizeof waiting);
    if (made >= 0 && watched_count < WATCHED) {
        watched[watched_count].socket = made;
        watched[watched_count].ours = watched[watched_count].theirs = 0;
        watched_count++;
    }
    return made;
}

// It outlives the exchange that opened the connection, and takes nothing from it (CURLOPT_CLOSESOCKETFUNCTION(3)).
static int close_socket(void *unused, curl_socket_t closed) {
    (void)unused;
    for (size_t i = 0; i < watched_count; i++) {
        if (watched[i].socket == closed) watched[i--] = watched[--watched_count];
    }
    return close(closed);
}

static int port(const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET) return ntohs(((const struct sockaddr_in *)address)->sin_port);
    return address->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)address)->sin6_port) : -1;
}

static int is_between(size_t i, int ours, int theirs) {
    struct sockaddr_storage here, there;
    socklen_t size = sizeof here, other = sizeof there;
    if (watched[i].theirs == 0) {
        if (getpeername(watched[i].socket, (struct sockaddr *)&there, &other) != 0) return 0;
        if (getsockname(watched[i].socket, (struct sockaddr *)&here, &size) != 0) return 0;
        watched[i].ours = port(&here);
        watched[i].theirs = port(&there);
    }
    return watched[i].ours == ours && watched[i].theirs == theirs;
}

// CURLOPT_PREREQFUNCTION(3). On a connection that was kept, more may have come than was asked for: libcurl would take it
// for the answer to this request. Inside TLS other records may wait there, so only plain connections are looked at.
int ctransfer_before_request(void *context, char *their_address, char *our_address, int their_port, int our_port) {
    (void)their_address;
    (void)our_address;
    ctransfer_exchange *x = context;
    char byte;
    if (x->limits.is_tls) return CURL_PREREQFUNC_OK;
    for (size_t i = 0; i < watched_count; i++) {
        if (!is_between(i, our_port, their_port)) continue;
        if (recv(watched[i].socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) continue;
        ctransfer_fail(x, CTRANSFER_UNCLEAN, 0);
        return CURL_PREREQFUNC_ABORT;
    }
    return CURL_PREREQFUNC_OK;
}

// MARK: TLS's goodbye

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int place = -1;

static void make_place(void) { place = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

// SSL_CTX_set_info_callback(3)
static void told(const SSL *tls, int where, int value) {
    // Both bits: our own goodbye has one of them.
    if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || (value & 0xff) != SSL_AD_CLOSE_NOTIFY) return;
    ctransfer_exchange *x = SSL_get_ex_data(tls, place);
    if (x) x->has_goodbye = 1;
}

static CURLcode made_context(CURL *easy, void *context, void *unused) {
    (void)easy;
    (void)unused;
    SSL_CTX_set_info_callback(context, told);
    return CURLE_OK;
}

void ctransfer_watch_connections(ctransfer_exchange *x) {
    curl_easy_setopt(x->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(x->easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(x->easy, CURLOPT_PREREQFUNCTION, ctransfer_before_request);
    curl_easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
    pthread_once(&once, make_place);
    // A libcurl on another library than OpenSSL refuses this: there such an end cannot be told from a cut.
    if (place >= 0) curl_easy_setopt(x->easy, CURLOPT_SSL_CTX_FUNCTION, made_context);
}

// libcurl 7.88 takes the end of the connection for the end of the body whether or not close_notify came. Such a
// connection serves no other exchange, so this one's place in it is nobody else's.
void ctransfer_await_goodbye(ctransfer_exchange *x) {
    struct curl_tlssessioninfo *session = NULL;
    if (place < 0 || !x->limits.is_tls) return;
    if (curl_easy_getinfo(x->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session) return;
    if (session->backend != CURLSSLBACKEND_OPENSSL || !session->internals) return;
    if (SSL_set_ex_data(session->internals, place, x) == 1) x->needs_goodbye = 1;
}
