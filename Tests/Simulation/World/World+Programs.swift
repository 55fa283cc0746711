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
        let store = try SchedulingStore(
            directory: StateDirectory(path: path), machine: "simulated", boot: "boot-\(boot)", pid: pid,
            planner: SchedulePlanner(hostSeed: seed, zones: Ports(world: self, pid: pid)),
            vfs: disk == nil ? nil : FAULTVFS_NAME, lockPatience: .zero,
            neighbours: pid == 1 ? nil : Ports(world: self, pid: pid))
        return store
    }

    private func makeProcess(_ role: SimulatedProcess.Role, _ launch: LaunchContext) -> SimulatedProcess? {
        guard processes.count < 8 || role == .launch("") else { return nil }
        nextPID += 1
        let pid = nextPID
        let ports = Ports(world: self, pid: pid)
        let environment = SchedulingEnvironment(
            appIdentifier: "org.example.simulated", time: ports, conditions: ports, host: ports, waker: ports,
            launch: launch, zones: ports, planner: SchedulePlanner(hostSeed: seed, zones: ports),
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

    /// What a submission is to ask for: the same schedule as before, something new beyond Apple's, or neither.
    private func wish(_ name: String, _ date: Int64?) -> Wish {
        defer { nextWish += 1 }
        var wish = Wish(number: nextWish, identifier: name, date: date, start: clocks.wall)
        if let date {
            // A date may round it up.
            let asked = Date(timeIntervalSince1970: Double(date) / 1_000_000).timeIntervalSince1970
            wish.start = max(Int64((asked * 1_000_000).rounded(.up)), clocks.wall)
        }
        guard !isCalm, character.terms > 0 else { return wish }
        if let known = schedules[name], random.chance(300) {
            wish = known
            (wish.number, wish.start, wish.date) = (nextWish, clocks.wall, nil)
            wish.overlap = [.queue, .skip, .replace][random.below(3)]
        } else if random.chance(character.terms) {
            wish.embellish(&random, others: identifierNames.filter { $0 != name })
            if wish.schedule != nil { schedules[name] = wish }
        }
        return wish
    }

    /// Submits in one call.
    func submit(_ wanted: [(name: String, earliest: Int64?)], in process: SimulatedProcess) {
        guard !process.isDead else { return }
        var wishes: [Wish] = []
        for (name, date) in wanted
        where !process.unhandled.contains(name) && !wishes.contains(where: { $0.identifier == name }) {
            wishes.append(wish(name, date))
        }
        guard !wishes.isEmpty else { return }
        let requests = wishes.map(request)
        note("\(process.pid) submits \(wishes)")
        counts.submits += 1
        let waiting = Set(ledger.rows.filter { !$0.begun }.map(\.identifier))
        ledger.intents += wishes.map { Ledger.Intent(process: process.pid, what: .submit($0)) }
        let refusals = managerRefusals
        let meanwhile = counts.interjections
        var result: Result<Void, any Error> = .success(())
        within(process) { result = Result { try process.scheduler.submit(contentsOf: requests) } }
        guard !process.isDead else { return }
        // Who is in the middle of a commit shows it when it is done.
        if hasToLook, processes.allSatisfy({ $0.depth == 0 }) { look(by: 0) }
        let numbers = Set(wishes.map(\.number))
        let mine = ledger.intents.filter { $0.wish.map { numbers.contains($0.number) } ?? false }
        switch result {
        case .success:
            // One that was to leave what is pending alone did.
            let lost = mine.filter { intent in
                guard let wish = intent.wish, !intent.isDone else { return false }
                let isLeft = waiting.contains(wish.identifier) || counts.interjections > meanwhile
                return wish.conflict != .keep || !isLeft
            }
            if !lost.isEmpty || mine.count < wishes.count {
                broke("a", "submit returned in \(process.pid), and \(lost.map(\.what)) is not there")
            }
            checkArmed(for: process, wishes, since: refusals)
        case .failure(let error): note("submit: \(error)")
        }
        ledger.intents.removeAll { $0.wish.map { numbers.contains($0.number) } ?? false }
    }

    /// A runner of this process may have claimed it by now, or put it off.
    private func checkArmed(for process: SimulatedProcess, _ wishes: [Wish], since refusals: Int) {
        // What follows another waits for that one, and relies on its wake-up.
        let names = wishes.filter { $0.follows == nil }.map(\.identifier)
        let due = ledger.rows.filter { $0.state == 0 && names.contains($0.identifier) }.map(\.eligible).min()
        let wait = max(0, (due ?? .max) - clocks.wall)
        if refusals == managerRefusals, hostState == .up, due != nil, !mayBeLate, !hasWakeup(within: wait) {
            broke("a", "submit returned in \(process.pid), and nothing is armed for it")
        }
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
                let run = HandlerRun(occurrence: task.run.occurrence.id, identifier: name) { end in
                    if case .retry(let delay) = end { return task.retry(after: .microseconds(delay)) }
                    task.setTaskCompleted(success: end == .success)
                }
                checkInput(try? task.input(as: Int.self), of: run)
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
        checkInput(try? context.input(as: Int.self), of: run)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                box.set(continuation)
                begin(run, plan, pid)
            }
        } onCancel: {
            if plan.hearsExpiration { expire(run, plan, pid, context.expirationReason) }
        }
    }

    /// What was submitted when it was claimed is what the handler gets.
    private func checkInput(_ input: Int?, of run: HandlerRun) {
        guard let row = ledger.rows.first(where: { $0.id == run.occurrence }), row.isClaimed else { return }
        let expected = ledger.begunWith[row.id].flatMap { $0.isPlain ? nil : $0.number }
        if input != expected {
            broke("b", "\(ledger.describe(row)) was given \(input ?? 0) instead of \(expected ?? 0)")
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
        if duration == 0 { return finish(run, plan.end, pid) }
        clocks.add(process: pid, awake: clocks.awake + duration, what: "work") { [unowned self] in
            guard let process = self.process(pid), !run.isOver else { return }
            if plan.submitsAtTheEnd, !isCalm { submit([(run.identifier, earliest())], in: process) }
            finish(run, plan.end, pid)
        }
    }

    private func expire(_ run: HandlerRun, _ plan: HandlerPlan, _ pid: Int32, _ reason: ExpirationReason?) {
        guard !isDead(pid), !run.isOver else { return }
        if let reason, Ledger.Reason.interruptions.contains(Int64(reason.rawValue)),
            ledger.rows.contains(where: { $0.id == run.occurrence && $0.pid == pid })
        {
            ledger.told.insert(run.occurrence)
        }
        note("\(pid) is told to stop \(run.identifier)#\(run.occurrence)")
        guard let reaction = plan.reaction else { return }
        if reaction == 0 { return finish(run, plan.endWhenTold, pid) }
        clocks.add(process: pid, awake: clocks.awake + reaction, what: "stopping") { [unowned self] in
            finish(run, plan.endWhenTold, pid)
        }
    }

    private func finish(_ run: HandlerRun, _ end: HandlerRun.End, _ pid: Int32) {
        guard let process = process(pid), !process.isDead, !run.isOver else { return }
        note("\(pid) ends \(run.identifier)#\(run.occurrence): \(end)")
        run.isOver = true
        process.runs.removeAll { $0 === run }
        if case .retry(let delay) = end, ledger.rows.contains(where: { $0.id == run.occurrence && $0.pid == pid }) {
            ledger.asked[run.occurrence] = delay
        }
        within(process) { run.complete(end) }
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
