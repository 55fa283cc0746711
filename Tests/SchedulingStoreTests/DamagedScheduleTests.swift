// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingStore
import Testing

@Suite("Schedules that met a wrong clock, damage and death")
struct DamagedScheduleTests {
    private let state: TemporaryState

    init() throws { state = try TemporaryState() }

    private let far: Int64 = 100 * 86_400

    private func submitMinutely(_ store: SchedulingStore) throws {
        let new = NewRequest(
            identifier: "a", kind: .processing, instant: t(far),
            terms: RequestTerms(schedule: .every(.seconds(60)), retry: .linear(.seconds(10))))
        _ = try store.submit([new], limits: .unlimited, now: t(far), relying: .none)
    }

    @Test("a retry and the next of its grid, both from a wrong clock, are both set anew")
    func reanchoredTogether() throws {
        let store = try state.owner()
        try submitMinutely(store)
        let first = try #require(try store.claimDue(now: far).first)
        try store.end(first, .succeeded)
        let second = try #require(try store.claimDue(now: far + 60).first)
        try store.end(second, .failed, again: far + 70)
        #expect(try store.occurrences(identifier: "a").count == 2)
        #expect(try store.reanchor(now: t(5), implausible: .seconds(86_400)).count == 2)
        let instants = try store.occurrences(identifier: "a").map(\.occurrence.instant)
        #expect(instants.allSatisfy { $0 < t(100) }, "\(instants)")
        #expect(Set(instants).count == 2)
        #expect(try store.reanchor(now: t(6), implausible: .seconds(86_400)).isEmpty)
    }

    @Test("terms that cannot be read do not hold up the others: theirs is passed over, and history says so")
    func damagedTerms() throws {
        let store = try state.owner()
        try submitMinutely(store)
        try store.submit(request("b", at: far), now: far)
        for text in ["{", "[]", "{\"schedule\":{\"rule\":{\"every\":{\"_0\":0}},\"flex\":0}}", "{\"retry\":7}"] {
            try state.connection().execute("UPDATE requests SET terms = '\(text)' WHERE identifier = 'a'")
            let due = try store.due(now: t(far), includingWaiting: false, limit: 9)
            #expect(due.map(\.identifier) == ["a", "b"])
            #expect(due.map(\.isUnreadable) == [true, false])
        }
        let unreadable = try #require(try store.due(now: t(far), includingWaiting: false, limit: 9).first)
        try store.skip([unreadable], now: t(far))
        #expect(try store.history(identifier: "a", limit: 9).map(\.outcome) == [.skipped])
        #expect(try store.due(now: t(far), includingWaiting: false, limit: 9).map(\.identifier) == ["b"])
    }

    @Test("a store that dies between two claims has each instant of a schedule once")
    func onceEach() throws {
        var instants: [WallTime] = []
        let make = try state.owner()
        try submitMinutely(make)
        make.close()
        for minute in 0..<20 {
            let store = try state.owner()
            let claimed = try store.claimDue(now: far + Int64(minute) * 60)
            instants += claimed.map(\.instant)
            // Dies with the claim every other time: the occurrence comes again, the schedule does not move for it.
            if minute % 2 == 0 { for occurrence in claimed { try store.end(occurrence, .succeeded) } }
            store.close()
        }
        let pending = try state.store().occurrences(identifier: "a").map(\.occurrence.instant)
        let all = instants + pending
        #expect(Set(all).count >= 11)
        #expect(Set(pending).count == pending.count)
        #expect(all.allSatisfy { ($0.microseconds - t(far).microseconds) % 60_000_000 == 0 })
    }
}
