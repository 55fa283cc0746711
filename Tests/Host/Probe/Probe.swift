// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSystemCalls
import Foundation
import Scheduling
import SchedulingRuntime

/// The program that the host tests drive: it submits, stays, is launched, and dies where it is told to.
///
/// In its state directory, `notes` is what its handlers did, a line each; a file `release` lets held runs end; `crash-at`
/// names the point at which the next process of it dies.
@main
struct Probe {
    let scheduler: TaskScheduler
    let directory: String

    static func main() async throws {
        let app = ProcessInfo.processInfo.environment["BACKGROUND_APP_ID"] ?? "org.example.probe"
        let home = ProcessInfo.processInfo.environment["HOME"] ?? "/root"
        let directory =
            ProcessInfo.processInfo.environment["BACKGROUND_STATE_DIRECTORY"] ?? home + "/.local/state/" + app
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var configuration = TaskScheduler.Configuration(appIdentifier: app, limits: .unlimited)
        configuration.recheckIntervals = [.seconds(2)]
        configuration.retryDelay = .seconds(1)
        configuration.watchdog = .seconds(12)
        configuration.budgets = Budgets(expirationGrace: .seconds(3))
        let probe = Probe(scheduler: TaskScheduler(configuration: configuration), directory: directory)
        try await probe.run(Array(CommandLine.arguments.dropFirst()))
    }

    func run(_ arguments: [String]) async throws {
        armCrash()
        let script = installFault()
        defer {
            if let script { tell(script.calls) }
        }
        // As a tool without handlers would: `bare COMMAND…`.
        let isBare = arguments.first == "bare"
        let arguments = isBare ? Array(arguments.dropFirst()) : arguments
        if !isBare { registerHandlers() }
        if wants("launch-ignored"), isLaunch { return }
        die(at: "launch-start")
        if try await scheduler.handleBackgroundLaunch() { return }
        switch arguments.first {
        case "submit": try submit(Array(arguments.dropFirst()))
        case "cancel": scheduler.cancel(taskRequestWithIdentifier: arguments[1])
        case "stay": try await scheduler.run()
        case "activity": try await perform(arguments[1])
        case "history": try printHistory(arguments.dropFirst().first)
        case "pending": for request in await scheduler.pendingTaskRequests() { print(request.identifier) }
        case "explain": print(try scheduler.explain(arguments[1]))
        case "backend": print(scheduler.backend)
        case "continue": try await continueUntilReleased()
        case "watch": await watch()
        case "tasks": for task in try scheduler.continuedTasks() { print(task) }
        case "launch": try scheduler.simulateLaunch(forTaskWithIdentifier: arguments[1])
        case "expire": try scheduler.simulateExpiration(forTaskWithIdentifier: arguments[1])
        default:
            print(
                "probe: submit ID SECONDS [power] [network] [unmetered] [unconstrained] [charged] [storage] [calm] [idle] | cancel ID | stay | history | pending | explain ID | backend"
                    + " | activity plain|expiring|scheduled"
            )
        }
    }

    private func submit(_ arguments: [String]) throws {
        let request = ProcessingTaskRequest(identifier: arguments[0])
        let seconds = Double(arguments[1]) ?? 0
        request.earliestBeginDate = seconds > 0 ? Date(timeIntervalSinceNow: seconds) : nil
        request.requiresExternalPower = arguments.contains("power")
        request.requiresNetworkConnectivity = arguments.contains("network")
        let others: [(String, Requirement)] = [
            ("unmetered", .unmeteredNetwork), ("unconstrained", .unconstrainedNetwork), ("charged", .batteryNotLow),
            ("storage", .storageNotLow), ("calm", .lowLoad), ("idle", .userIdle),
        ]
        request.requirements.formUnion(Requirement(others.filter { arguments.contains($0.0) }.map(\.1)))
        if let every = arguments.compactMap({ $0.wholeMatch(of: #/every=([0-9]+)/#)?.1 }).first.flatMap({ Int64($0) }) {
            request.schedule = .every(.seconds(every))
        }
        try scheduler.submit(request)
        print("submitted")
    }

    private func printHistory(_ identifier: String?) throws {
        for entry in try scheduler.history(for: identifier).reversed() {
            let reason = entry.reason.map { "\($0)" } ?? "-"
            print(
                [
                    entry.identifier ?? "-", "\(entry.outcome)", reason, "\(entry.attempt)",
                    "\(entry.scheduledDate?.timeIntervalSince1970 ?? 0)",
                    "\(entry.startDate?.timeIntervalSince1970 ?? 0)",
                ].joined(separator: "|"))
        }
    }

    /// What a window shows: what other processes of the app did, until a run has ended in one of them.
    private func watch() async {
        let events = scheduler.events
        note("watches")
        for await event in events where event.isElsewhere {
            note("saw: \(event)")
            if event.kind == .ended { return }
        }
    }

    /// What an app does when a person asks for an export.
    private func continueUntilReleased() async throws {
        try scheduler.submit(
            BGContinuedProcessingTaskRequest(identifier: "export", title: "Exporting", subtitle: "photos"))
        repeat { try await Eventually.pause() } while try !scheduler.continuedTasks().isEmpty
    }

    // MARK: Handlers

    private func registerHandlers() {
        for name in ["quick"] + (0..<20).map({ "bulk\($0)" }) {
            scheduler.register(forTaskWithIdentifier: name, using: nil) { task in
                note("\(task.identifier) ran")
                task.setTaskCompleted(success: true)
            }
        }
        scheduler.register(forTaskWithIdentifier: "hold") { context in
            note("hold started, attempt \(context.attempt)")
            do {
                while !wants("release") { try await Eventually.pause() }
                note("hold done")
            } catch {
                note("hold cut: \(context.expirationReason.map { "\($0)" } ?? "for nothing")")
                throw error
            }
        }
        scheduler.register(forTaskWithIdentifier: "export") { context in
            context.progress?.totalUnitCount = 2
            context.progress?.completedUnitCount = 1
            do {
                while !wants("release") { try await Eventually.pause() }
                note("export done")
            } catch {
                note("export cut: \(context.expirationReason.map { "\($0)" } ?? "for nothing")")
                throw error
            }
        }
        scheduler.register(forTaskWithIdentifier: "deaf", using: nil) { _ in note("deaf started") }
        scheduler.register(forTaskWithIdentifier: "suicidal", using: nil) { _ in
            note("suicidal started")
            kill(getpid(), SIGKILL)
        }
        scheduler.register(forTaskWithIdentifier: "repeating", using: nil) { task in
            note("repeating ran")
            let request = ProcessingTaskRequest(identifier: "repeating")
            request.earliestBeginDate = Date(timeIntervalSinceNow: 2)
            do { try scheduler.submit(request) } catch { note("repeating failed: \(error)") }
            task.setTaskCompleted(success: true)
        }
    }

    func note(_ line: String) {
        let text = "\(getpid()) \(line)\n"
        let descriptor = open(directory + "/notes", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        _ = text.withCString { write(descriptor, $0, strlen($0)) }
        close(descriptor)
    }

    func wants(_ file: String) -> Bool { access(directory + "/" + file, F_OK) == 0 }

    // MARK: Failing

    /// `$PROBE_FAULT`, or for the next launch the file `fault`, is "none", which records the system calls of this process, or
    /// the call that fails: its name, how many like it come before, the error, "once", "after" (its answer is lost) or "on" (the
    /// bus fails from then on), its subject.
    private func installFault() -> FaultScript? {
        var text = ProcessInfo.processInfo.environment["PROBE_FAULT"]
        if isLaunch {
            text = try? String(contentsOfFile: directory + "/fault", encoding: .utf8)
            unlink(directory + "/fault")
        }
        guard let text else { return nil }
        let words = text.split(separator: " ", maxSplits: 4).map(String.init)
        var fault: FaultScript.Fault?
        if words.count >= 4, let name = SystemCall(rawValue: words[0]), let number = Int(words[1]),
            let error = Int32(words[2])
        {
            let goesOn = words[3] == "on"
            let call = FaultScript.Call(name: name, subject: words.count > 4 ? words[4] : "")
            fault = .init(
                number: number, of: call, error: error, times: goesOn ? 1_000_000 : 1, afterEffect: words[3] == "after",
                isOfBus: goesOn)
        }
        let script = FaultScript(fault)
        script.install()
        return script
    }

    /// So that the next process can have one of them fail: printed, or in the file `calls` by a launch.
    private func tell(_ calls: [FaultScript.Call]) {
        let lines = calls.map { "call \($0.name) \($0.subject)\n" }.joined()
        if isLaunch {
            try? lines.write(toFile: directory + "/calls", atomically: true, encoding: .utf8)
        } else {
            print(lines)
        }
    }

    private var isLaunch: Bool { ProcessInfo.processInfo.environment["INVOCATION_ID"] != nil }

    // MARK: Dying

    /// Dies as by kill -9 at the named point, once; or is stopped there.
    private func armCrash() {
        let path = directory + "/crash-at"
        let stops = directory + "/stop-at"
        CrashPoint.handler = { point in
            if let wanted = try? String(contentsOfFile: stops, encoding: .utf8), wanted == point.rawValue {
                unlink(stops)
                // This very thread stops here; by kill(2) it might come a little further.
                raise(SIGSTOP)
            }
            guard let wanted = try? String(contentsOfFile: path, encoding: .utf8), wanted == point.rawValue else {
                return
            }
            unlink(path)
            kill(getpid(), SIGKILL)
        }
    }

    private func die(at point: String) {
        let path = directory + "/crash-at"
        guard let wanted = try? String(contentsOfFile: path, encoding: .utf8), wanted == point else { return }
        unlink(path)
        kill(getpid(), SIGKILL)
    }
}
