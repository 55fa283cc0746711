// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#define _GNU_SOURCE
#include "CBackgroundLinux.h"
#ifdef __linux__
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
// After <net/if.h>: the kernel's own headers repeat parts of it.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

// A dump that does not end: give up and say that nobody can tell. A datagram of a dump has at most 32 KiB, so this is
// room for more than a million routes.
enum { max_datagrams = 8192, max_dumps = 4 };

static int open_netlink(int protocol, unsigned int groups) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0), protocol);
    if (fd == -1) return -1;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1) {
        int cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

// The payload of the first attribute of this type, at least `size` bytes long, or null. The bytes need not be aligned.
static const unsigned char *attribute(const unsigned char *bytes, size_t length, int type, size_t size, size_t *found) {
    struct rtattr head;
    while (length >= sizeof head) {
        memcpy(&head, bytes, sizeof head);
        if (head.rta_len < sizeof head || head.rta_len > length) return 0;
        if ((head.rta_type & NLA_TYPE_MASK) == type && head.rta_len - sizeof head >= size) {
            if (found) *found = head.rta_len - sizeof head;
            return bytes + sizeof head;
        }
        size_t step = RTA_ALIGN((size_t)head.rta_len);
        if (step >= length) return 0;
        bytes += step;
        length -= step;
    }
    return 0;
}

static uint32_t number(const unsigned char *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static int leads_off(const unsigned char *bytes, size_t length, int (*is_up)(int)) {
    struct rtmsg route;
    if (length < sizeof route) return 0;
    memcpy(&route, bytes, sizeof route);
    const unsigned char *attributes = bytes + NLMSG_ALIGN(sizeof route);
    size_t size = length - NLMSG_ALIGN(sizeof route);
    unsigned int dead = RTNH_F_DEAD | RTNH_F_LINKDOWN;

    if (route.rtm_family != AF_INET && route.rtm_family != AF_INET6) return 0;
    // RTN_UNREACHABLE, RTN_BLACKHOLE, RTN_PROHIBIT and RTN_THROW lead nowhere.
    if (route.rtm_dst_len != 0 || route.rtm_type != RTN_UNICAST || (route.rtm_flags & RTM_F_CLONED)) return 0;
    const unsigned char *table = attribute(attributes, size, RTA_TABLE, 4, 0);
    if ((table ? number(table) : route.rtm_table) != RT_TABLE_MAIN) return 0;

    size_t hops;
    const unsigned char *multipath = attribute(attributes, size, RTA_MULTIPATH, sizeof(struct rtnexthop), &hops);
    if (multipath) {
        struct rtnexthop hop;
        while (hops >= sizeof hop) {
            memcpy(&hop, multipath, sizeof hop);
            if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops) return 0;
            if (!(hop.rtnh_flags & dead) && is_up(hop.rtnh_ifindex)) return 1;
            size_t step = RTNH_ALIGN((size_t)hop.rtnh_len);
            if (step >= hops) return 0;
            multipath += step;
            hops -= step;
        }
        return 0;
    }
    if (route.rtm_flags & dead) return 0;
    const unsigned char *interface = attribute(attributes, size, RTA_OIF, 4, 0);
    if (interface) return is_up((int)number(interface));
    // With net.ipv4.nexthop_compat_mode=0 the kernel names a next-hop object and no interface; it takes such a route away
    // itself when the interface goes down.
    return attribute(attributes, size, RTA_NH_ID, 4, 0) != 0;
}

int cbackground_scan_routes(
    const void *datagram, unsigned long length, unsigned int sequence, int (*is_up)(int interface)) {
    const unsigned char *bytes = datagram;
    while (length > 0) {
        struct nlmsghdr head;
        if (length < sizeof head) { errno = EPROTO; return -1; }
        memcpy(&head, bytes, sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > length) { errno = EPROTO; return -1; }
        const unsigned char *payload = bytes + NLMSG_HDRLEN;
        size_t size = head.nlmsg_len - NLMSG_HDRLEN;
        if (head.nlmsg_seq == sequence) {
            // netlink(7): a dump that was disturbed says so and must be asked for again.
            if (head.nlmsg_flags & NLM_F_DUMP_INTR) { errno = EINTR; return -1; }
            if (head.nlmsg_type == NLMSG_DONE) {
                int32_t status = 0;
                if (size >= sizeof status) memcpy(&status, payload, sizeof status);
                if (status < 0) { errno = -status; return -1; }
                return 2;
            }
            if (head.nlmsg_type == NLMSG_ERROR) {
                int32_t status = 0;
                if (size >= sizeof status) memcpy(&status, payload, sizeof status);
                errno = status < 0 ? -status : EPROTO;
                return -1;
            }
            if (head.nlmsg_type == NLMSG_OVERRUN) { errno = ENOBUFS; return -1; }
            if (head.nlmsg_type == RTM_NEWROUTE && leads_off(payload, size, is_up)) return 1;
        }
        size_t step = NLMSG_ALIGN((size_t)head.nlmsg_len);
        if (step >= length) return 0;
        bytes += step;
        length -= step;
    }
    return 0;
}

static int interface_is_up(int interface) {
    struct ifreq about = {.ifr_ifindex = interface};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1) fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    // Without a socket to ask by, the route itself is what we know: the kernel removes routes of interfaces that go down.
    if (fd == -1) return 1;
    int up = 0;
    // netdevice(7): the flags are asked for by name; an interface that vanished between the two calls is not up.
    if (ioctl(fd, SIOCGIFNAME, &about) == 0 && ioctl(fd, SIOCGIFFLAGS, &about) == 0)
        up = (about.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING) && !(about.ifr_flags & IFF_LOOPBACK);
    close(fd);
    return up;
}

// One dump. 1, 0, or -1 with errno; EINTR asks for another.
static int dump_routes(int fd, unsigned int sequence) {
    struct {
        struct nlmsghdr head;
        struct rtmsg route;
    } request = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_GETROUTE,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = sequence},
        .route = {.rtm_family = AF_UNSPEC},
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do {
        sent = sendto(fd, &request, request.head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel);
    } while (sent == -1 && errno == EINTR);
    if (sent == -1) return -1;

    // Not of the thread: each of the program's threads would pay for it.
    unsigned char buffer[32768];
    for (int datagrams = 0; datagrams < max_datagrams; datagrams++) {
        struct sockaddr_nl sender;
        struct iovec part = {.iov_base = buffer, .iov_len = sizeof buffer};
        struct msghdr message = {
            .msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &part, .msg_iovlen = 1};
        ssize_t got;
        do { got = recvmsg(fd, &message, 0); } while (got == -1 && errno == EINTR);
        if (got == -1) return -1;
        // netlink(7): anybody may send to a netlink socket; the kernel's port is 0.
        if (message.msg_namelen != sizeof sender || sender.nl_pid != 0) continue;
        if (message.msg_flags & MSG_TRUNC) { errno = EMSGSIZE; return -1; }
        int verdict = cbackground_scan_routes(buffer, (unsigned long)got, sequence, interface_is_up);
        if (verdict == 2) return 0;
        if (verdict != 0) return verdict;
    }
    errno = EOVERFLOW;
    return -1;
}

int cbackground_has_default_route(void) {
    for (unsigned int attempt = 1; attempt <= max_dumps; attempt++) {
        // A new socket for each dump: what is left of a disturbed one is gone with its socket.
        int fd = open_netlink(NETLINK_ROUTE, 0);
        if (fd == -1) return -1;
        struct timeval patience = {.tv_sec = 1};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        int verdict = dump_routes(fd, attempt);
        int cause = errno;
        close(fd);
        errno = cause;
        if (verdict != -1 || cause != EINTR) return verdict;
    }
    return -1;
}

int cbackground_open_route_events(void) {
    return open_netlink(
        NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
}

int cbackground_open_device_events(void) {
    // Group 1 is the kernel's own announcements; group 2 is udev's.
    return open_netlink(NETLINK_KOBJECT_UEVENT, 1);
}

int cbackground_is_device_event(const char *event, unsigned long length, const char *subsystem) {
    static const char key[] = "SUBSYSTEM=";
    size_t wanted = strlen(subsystem);
    while (length > 0) {
        size_t line = strnlen(event, length);
        if (line == sizeof key - 1 + wanted && memcmp(event, key, sizeof key - 1) == 0
            && memcmp(event + sizeof key - 1, subsystem, wanted) == 0)
            return 1;
        if (line + 1 >= length) return 0;
        event += line + 1;
        length -= line + 1;
    }
    return 0;
}

int cbackground_drain_events(int fd, const char *subsystem) {
    // lib/kobject_uevent.c: an event has at most 2 KiB of variables; a route message that does not fit counts anyway.
    char buffer[8192];
    int interesting = 0;
    // Bounded, so that a flood cannot keep us here: what is left makes the socket readable again.
    for (int datagrams = 0; datagrams < 256; datagrams++) {
        struct sockaddr_nl sender = {0};
        socklen_t length = sizeof sender;
        ssize_t got = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&sender, &length);
        if (got == -1) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) return interesting;
            // netlink(7): ENOBUFS says that messages were lost; the socket goes on.
            if (errno == ENOBUFS) { interesting = 1; continue; }
            return -1;
        }
        if (sender.nl_pid != 0) continue;
        if (!subsystem || cbackground_is_device_event(buffer, (unsigned long)got, subsystem)) interesting = 1;
    }
    return interesting;
}
#endif
