// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import SchedulingRuntime
import Synchronization

/// The program that is killed: it submits, stays, and is launched, and writes down what it did.
///
/// Each identifier is submitted once in its life, so that everything can be accounted for by its name. `Director` starts
/// and kills its processes, `Watcher` looks on from outside, and `Account` compares at the end.
@main
struct Victim {
    static let app = "org.example.victim"
    static let state = NSHomeDirectory() + "/.local/state/" + app

    static func main() async throws {
        let trace = try Trace(NSHomeDirectory() + "/trace")
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "direct": return try Director(trace, kills: Int(arguments[1])!, seed: UInt64(arguments[2])!).run()
        case "watch": return try watch(trace)
        case "account": exit(try Account(trace).report() ? 0 : 1)
        default: try await Victim(trace: trace).run(arguments)
        }
    }

    let trace: Trace
    let scheduler: TaskScheduler

    init(trace: Trace) {
        self.trace = trace
        var configuration = TaskScheduler.Configuration(
            appIdentifier: Victim.app, limits: .unlimited, maximumAttempts: 1_000)
        configuration.retryDelay = .seconds(1)
        configuration.watchdog = .seconds(12)
        configuration.budgets = Budgets(expirationGrace: .seconds(2))
        scheduler = TaskScheduler(configuration: configuration)
    }

    func run(_ arguments: [String]) async throws {
        registerHandlers()
        if try await scheduler.handleBackgroundLaunch() { return }
        switch arguments.first {
        case "submit": try submit(Array(arguments.dropFirst()))
        case "stay": try await scheduler.run()
        default: print("victim: submit FROM COUNT SEED | stay | direct KILLS SEED | watch | account")
        }
    }

    static func identifier(_ number: Int) -> String { "work\(number)" }
    static func number(_ identifier: some StringProtocol) -> Int? { Int(identifier.dropFirst(4)) }

    /// What `submit` said is written down only after it returned.
    private func submit(_ arguments: [String]) throws {
        var random = Seeded(UInt64(arguments[2])!)
        for number in Int(arguments[0])!..<(Int(arguments[0])! + Int(arguments[1])!) {
            let request = ProcessingTaskRequest(identifier: Victim.identifier(number))
            let delay = Bool.random(using: &random) ? 0 : Double.random(in: 0..<3, using: &random)
            request.earliestBeginDate = delay > 0 ? Date(timeIntervalSinceNow: delay) : nil
            trace.note("tried", "\(number)")
            try scheduler.submit(request)
            trace.note("acknowledged", "\(number)")
        }
    }

    private func registerHandlers() {
        // More than was submitted yet: a launch that is under way meets what others submit meanwhile.
        let last = 500 + (Int((try? String(contentsOfFile: trace.directory + "/next", encoding: .utf8)) ?? "") ?? 0)
        let trace = trace
        let mine = Holdings()
        for number in 0..<last {
            scheduler.register(forTaskWithIdentifier: Victim.identifier(number)) { context in
                let who = "\(number) \(getpid()) \(Trace.boot) \(Eventually.uptime)"
                guard mine.take(number), trace.hold(number) else {
                    return trace.note("violations", "held twice: \(who)")
                }
                defer {
                    trace.release(number)
                    mine.leave(number)
                }
                trace.note("runs", "start \(who) \(context.attempt)")
                // A quarter is over at once; the others last long enough to be met by a death.
                if number % 4 != 0 { try await Eventually.work(milliseconds: number * 7_919 % 700) }
                trace.note("runs", "end \(who) \(context.attempt)")
            }
        }
    }
}

/// What handlers of this process hold: locks of one opening do not exclude each other.
private final class Holdings: Sendable {
    private let numbers = Mutex<Set<Int>>([])
    func take(_ number: Int) -> Bool { numbers.withLock { $0.insert(number).inserted } }
    func leave(_ number: Int) { numbers.withLock { _ = $0.remove(number) } }
}
