// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingRuntime
import SchedulingTesting
import Testing

@Suite("Continued processing, and the debugger's commands")
struct ContinuedTests {
    let time = ManualTime()
    let diary = Diary()

    func export(_ identifier: String = "export") -> BGContinuedProcessingTaskRequest {
        BGContinuedProcessingTaskRequest(identifier: identifier, title: "Exporting", subtitle: "photos")
    }

    @Test("a continued task runs at once in the submitting process, and everybody sees how far it is")
    func runs() async throws {
        let test = try TestScheduler(time: time) { [time] scheduler in
            scheduler.register(forTaskWithIdentifier: "export") { context in
                context.progress?.totalUnitCount = 4
                for done in 1...4 {
                    try await time.sleep(for: .seconds(10))
                    context.progress?.completedUnitCount = Int64(done)
                    context.updateTitle("Exporting", subtitle: "photo \(done)")
                }
            }
        }
        try test.scheduler.submit(export())
        try await test.advance(by: .seconds(25))
        let shown = try #require(try test.scheduler.continuedTasks().first)
        #expect(shown.fractionCompleted == 0.5)
        #expect(shown.description == "Exporting: 50 % (photo 2)")
        #expect(test.status == "Exporting: 50 % (photo 2)")
        #expect(test.holdsLocks)
        #expect(test.wakeups.isEmpty, "it is nothing that systemd starts")
        try await test.advance(by: .seconds(25))
        #expect(try test.scheduler.continuedTasks().isEmpty)
        #expect(try test.scheduler.outcomes("export") == [.succeeded])
        #expect(!test.holdsLocks)
    }

    @Test("in Apple's form it is a BGContinuedProcessingTask with a progress and changing titles")
    func applesForm() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "export", using: nil) { task in
                guard let task = task as? BGContinuedProcessingTask else { return }
                task.progress.totalUnitCount = 1
                task.updateTitle("Done", subtitle: "soon")
                diary.note("\(task.title), \(task.subtitle)")
                task.progress.completedUnitCount = 5
                task.setTaskCompleted(success: true)
                task.updateTitle("too", subtitle: "late")
                diary.note("\(task.title), \(task.subtitle)")
            }
        }
        try test.scheduler.submit(export())
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["Done, soon", "Done, soon"])
    }

    @Test("a person's cancellation reaches the progress and the expiration handler, from another process too")
    func cancelled() async throws {
        let test = try TestScheduler(time: time) { [time, diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "export") { context in
                do { try await time.sleep(for: .seconds(100)) } catch {
                    diary.note("\(context.expirationReason!) \(context.progress!.isCancelled)")
                    throw error
                }
            }
        }
        try test.scheduler.submit(export())
        try await test.advance(by: .seconds(5))
        test.scheduler.cancel(taskRequestWithIdentifier: "export")
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["it was cancelled true"])
        #expect(try test.scheduler.outcomes("export") == [.cancelled])
    }

    @Test("one that makes no progress is expired")
    func stalled() async throws {
        let test = try TestScheduler(time: time) { [time] scheduler in
            scheduler.register(forTaskWithIdentifier: "export") { _ in try await time.sleep(for: .seconds(10_000)) }
        }
        try test.scheduler.submit(export())
        try await test.advance(by: .seconds(299))
        #expect(try test.scheduler.outcomes("export").isEmpty)
        try await test.advance(by: .seconds(2))
        let entry = try #require(try test.scheduler.history(for: "export").first)
        #expect(entry.outcome == .expired && entry.reason == .stalled)
    }

    @Test("strategy .fail throws immediateRunIneligible when there is no place, .queue waits and is pending meanwhile")
    func strategies() async throws {
        let test = try TestScheduler(time: time) { [time] scheduler in
            for name in ["a", "b", "c", "d", "e"] {
                scheduler.register(forTaskWithIdentifier: name) { _ in try await time.sleep(for: .seconds(20)) }
            }
        }
        for name in ["a", "b", "c"] { try test.scheduler.submit(export(name)) }
        let failing = export("d")
        failing.strategy = .fail
        #expect {
            try test.scheduler.submit(failing)
        } throws: {
            ($0 as? TaskScheduler.Error)?.code == .immediateRunIneligible
        }
        try test.scheduler.submit(export("e"))
        #expect(await test.scheduler.pendingTaskRequests().map(\.identifier) == ["e"])
        try await test.advance(by: .seconds(60))
        #expect(try test.scheduler.outcomes("e") == [.succeeded])
    }

    @Test("a graphics processor is not offered, and requiring one is refused")
    func resources() throws {
        let test = try TestScheduler(time: time) { $0.register(forTaskWithIdentifier: "export") { _ in } }
        #expect(TaskScheduler.supportedResources.isEmpty)
        let request = export()
        request.requiredResources = .gpu
        #expect(throws: TaskScheduler.Error.self) { try test.scheduler.submit(request) }
    }

    @Test("a wildcard's handler serves the identifiers behind it that have none of their own")
    func wildcardHandler() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "org.example.test.export.*") { diary.note($0.identifier) }
            scheduler.register(forTaskWithIdentifier: "org.example.test.export.own") { _ in diary.note("own") }
        }
        try test.scheduler.submit(export("org.example.test.export.HD830D"))
        try await test.advance(by: .zero)
        try test.scheduler.submit(export("org.example.test.export.own"))
        try await test.advance(by: .zero)
        #expect(diary.all == ["org.example.test.export.HD830D", "own"])
    }

    @Test("a process that dies takes its continued task along, and the next one says so")
    func dies() async throws {
        let test = try TestScheduler(time: time) { [time] scheduler in
            scheduler.register(forTaskWithIdentifier: "export") { _ in try await time.sleep(for: .seconds(50)) }
            scheduler.register(forTaskWithIdentifier: "refresh") { _ in }
        }
        try test.scheduler.submit(export())
        try await test.advance(by: .seconds(5))
        test.crash()
        #expect(try test.scheduler.continuedTasks().isEmpty)
        try test.scheduler.submitRefresh("refresh", now: time)
        try await test.advance(by: .seconds(5))
        #expect(try test.scheduler.outcomes("export") == [.abandoned])
    }

    @Test("permissions: listed as it is, or behind a well-formed wildcard for continued tasks; modes are asked for")
    func permissions() {
        let some = Permissions(
            identifiers: ["a.refresh", "a.export.*", "*", "a.*.b", "a..*", "b.export.*", "a.*"], modes: ["fetch"],
            appIdentifier: "a")
        #expect(some.refusal("a.refresh", .refresh) == nil)
        #expect(some.refusal("a.refresh", .processing)?.contains("UIBackgroundModes") == true)
        #expect(some.refusal("a.other", .refresh) != nil)
        #expect(some.refusal("a.export.HD830D", .continued) == nil)
        #expect(some.refusal("a.export.HD830D", .refresh) != nil)
        #expect(some.refusal("a.export.", .continued) != nil)
        #expect(some.refusal("b.export.x", .continued) != nil)
        #expect(some.permitsHandler("a.export.*"))
        #expect(some.warnings.count == 5)
        #expect(Permissions.everything.refusal("anything", .refresh) == nil)
    }

    @Test("simulateLaunch runs a pending request now, in the process that has its handler, whatever its conditions")
    func simulatesALaunch() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in diary.note("ran") }
        }
        #expect(throws: SchedulingFailure.self) {
            try test.scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        }
        test.power = .battery
        try test.scheduler.submitProcessing("a", in: 86_400, power: true, now: time)
        try test.scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        try await test.advance(by: .zero)
        #expect(diary.all == ["ran"])
        #expect(test.launchCount == 0)
        #expect(test.wakeups.isEmpty)
    }

    @Test("simulateExpiration tells a run to stop, also from another process")
    func simulatesAnExpiration() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { context in
                do { try await time.sleep(for: .seconds(20)) } catch {
                    diary.note("\(context.expirationReason!)")
                    throw error
                }
            }
        }
        #expect(throws: SchedulingFailure.self) {
            try test.scheduler.simulateExpiration(forTaskWithIdentifier: "a")
        }
        try test.scheduler.submitRefresh("a", now: time)
        try await test.advance(by: .seconds(5))
        try test.scheduler.simulateExpiration(forTaskWithIdentifier: "a")
        try await test.ring()
        #expect(diary.all == ["an expiration was simulated"])
        #expect(try test.scheduler.outcomes("a") == [.expired])
    }
}
