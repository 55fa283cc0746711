// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Synchronization
import Testing

/// Where closures of clients are called. Compiled in both language modes: `Tests/ClientCode/PlacesInSwift5` is this file too.
@Suite("Where a client's closures run")
struct PlacesTests {
    private let model = Model()

    @Test("a main-actor closure runs on the main actor, whether or not a queue is named", arguments: [false, true])
    func mainActorClosure(isQueueNamed: Bool) async throws {
        let test = try TestScheduler { [model] scheduler in
            let queue = isQueueNamed ? DispatchQueue(label: "elsewhere") : nil
            scheduler.register(forTaskWithIdentifier: "a", using: queue) { @MainActor task in model.handle(task) }
        }
        try await run("a", test)
        #expect(model.places == ["handler on main"])
    }

    @Test("a main-actor method given as the handler runs on the main actor")
    func mainActorMethod() async throws {
        let test = try TestScheduler { [model] scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil, launchHandler: model.handle)
        }
        try await run("a", test)
        #expect(model.places == ["handler on main"])
    }

    @Test("a closure of an actor's runs on that actor")
    func actorClosure() async throws {
        let carried = await Accountant(model).launchHandler()
        let test = try TestScheduler { scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil, launchHandler: carried.handler)
        }
        try await run("a", test)
        #expect(model.places == ["handler on the accountant"])
    }

    @Test("a closure of nobody's runs on the queue that was named, else in the background", arguments: [false, true])
    func plainClosure(isQueueNamed: Bool) async throws {
        let key = DispatchSpecificKey<Bool>()
        let queue = DispatchQueue(label: "named")
        queue.setSpecific(key: key, value: true)
        let test = try TestScheduler { [model] scheduler in
            let captured = [1, 2, 3]
            scheduler.register(forTaskWithIdentifier: "a", using: isQueueNamed ? queue : nil) { task in
                let isOnQueue = DispatchQueue.getSpecific(key: key) ?? false
                model.note("\(captured.count) \(isOnQueue) \(MainThread.isCurrent)")
                task.setTaskCompleted(success: true)
            }
        }
        try await run("a", test)
        #expect(model.places == ["3 \(isQueueNamed) false"])
    }

    @Test("a handler that went through the client's own protocol runs where the queue says")
    func throughSeam() async throws {
        let test = try TestScheduler { [model] scheduler in
            let seam: any RegisteringSeam = scheduler
            seam.register(forTaskWithIdentifier: "a", using: .main) { task in
                nonisolated(unsafe) let task = task
                MainActor.assumeIsolated { model.handle(task) }
            }
        }
        try await run("a", test)
        #expect(model.places == ["handler on main"])
    }

    @Test("an expiration handler set on the main actor runs there, and others in the background")
    func expiration() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let test = try TestScheduler { [model] scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil) { @MainActor task in
                task.expirationHandler = { model.end(task) }
                start.yield()
            }
            scheduler.register(forTaskWithIdentifier: "b", using: nil) { task in
                task.expirationHandler = {
                    model.note("expiration on main: \(MainThread.isCurrent)")
                    task.setTaskCompleted(success: false)
                }
                start.yield()
            }
        }
        var starts = started.makeAsyncIterator()
        for identifier in ["a", "b"] {
            try test.scheduler.submit(AppRefreshTaskRequest(identifier: identifier))
            try await test.advance(by: .zero, until: .launched)
            await starts.next()
            try await test.advance(by: .seconds(30), until: .launched)
            try await test.advance(by: .zero)
            #expect(try test.scheduler.history(for: identifier).map(\.outcome) == [.expired])
        }
        #expect(model.places == ["expiration on main", "expiration on main: false"])
    }

    @Test("the pending requests are given to a main-actor closure on the main actor")
    func pending() async throws {
        let test = try TestScheduler { scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil) { $0.setTaskCompleted(success: true) }
        }
        let request = AppRefreshTaskRequest(identifier: "a")
        request.earliestBeginDate = test.time.date.addingTimeInterval(3600)
        try test.scheduler.submit(request)
        await withCheckedContinuation { continuation in
            test.scheduler.getPendingTaskRequests { @MainActor [model] requests in
                model.note("\(requests.map(\.identifier)) \(MainThread.isCurrent)")
                continuation.resume()
            }
        }
        #expect(model.places == ["[\"a\"] true"])
    }

    private func run(_ identifier: String, _ test: TestScheduler) async throws {
        try test.scheduler.submit(AppRefreshTaskRequest(identifier: identifier))
        try await test.advance(by: .zero)
        #expect(try test.scheduler.history(for: identifier).map(\.outcome) == [.succeeded])
    }
}

/// The main actor's queue, told by a mark of the test's own: its thread is not always the first one.
private enum MainThread {
    private static let key = DispatchSpecificKey<Bool>()
    private static let mark: Void = DispatchQueue.main.setSpecific(key: key, value: true)

    static var isCurrent: Bool {
        mark
        return DispatchQueue.getSpecific(key: key) ?? false
    }
}

private final class Model: Sendable {
    private let noted = Mutex<[String]>([])

    var places: [String] { noted.withLock { $0 } }
    func note(_ place: String) { noted.withLock { $0.append(place) } }

    @MainActor
    func handle(_ task: BGTask) {
        note(MainThread.isCurrent ? "handler on main" : "handler elsewhere")
        task.setTaskCompleted(success: true)
    }

    @MainActor
    func end(_ task: BGTask) {
        note(MainThread.isCurrent ? "expiration on main" : "expiration elsewhere")
        task.setTaskCompleted(success: false)
    }
}

private final class QueueExecutor: SerialExecutor {
    let queue = DispatchQueue(label: "accountant")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}

private actor Accountant {
    /// A queue of its own: a test that blocked a thread of the shared pool until another of its threads had run could wait
    /// for ever on a machine with few cores.
    nonisolated let executor = QueueExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let model: Model
    private var calls = 0

    init(_ model: Model) { self.model = model }

    struct Carried: @unchecked Sendable {
        let handler: @isolated(any) (BGTask) -> Void
    }

    func launchHandler() -> Carried {
        Carried { task in
            self.preconditionIsolated()
            self.calls += 1
            self.model.note("handler on the accountant")
            task.setTaskCompleted(success: true)
        }
    }
}

private protocol RegisteringSeam {
    @discardableResult
    func register(
        forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
        launchHandler: @escaping (BGTask) -> Void
    ) -> Bool
}

extension TaskScheduler: RegisteringSeam {}
