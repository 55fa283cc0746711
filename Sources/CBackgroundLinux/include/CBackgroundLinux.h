// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// What Swift's Glibc module does not show: each line with its reason.
#pragma once
#ifdef __linux__

// `fcntl` is variadic and the OFD commands are hidden behind _GNU_SOURCE (fcntl_locking(2), "Open file
// description locks"). Each returns 0, or -1 with errno; none waits: EAGAIN or EACCES says that somebody else holds it.
int cbackground_ofd_lock(int fd, long long start, long long length);
int cbackground_ofd_unlock(int fd, long long start, long long length);
// Waits until nobody else holds it (F_OFD_SETLKW), through signals; only for a thread that has nothing else to do.
int cbackground_ofd_wait(int fd, long long start, long long length);
// 1: somebody else holds a conflicting lock; 0: nobody; -1: errno.
int cbackground_ofd_is_locked(int fd, long long start, long long length);

// `statfs` is not imported: the f_type of the file system that holds an open file, or -1 with errno (statfs(2)).
long cbackground_filesystem_type(int fd);

// fallocate(2), copy_file_range(2) and renameat2(2) are hidden behind _GNU_SOURCE, and FICLONE is a macro with a size in it
// (ioctl_ficlone(2)). Each returns -1 with errno.
//
// Reserves the disk's space up to this length, and leaves the file's length as it is (FALLOC_FL_KEEP_SIZE); in a file
// system in memory it is only looked whether there is so much. EFBIG if the whole file system is smaller.
int cbackground_reserve(int fd, long long length);
// What was written begins its way to the disk; nothing is waited for, and nothing promised (sync_file_range(2)).
void cbackground_send_ahead(int fd);
// Whether the file could become so long: 0, or -1 with ENOSPC, EFBIG or another error (statfs(2)).
int cbackground_look_for_room(int fd, long long length);
// The target shares the source's blocks until one of them is written.
int cbackground_clone_file(int target, int source);
// Copies from one position to the other within the kernel; returns how many bytes, 0 at the end.
long cbackground_copy_range(int source, int target, unsigned long length);
// Gives a file a name that nobody has: EEXIST if somebody has it (RENAME_NOREPLACE).
int cbackground_rename_new(const char *from, const char *to);

// <sys/timerfd.h> and <sys/eventfd.h> are not in Swift's Glibc module.
//
// A timer on a clock, which is not set; non-blocking and close-on-exec, -1 with errno (timerfd_create(2)).
int cbackground_open_timer(int clock);
// Sets it to an absolute instant of its clock, in microseconds; 0 unsets it. 0, or -1 with errno.
int cbackground_set_timer(int fd, long long microseconds);
// A counter that is readable once it was written to; non-blocking and close-on-exec, -1 with errno (eventfd(2)).
int cbackground_open_counter(void);
// Adds one to it. 0, or -1 with errno.
int cbackground_count(int fd);
// Takes away what a counter or a timer has counted; -1 with errno, EAGAIN if that is nothing.
long long cbackground_take_count(int fd);

// Netlink is reached through casts and macros over packed messages (netlink(3)), and <linux/netlink.h> and
// <linux/rtnetlink.h> are not in Swift's Glibc module.
//
// Whether a default route leaves this machine: a unicast route of the main table, IPv4 or IPv6, over an interface that is
// up (rtnetlink(7), RTM_GETROUTE). 1: yes; 0: no; -1: nobody can tell, with errno.
int cbackground_has_default_route(void);

// One datagram of the answer. `is_up` says whether an interface is up and leads off this machine. 1: it has a default
// route; 0: read on; 2: the end; -1: errno (EPROTO: the message is malformed; EINTR: the table changed meanwhile, ask
// again).
int cbackground_scan_routes(
    const void *datagram, unsigned long length, unsigned int sequence, int (*is_up)(int interface));

// A socket that becomes readable when a link, an address or a route changes (rtnetlink(7)), or when the kernel announces
// a change of a device (netlink(7), NETLINK_KOBJECT_UEVENT). Non-blocking and close-on-exec; -1 with errno.
int cbackground_open_route_events(void);
int cbackground_open_device_events(void);

// Reads everything that waits on such a socket. 1: something of interest was among it, or was lost (ENOBUFS); 0: nothing;
// -1: the socket is of no more use, errno. With a `subsystem`, only the kernel's own events of that subsystem count.
int cbackground_drain_events(int fd, const char *subsystem);

// Whether one device event, as the kernel words it, is of the subsystem: 1 or 0.
int cbackground_is_device_event(const char *event, unsigned long length, const char *subsystem);

// timerfd_create(2) is not in Swift's Glibc module. A descriptor that becomes readable when the wall clock is set
// (TFD_TIMER_CANCEL_ON_SET), non-blocking and close-on-exec; -1 with errno.
int cbackground_open_clock_settings(void);
// Reads it and makes it ready for the next time. 1: the clock was set; 0: it was not; -1: errno.
int cbackground_drain_clock_settings(int fd);

#endif
