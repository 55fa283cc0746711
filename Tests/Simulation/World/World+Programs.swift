// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import CBackgroundFaultVFS
import Foundation
import SchedulingCore
import SchedulingRuntime
import SchedulingStore

/// The program: what its processes do, and what its handlers do.
extension World {
    var identifierNames: [String] { (0..<character.identifiers).map { "t\($0)" } }

    func openStore(pid: Int32) throws(SchedulingFailure) -> SchedulingStore {
        if pid != 1, isDead(pid) {
            throw SchedulingFailure(.misuse, doing: "open", subject: path, cause: "died", remedy: "None.")
        }
        return try SchedulingStore(
            directory: StateDirectory(path: path), machine: "simulated", boot: "boot-\(boot)", pid: pid,
            vfs: disk == nil ? nil : FAULTVFS_NAME, neighbours: pid == 1 ? nil : Ports(world: self, pid: pid))
    }

    private func makeProcess(_ role: SimulatedProcess.Role, _ launch: LaunchContext) -> SimulatedProcess? {
        guard processes.count < 8 || role == .launch("") else { return nil }
        nextPID += 1
        let pid = nextPID
        let ports = Ports(world: self, pid: pid)
        let environment = SchedulingEnvironment(
            appIdentifier: "org.example.simulated", time: ports, conditions: ports, host: ports, waker: ports,
            launch: launch,
            openStore: { [unowned self] () throws(SchedulingFailure) in try openStore(pid: pid) },
            processIdentifier: pid,
            executor: { [unowned self] _ in makeExecutor(pid) },
            background: { [unowned self] body in
                queue.append(Item(process: pid, what: .call("background") { body() }))
            },
            listenForStop: { [unowned self] onStop in
                self.process(pid)?.onStop = onStop
                return { [unowned self] in self.process(pid)?.onStop = nil }
            },
            log: { [unowned self] line in note("says: \(line)") })
        let configuration = BGTaskScheduler.Configuration(
            appIdentifier: "org.example.simulated", limits: character.hasAppleLimits ? .apple : .unlimited)
        let scheduler = BGTaskScheduler(configuration: configuration, environment: .success(environment))
        let process = SimulatedProcess(pid: pid, boot: boot, role: role, scheduler: scheduler)
        processes.append(process)
        for (index, name) in identifierNames.enumerated() {
            if !isCalm, random.chance(8) {
                process.unhandled.insert(name)
                continue
            }
            register(name, isAsync: index % 2 == 1, in: process)
        }
        return process
    }

    private func makeExecutor(_ pid: Int32) -> SimulatedExecutor {
        let executor = SimulatedExecutor(world: self, pid: pid)
        executors.append(executor)
        return executor
    }

    // MARK: Starting

    @discardableResult
    func startForeground() -> SimulatedProcess? {
        let process = makeProcess(.foreground, .ordinary)
        if let process { note("process \(process.pid) is started by a person") }
        return process
    }

    func startResident() {
        guard let process = makeProcess(.resident, .ordinary) else { return }
        note("process \(process.pid) is started, and stays")
        main(of: process) { scheduler in try await scheduler.run() }
    }

    func startLaunch(_ name: String) -> Int32? {
        counts.launches += 1
        guard let process = makeProcess(.launch(name), .background(instance: name)) else { return nil }
        note("process \(process.pid) is started as \(name)")
        main(of: process) { scheduler in _ = try await scheduler.handleBackgroundLaunch() }
        return process.pid
    }

    private func main(of process: SimulatedProcess, _ body: @escaping @Sendable (BGTaskScheduler) async throws -> Void)
    {
        let pid = process.pid
        let scheduler = process.scheduler
        Task(executorPreference: makeExecutor(pid)) { [unowned self] in
            do {
                try await body(scheduler)
                ended(pid, failed: false)
            } catch {
                ended(pid, failed: true)
            }
        }
    }

    private func ended(_ pid: Int32, failed: Bool) {
        guard !isDead(pid) else { return }
        // Outside of its own stack.
        queue.append(Item(process: 0, what: .call("exit") { [unowned self] in exit(pid, failed: failed) }))
    }

    // MARK: Submitting and cancelling

    /// Which identifiers recur is the world's character.
    private func recurrence(of name: String) -> Ledger.Recurrence? {
        guard character.recurs, let number = Int(name.dropFirst()), number % 4 >= 2 else { return nil }
        return number % 4 == 2 ? .every([900_000_000, 86_400_000_000][number / 4 % 2]) : .after(1_200_000_000)
    }

    func request(_ name: String, _ earliest: Int64?) -> BGTaskRequest {
        let number = Int(name.dropFirst()) ?? 0
        let request: BGTaskRequest
        if number % 3 == 0 {
            request = BGAppRefreshTaskRequest(identifier: name)
        } else {
            let processing = BGProcessingTaskRequest(identifier: name)
            processing.requiresExternalPower = number % 3 == 1 && number % 2 == 0
            processing.requiresNetworkConnectivity = number % 3 == 2
            request = processing
        }
        switch recurrence(of: name) {
        case .every(let interval)?: request.schedule = .every(.microseconds(interval))
        case .after(let delay)?: request.schedule = .after(.microseconds(delay))
        case nil: break
        }
        request.earliestBeginDate = earliest.map { Date(timeIntervalSince1970: Double($0) / 1_000_000) }
        return request
    }

    /// Submits in one call; the instants are those that were asked for, which a date may round up.
    func submit(_ wanted: [(name: String, earliest: Int64?)], in process: SimulatedProcess) {
        guard !process.isDead else { return }
        let known = wanted.filter { !process.unhandled.contains($0.name) }
        var requests: [BGTaskRequest] = []
        var intents: [Ledger.Intent] = []
        var seen: Set<String> = []
        for (name, date) in known where seen.insert(name).inserted {
            // The same schedule again without a date changes nothing of when it runs, and that is another rule.
            let earliest = recurrence(of: name) == nil ? date : date ?? clocks.wall
            let request = request(name, earliest)
            let asked = request.earliestBeginDate.map { Int64(($0.timeIntervalSince1970 * 1_000_000).rounded(.up)) }
            let instant = max(asked ?? clocks.wall, clocks.wall)
            requests.append(request)
            intents.append(
                Ledger.Intent(
                    process: process.pid,
                    what: .submit(identifier: name, instant: instant, recurs: recurrence(of: name))))
        }
        guard !requests.isEmpty else { return }
        note("\(process.pid) submits \(intents.map(\.what))")
        counts.submits += 1
        ledger.intents += intents
        let refusals = managerRefusals
        var result: Result<Void, any Error> = .success(())
        within(process) { result = Result { try process.scheduler.submit(contentsOf: requests) } }
        guard !process.isDead else { return }
        let mine = ledger.intents.filter { $0.process == process.pid && intents.map(\.what).contains($0.what) }
        switch result {
        case .success:
            if !mine.allSatisfy(\.isDone) || mine.count < intents.count {
                broke(
                    "a", "submit returned in \(process.pid), and \(mine.filter { !$0.isDone }.map(\.what)) is not there"
                )
            }
            // A runner of this process may have claimed it by now, or put it off.
            let names = requests.map(\.identifier)
            let due = ledger.rows.filter { !$0.isClaimed && names.contains($0.identifier) }.map(\.eligible).min()
            let wait = max(0, (due ?? .max) - clocks.wall)
            if refusals == managerRefusals, hostState == .up, due != nil, !mayBeLate, !hasWakeup(within: wait) {
                broke("a", "submit returned in \(process.pid), and nothing is armed for it")
            }
        case .failure(let error): note("submit: \(error)")
        }
        forget(intents)
    }

    private func forget(_ intents: [Ledger.Intent]) {
        for intent in intents {
            if let index = ledger.intents.firstIndex(where: { $0.process == intent.process && $0.what == intent.what })
            {
                ledger.intents.remove(at: index)
            }
        }
    }

    func with(_ what: Ledger.Intent.What, in process: SimulatedProcess, _ body: () -> Void) {
        let intent = Ledger.Intent(process: process.pid, what: what)
        ledger.intents.append(intent)
        within(process, body)
        if !process.isDead { forget([intent]) }
    }

    func cancel(_ name: String?, in process: SimulatedProcess) {
        note("\(process.pid) cancels \(name ?? "everything")")
        with(.cancel(identifier: name), in: process) {
            if let name {
                process.scheduler.cancel(taskRequestWithIdentifier: name)
            } else {
                process.scheduler.cancelAllTaskRequests()
            }
        }
    }

    // MARK: Handlers

    private func register(_ name: String, isAsync: Bool, in process: SimulatedProcess) {
        let pid = process.pid
        if isAsync {
            process.scheduler.register(forTaskWithIdentifier: name) { [unowned self] context in
                try await work(pid, context)
            }
        } else {
            process.scheduler.register(forTaskWithIdentifier: name, using: nil) { [unowned self] task in
                let plan = HandlerPlan(&random, isCalm: isCalm)
                let run = HandlerRun(occurrence: task.run.occurrence.id, identifier: name) { success in
                    task.setTaskCompleted(success: success)
                }
                if plan.hearsExpiration {
                    task.expirationHandler = { [unowned self] in expire(run, plan, pid, task.expirationReason) }
                }
                begin(run, plan, pid)
            }
        }
    }

    private func work(_ pid: Int32, _ context: BGTaskContext) async throws {
        let plan = HandlerPlan(&random, isCalm: isCalm)
        let name = context.identifier
        let box = ContinuationBox()
        let run = HandlerRun(occurrence: context.run.occurrence.id, identifier: name) { box.finish($0) }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                box.set(continuation)
                begin(run, plan, pid)
            }
        } onCancel: {
            if plan.hearsExpiration { expire(run, plan, pid, context.expirationReason) }
        }
    }

    private func begin(_ run: HandlerRun, _ plan: HandlerPlan, _ pid: Int32) {
        guard let process = process(pid), !process.isDead else { return }
        counts.handlers += 1
        note("\(pid) begins \(run.identifier)#\(run.occurrence): \(plan)")
        if let other = process.runs.first(where: { $0.identifier == run.identifier && !$0.isOver }) {
            broke("c", "\(run.identifier) begins in \(pid) while its run #\(other.occurrence) is not over there")
        }
        // Closed before it began is possible; held by another is not.
        if let row = ledger.rows.first(where: { $0.id == run.occurrence }), row.isClaimed, row.pid != pid {
            broke("c", "\(run.identifier) begins in \(pid) and is held by \(row.pid ?? 0)")
        }
        process.runs.append(run)
        if plan.cancelsItself { cancel(run.identifier, in: process) }
        if plan.submitsAtOnce { submit([(run.identifier, earliest())], in: process) }
        guard let duration = plan.duration else { return }
        if duration == 0 { return finish(run, plan.succeeds, pid) }
        clocks.add(process: pid, awake: clocks.awake + duration, what: "work") { [unowned self] in
            guard let process = self.process(pid), !run.isOver else { return }
            if plan.submitsAtTheEnd, !isCalm { submit([(run.identifier, earliest())], in: process) }
            finish(run, plan.succeeds, pid)
        }
    }

    private func expire(_ run: HandlerRun, _ plan: HandlerPlan, _ pid: Int32, _ reason: ExpirationReason?) {
        guard !isDead(pid), !run.isOver else { return }
        if let reason, Ledger.interruptions.contains(Int64(reason.rawValue)),
            ledger.rows.contains(where: { $0.id == run.occurrence && $0.pid == pid })
        {
            ledger.told.insert(run.occurrence)
        }
        note("\(pid) is told to stop \(run.identifier)#\(run.occurrence)")
        guard let reaction = plan.reaction else { return }
        if reaction == 0 { return finish(run, plan.succeedsWhenTold, pid) }
        clocks.add(process: pid, awake: clocks.awake + reaction, what: "stopping") { [unowned self] in
            finish(run, plan.succeedsWhenTold, pid)
        }
    }

    private func finish(_ run: HandlerRun, _ success: Bool, _ pid: Int32) {
        guard let process = process(pid), !process.isDead, !run.isOver else { return }
        note("\(pid) ends \(run.identifier)#\(run.occurrence): \(success)")
        run.isOver = true
        process.runs.removeAll { $0 === run }
        within(process) { run.complete(success) }
    }

    /// An instant that a request may ask for.
    func earliest() -> Int64? {
        guard !isCalm else { return nil }
        let second: Int64 = 1_000_000
        switch random.below(10) {
        case 0: return nil
        case 1: return clocks.wall - Int64(random.below(100)) * second
        case 2: return clocks.wall + Int64(random.below(1_000_000))
        case 3: return clocks.wall + Int64(random.below(60)) * 86_400 * second
        case 4, 5: return clocks.wall + Int64(random.below(86_400)) * second
        default: return clocks.wall + Int64(random.below(1200)) * second
        }
    }
}

/// What one handler is going to do.
struct HandlerPlan: Sendable, CustomStringConvertible {
    /// Nil: it never completes by itself.
    var duration: Int64?
    var succeeds = true
    var hearsExpiration = true
    /// How long it takes to complete when it is told to stop; nil: it goes on.
    var reaction: Int64? = 0
    var succeedsWhenTold = false
    var submitsAtOnce = false
    var submitsAtTheEnd = false
    var cancelsItself = false

    init(_ random: inout SeededRandom, isCalm: Bool) {
        if isCalm {
            duration = Int64(random.below(3)) * 1_000_000
            return
        }
        switch random.below(12) {
        case 0: duration = nil
        case 1: duration = Int64(random.below(1200)) * 1_000_000
        case 2, 3, 4: duration = 0
        default: duration = 1 + Int64(random.below(20_000_000))
        }
        succeeds = !random.chance(200)
        hearsExpiration = !random.chance(150)
        reaction = [0, 0, 0, 1_000_000, 3_000_000, 30_000_000, nil][random.below(7)]
        succeedsWhenTold = random.chance(200)
        submitsAtOnce = random.chance(150)
        submitsAtTheEnd = random.chance(200)
        cancelsItself = random.chance(20)
    }

    var description: String {
        "for \(duration.map(String.init) ?? "ever"), \(succeeds ? "succeeds" : "fails")"
            + (hearsExpiration ? ", stops after \(reaction.map(String.init) ?? "never")" : ", is deaf")
    }
}

/// The continuation of one async handler; it is resumed once.
private final class ContinuationBox: @unchecked Sendable {
    // Reason: as `World`.
    private var continuation: CheckedContinuation<Void, any Error>?
    private var result: Bool?

    func set(_ new: CheckedContinuation<Void, any Error>) {
        if let result { resume(new, result) } else { continuation = new }
    }

    func finish(_ success: Bool) {
        guard result == nil else { return }
        result = success
        if let waiting = continuation.take() { resume(waiting, success) }
    }

    private func resume(_ continuation: CheckedContinuation<Void, any Error>, _ success: Bool) {
        if success { continuation.resume() } else { continuation.resume(throwing: CancellationError()) }
    }
}
