// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import SchedulingTesting
import Testing

@Suite("Schedules by the calendar, and clocks that are set")
struct CalendarRequestTests {
    /// Friday, 27 March 2026, 12:00 UTC: clocks in Warsaw go forward on Sunday.
    private let time = ManualTime(date: Date(timeIntervalSince1970: 1_774_612_800))
    private let diary = Diary()

    private func host() throws -> TestScheduler {
        let (time, diary) = (time, diary)
        return try TestScheduler(time: time, configuration: .init(limits: .unlimited)) { scheduler in
            for identifier in ["a", "b"] {
                scheduler.register(forTaskWithIdentifier: identifier) { _ in
                    diary.note("\(identifier) \(time.date.formatted(.iso8601))")
                }
            }
        }
    }

    private func request(_ schedule: TaskSchedule) -> ProcessingTaskRequest {
        let request = ProcessingTaskRequest(identifier: "a")
        request.schedule = schedule
        return request
    }

    @Test("a nightly task of a zone runs at its hour before and after clocks change, and once on the day they do")
    func acrossTheChange() async throws {
        let host = try host()
        try host.scheduler.submit(request(.calendar(try .daily(at: .init(2, 30)), timeZone: "Europe/Warsaw")))
        try await host.advance(by: .seconds(4 * 86_400))
        #expect(
            diary.all == [
                "a 2026-03-28T01:30:00Z", "a 2026-03-29T01:30:00Z", "a 2026-03-30T00:30:00Z", "a 2026-03-31T00:30:00Z",
            ])
        #expect(try host.scheduler.explain("a").schedule?.description.contains("Europe/Warsaw") == true)
    }

    @Test("a local schedule follows the host to another zone, and the wake-up with it")
    func movedZone() async throws {
        let host = try host()
        try host.scheduler.submit(request(.calendar(try .daily(at: .init(18)))))
        #expect(host.wakeups.map { $0.formatted(.iso8601) } == ["2026-03-27T18:00:00Z"])
        try await host.changeTimeZone("Asia/Tokyo")
        #expect(host.wakeups.map { $0.formatted(.iso8601) } == ["2026-03-28T09:00:00Z"])
        try await host.changeTimeZone("Europe/Warsaw")
        #expect(host.wakeups.map { $0.formatted(.iso8601) } == ["2026-03-27T17:00:00Z"])
        try await host.advance(by: .seconds(86_400))
        #expect(diary.all == ["a 2026-03-27T17:00:00Z"])
    }

    @Test("a schedule with a zone of its own does not care where the host is")
    func namedZone() async throws {
        let host = try host()
        try host.scheduler.submit(request(.calendar(try .daily(at: .init(18)), timeZone: "UTC")))
        try await host.changeTimeZone("Asia/Tokyo")
        #expect(host.wakeups.map { $0.formatted(.iso8601) } == ["2026-03-27T18:00:00Z"])
    }

    @Test("a resident program hears of the new zone and runs at the new hour")
    func residentInNewZone() async throws {
        let host = try host()
        try host.scheduler.submit(request(.calendar(try .daily(at: .init(18)))))
        try host.startResident()
        try await host.advance(by: .seconds(60))
        try await host.changeTimeZone("Europe/Warsaw")
        try await host.advance(by: .seconds(86_400))
        #expect(diary.all == ["a 2026-03-27T17:00:00Z"])
    }

    @Test("missed nights are counted, and the calendar goes on")
    func missed() async throws {
        let host = try host()
        try host.scheduler.submit(request(.calendar(try .daily(at: .init(2, 30)), timeZone: "Europe/Warsaw")))
        try await host.reboot(downFor: .seconds(5 * 86_400))
        #expect(diary.all == ["a 2026-04-01T12:00:00Z"])
        let rows = try host.scheduler.history(for: "a").filter { $0.outcome == .skipped }
        #expect(rows.map(\.detail) == ["4 missed, 2026-03-29 01:30:00 UTC to 2026-04-01 00:30:00 UTC"])
        try await host.advance(by: .seconds(86_400))
        #expect(diary.all.last == "a 2026-04-02T00:30:00Z")
    }

    @Test("a zone that nobody knows is refused, and a calendar that cannot be is an error where it is made")
    func refused() throws {
        let host = try host()
        for zone in ["Europe/Nowhere", "../../etc/passwd", "", "/etc/localtime"] {
            #expect(throws: TaskScheduler.Error.self, "\(zone)") {
                try host.scheduler.submit(request(.calendar(try .daily(at: .init(1)), timeZone: zone)))
            }
        }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule("*-02-31 10:00") }
    }

    private static let steps: [Duration] = [
        .seconds(1), .seconds(-1), .seconds(3600), .seconds(-3600), .seconds(-1_774_612_800), .seconds(5_483_505_600),
    ]

    @Test("the clock is set and set back, before a run: one wake-up is armed, each instant runs once", arguments: steps)
    func stepped(_ step: Duration) async throws {
        let host = try host()
        try host.scheduler.submit(request(.every(.seconds(7200))))
        let nightly = ProcessingTaskRequest(identifier: "b")
        nightly.schedule = .calendar(try .daily(at: .init(2, 30)), timeZone: "Europe/Warsaw")
        try host.scheduler.submit(nightly)
        try await host.advance(by: .seconds(1800))
        try await host.stepWallClock(by: step)
        #expect(host.wakeups.count == 1)
        try await host.stepWallClock(by: .zero - step)
        let wakeup = try #require(host.wakeups.first)
        #expect(host.wakeups.count == 1)
        #expect(wakeup.timeIntervalSince(time.date) < 7201)
        let before = diary.all.count
        try await host.advance(by: .seconds(86_400))
        #expect((12...14).contains(diary.all.count - before))
        #expect(diary.all.suffix(from: before).filter { $0.hasPrefix("b") }.count == 1)
        // A step to the year 2200 misses millions of runs: they are one row, and so is the way back.
        #expect(try host.scheduler.history(limit: 1000).count < 40)
        #expect(host.launchFailures.isEmpty)
    }
}
