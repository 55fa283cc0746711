// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A service of an app that systemd waits to start again, or could not start: how its last process ended.
package struct FailingService: Hashable, Sendable {
    /// How a process ended (sigaction(2), `si_code` of SIGCHLD).
    package enum End: Hashable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)

        /// From the properties `ExecMainCode` and `ExecMainStatus`; nil: there was no process, or nobody knows.
        package init?(code: Int32?, status: Int32?) {
            guard let status else { return nil }
            switch code {
            case 1: self = .exited(status)
            case 2, 3: self = .killed(signal: status)
            default: return nil
            }
        }
    }

    package var name: String
    /// "exit-code", "signal", "timeout", "protocol", … (systemd.exec(5), `$SERVICE_RESULT`); nil: unknown.
    package var result: String?
    package var end: End?

    package init(name: String, result: String? = nil, end: End? = nil) {
        self.name = name
        self.result = result
        self.end = end
    }

    /// What systemd could not do, so that our program was never reached.
    package var refusal: ExecutorStatus? {
        if case .exited(let status) = end { ExecutorStatus(status) } else { nil }
    }

    /// In plain words; nil: systemd did not tell.
    package var cause: String? {
        if let refusal { return "\(refusal.failure) (\(refusal.number)/\(refusal.name))" }
        switch result {
        case "timeout": return "it did not say that it is ready, or did not stop, in time"
        case "protocol": return "it ended before it touched the scheduler"
        case "oom-kill": return "the kernel killed it for want of memory"
        case "start-limit-hit": return "it was started too often in a short time"
        case "resources": return "systemd lacked what it needs to start a process"
        default: break
        }
        switch end {
        case .exited(let status) where status != 0: return "the program ended with exit status \(status)"
        case .killed(let signal): return "the program was killed by signal \(signal)"
        default: return nil
        }
    }
}
