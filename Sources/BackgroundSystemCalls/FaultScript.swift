// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Synchronization

/// What a test makes of the system calls of a piece of code: it records them, and has one of them fail.
package final class FaultScript: Sendable {
    /// One call that was made.
    package struct Call: Hashable, Sendable {
        package var name: SystemCall
        package var subject: String

        package init(name: SystemCall, subject: String) {
            self.name = name
            self.subject = subject
        }
    }

    /// What goes wrong.
    package struct Fault: Hashable, Sendable {
        /// Which call, counted from 0; among those like `call` only, where that is given.
        package var number: Int
        package var call: Call?
        /// The errno it fails with.
        package var error: Int32
        /// How often in a row.
        package var times: Int
        /// The call has its effect, and only its answer is lost.
        package var afterEffect: Bool
        /// Calls into the kernel are spared.
        package var isOfBus: Bool

        package init(
            number: Int, of call: Call? = nil, error: Int32, times: Int = 1, afterEffect: Bool = false,
            isOfBus: Bool = false
        ) {
            self.number = number
            self.call = call
            self.error = error
            self.times = times
            self.afterEffect = afterEffect
            self.isOfBus = isOfBus
        }
    }

    /// Guarded by `state`.
    private struct State {
        var calls: [Call] = []
        /// The first that failed.
        var first: Int?
        var open: [Int32: SystemCall] = [:]
    }
    private let state = Mutex(State())
    private let fault: Fault?

    package init(_ fault: Fault? = nil) { self.fault = fault }

    /// Every call so far.
    package var calls: [Call] { state.withLock(\.calls) }
    /// Descriptors that were opened and not closed again, each with the call that made it.
    package var openDescriptors: [Int32: SystemCall] { state.withLock(\.open) }

    // MARK: Where it holds

    @TaskLocal private static var ofTheTask: FaultScript?
    private static let ofTheProcess = Mutex<FaultScript?>(nil)
    private static let used = Atomic(false)

    /// False in every program but tests.
    static var isInUse: Bool { used.load(ordering: .relaxed) }
    static var current: FaultScript? { ofTheTask ?? ofTheProcess.withLock(\.self) }

    /// Lets this script hold for what `body` does on this thread.
    package func during<Result>(_ body: () throws -> Result) rethrows -> Result {
        FaultScript.used.store(true, ordering: .relaxed)
        return try FaultScript.$ofTheTask.withValue(self) { try body() }
    }

    /// Lets this script hold for the whole process.
    package func install() {
        FaultScript.ofTheProcess.withLock { $0 = self }
        FaultScript.used.store(true, ordering: .relaxed)
    }

    // MARK: Performing

    func perform<Result: FixedWidthInteger & SignedInteger>(
        _ name: SystemCall, _ subject: String, _ body: () -> Result
    ) -> Result {
        if fails(name, subject) {
            if fault?.afterEffect == true { _ = body() }
            errno = fault?.error ?? EIO
            return -1
        }
        let result = body()
        let error = errno
        if name == .open || name == .inotifyInit, result >= 0, let descriptor = Int32(exactly: result) {
            state.withLock { $0.open[descriptor] = name }
        }
        errno = error
        return result
    }

    func close(_ descriptor: Int32, _ body: () -> Int32) {
        // It is closed whatever it reports.
        _ = fails(.close, "\(descriptor)")
        state.withLock { $0.open[descriptor] = nil }
        _ = body()
    }

    private func fails(_ name: SystemCall, _ subject: String) -> Bool {
        state.withLock { state in
            let (call, number) = (Call(name: name, subject: subject), state.calls.count)
            state.calls.append(call)
            guard let fault else { return false }
            if state.first == nil, fault.call == nil || fault.call == call {
                let like = fault.call == nil ? number : state.calls.count { $0 == call } - 1
                if like == fault.number { state.first = number }
            }
            guard let first = state.first, !fault.isOfBus || name.rawValue.hasPrefix("bus") else { return false }
            return number - first < fault.times
        }
    }
}
