// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// A command that was started, with its output in a file.
///
/// Not Foundation's `Process`: that one takes a command for alive as long as anything that it left behind is, and booting
/// a host leaves a whole host behind.
final class ChildProcess: Sendable {
    let pid: pid_t
    private let output: String

    init(_ command: [String], environment: [String: String]) throws {
        output = NSTemporaryDirectory() + "/hosttests-\(UUID().uuidString)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var arguments = command.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, command[0], &actions, nil, &arguments, &variables)
        guard status == 0 else {
            throw TestHost.Failed(command: command, status: status, output: String(cString: strerror(status)))
        }
        self.pid = pid
    }

    /// Waits for its end; returns how it ended and what it wrote.
    @discardableResult
    func wait() -> (status: Int32, output: String) {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        defer { unlink(output) }
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        let signal = status & 0x7f
        return (signal == 0 ? (status >> 8) & 0xff : 128 + signal, text)
    }

    func terminate() { kill(pid, SIGTERM) }
}
