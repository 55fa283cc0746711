// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import CBackgroundLinux
import Glibc

/// What one datagram of the kernel's answer tells, in Swift's terms: the C scan's door for tests.
package enum RouteScan: Hashable, Sendable {
    case found
    case readOn
    case end
    case failed(SystemError)

    package init(datagram: [UInt8], sequence: UInt32, isUp: @convention(c) (CInt) -> CInt) {
        let verdict = datagram.withUnsafeBytes { buffer in
            cbackground_scan_routes(buffer.baseAddress, UInt(buffer.count), sequence, isUp)
        }
        self =
            switch verdict {
            case 0: .readOn
            case 1: .found
            case 2: .end
            default: .failed(.current())
            }
    }

    /// Whether a kernel's device event is of the subsystem.
    package static func isDeviceEvent(_ event: [UInt8], of subsystem: String) -> Bool {
        event.withUnsafeBytes { buffer in
            cbackground_is_device_event(
                buffer.bindMemory(to: CChar.self).baseAddress, UInt(buffer.count), subsystem) == 1
        }
    }
}
#endif
