// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Dispatch
import SchedulingCore
import Synchronization

/// Shows the progress of continued tasks through `org.freedesktop.Notifications` (Desktop Notifications Specification,
/// "Notify"), in a session that has such a service.
///
/// Everything happens on a queue of its own. The first failure is the last try: a server or a container has no desktop.
package final class DesktopNotifications: ProgressPresenter {
    /// Used on `queue` only, guarded all the same.
    private struct State: ~Copyable {
        var bus: Bus?
        var isUseless = false
        /// The desktop's numbers of what is shown, by ours.
        var shown: [Int64: UInt32] = [:]
    }
    private let state: Mutex<State>
    private let appIdentifier: String
    private let queue = DispatchQueue(label: "background.notifications")

    /// `environment` tells whether there is a graphical session at all.
    package init(appIdentifier: String, environment: [String: String]) {
        self.appIdentifier = appIdentifier
        let hasDesktop = environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil
        state = Mutex(State(isUseless: !hasDesktop))
    }

    package func show(_ progress: ContinuedProgress, number: Int64) {
        queue.async { self.call { state in try self.notify(progress, number, &state) } }
    }

    package func remove(number: Int64) {
        queue.async {
            self.call { state in
                guard let shown = state.shown.removeValue(forKey: number) else { return }
                _ = try state.bus?.call(
                    Self.service, Self.path, Self.service, "CloseNotification", [.uint32(shown)], timeout: .seconds(1))
            }
        }
    }

    private static let service = "org.freedesktop.Notifications"
    private static let path = "/org/freedesktop/Notifications"

    private func notify(_ progress: ContinuedProgress, _ number: Int64, _ state: inout State) throws {
        if state.bus == nil { state.bus = try Bus(.userBus, trusted: nil, timeout: .seconds(1)) }
        var hints: [BusValue] = [
            .entry(.string("resident"), .variant(.bool(true)))
        ]
        if let fraction = progress.fractionCompleted {
            hints.append(.entry(.string("value"), .variant(.int32(Int32(fraction * 100)))))
        }
        let reply = try state.bus?.call(
            Self.service, Self.path, Self.service, "Notify",
            [
                .string(appIdentifier), .uint32(state.shown[number] ?? 0), .string(""), .string(progress.title),
                .string(progress.subtitle), .array(of: "s", []), .array(of: "{sv}", hints), .int32(0),
            ], timeout: .seconds(1))
        if case .uint32(let shown) = reply?.first { state.shown[number] = shown }
    }

    private func call(_ body: (inout State) throws -> Void) {
        state.withLock { state in
            guard !state.isUseless else { return }
            do { try body(&state) } catch { state.isUseless = true }
        }
    }
}

#endif
