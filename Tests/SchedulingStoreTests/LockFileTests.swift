// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundStore
import Foundation
import Glibc
import Testing

@Suite("Locks of an opening")
struct LockFileTests {
    private let state: TemporaryState
    private var path: String { state.root + "/some.lock" }

    init() throws { state = try TemporaryState() }

    @Test("what is let go is free for the next, even while a child still has the descriptor")
    func child() throws {
        var child: pid_t = 0
        defer {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        do {
            let file = try LockFile(path)
            #expect(file.tryLock(0) && file.tryLock(5))
            let descriptor = try #require(
                (Int32(0)..<10_000).first { descriptor in
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) == path
                })
            // As between fork and exec: it is closed there only a moment later.
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
            let words = [strdup("sleep"), strdup("600"), nil]
            defer { for word in words { free(word) } }
            try #require(posix_spawn(&child, "/bin/sleep", &actions, nil, words, nil) == 0)
            let other = try LockFile(path)
            #expect(!other.tryLock(0) && !other.tryLock(5))
        }
        let next = try LockFile(path)
        #expect(next.tryLock(0) && next.tryLock(5))
        #expect(kill(child, 0) == 0)
    }
}
#endif
