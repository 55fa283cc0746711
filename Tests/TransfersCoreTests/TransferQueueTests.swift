// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("Which transfers run now")
struct TransferQueueTests {
    static func entry(
        _ id: Int64, _ host: String = "a:443", priority: Float = 0.5, at: WallTime? = .start,
        reason: WaitReason = .turn, deadline: WallTime = .distantFuture, demands: TransferDemands = []
    ) -> TransferQueue.Entry {
        TransferQueue.Entry(
            id: id, host: host, priority: priority, earliest: at, reason: reason, deadline: deadline, demands: demands)
    }

    @Test("Hosts take turns, within the limits of each and of all")
    func turns() {
        var queue = TransferQueue(totalLimit: 5, hostLimit: 3)
        for id in 1...10 { queue.put(Self.entry(Int64(id))) }
        for id in 11...12 { queue.put(Self.entry(Int64(id), "b:443")) }
        #expect(queue.begin(now: .start) == [1, 11, 2, 12, 3])
        #expect(queue.begin(now: .start) == [])
        queue.remove(11)
        // The first host has its three.
        #expect(queue.begin(now: .start) == [])
        queue.remove(2)
        #expect(queue.begin(now: .start) == [4])
        #expect(queue.running == [1, 3, 4, 12])
        #expect(queue.nextInstant(now: .start) == nil)
    }

    @Test("What waits for disks leaves its place to another, and has it again if it is not done")
    func finishing() {
        var queue = TransferQueue(totalLimit: 2, hostLimit: 2)
        for id in 1...5 { queue.put(Self.entry(Int64(id))) }
        #expect(queue.begin(now: .start) == [1, 2])
        queue.finishes(1)
        queue.finishes(1)
        queue.finishes(4)
        #expect(queue.begin(now: .start) == [3])
        #expect(queue.running == [2, 3] && queue.waits(1, now: .start) == nil)
        queue.returns(1)
        #expect(queue.running == [1, 2, 3])
        queue.remove(2)
        // One was too many.
        #expect(queue.begin(now: .start) == [])
        queue.finishes(3)
        #expect(queue.begin(now: .start) == [4])
        for id in [1, 3, 4] { queue.remove(Int64(id)) }
        #expect(queue.begin(now: .start) == [5])
        queue.finishes(5)
        // It is still to be done.
        #expect(queue.wakeup(now: .start) == .start)
        queue.remove(5)
        #expect(queue.wakeup(now: .start) == nil)
    }

    @Test("No more than 64 wait for disks that are slow")
    func buried() {
        var queue = TransferQueue(totalLimit: 1, hostLimit: 1)
        for id in 1...70 { queue.put(Self.entry(Int64(id))) }
        var begun = 0
        while let id = queue.begin(now: .start).first {
            begun += 1
            queue.finishes(id)
        }
        #expect(begun == 65)
    }

    @Test("The more urgent first, also of a host that was just served")
    func priority() {
        var queue = TransferQueue(totalLimit: 3)
        queue.put(Self.entry(1, "b:443"))
        queue.put(Self.entry(2, priority: 0.2))
        queue.put(Self.entry(3, priority: 0.9))
        queue.put(Self.entry(4, priority: 0.9))
        #expect(queue.begin(now: .start) == [3, 4, 1])
    }

    @Test("What waits is begun at its instant, and that is the next one that matters")
    func instants() {
        var queue = TransferQueue()
        queue.put(Self.entry(1, at: .after(10), reason: .retry))
        queue.put(Self.entry(2, at: .after(5), deadline: .after(7)))
        queue.put(Self.entry(3, at: nil, reason: .paused, deadline: .after(3)))
        #expect(queue.begin(now: .start) == [])
        #expect(queue.nextInstant(now: .start) == .after(3))
        #expect(queue.overdue(now: .after(3)) == [3])
        #expect(queue.nextInstant(now: .after(3)) == .after(5))
        #expect(queue.begin(now: .after(5)) == [2])
        #expect(queue.nextInstant(now: .after(5)) == .after(7))
        #expect(queue.overdue(now: .after(8)) == [2])
        #expect(queue.waits(1, now: .after(8))?.until == .after(10))
        queue.put(Self.entry(1, at: .after(20), reason: .retry))
        queue.remove(2)
        #expect(queue.begin(now: .after(10)) == [])
        #expect(queue.begin(now: .after(20)) == [1])
    }

    @Test("A host that fails is left alone, then tried by one, then by all")
    func circuit() {
        var queue = TransferQueue(totalLimit: 100, hostLimit: 10)
        for id in 1...1000 { queue.put(Self.entry(Int64(id))) }
        #expect(queue.begin(now: .start).count == 10)
        for id in 1...10 {
            queue.note(.failed, of: "a:443", now: .start)
            queue.put(Self.entry(Int64(id), at: .after(1), reason: .retry))
        }
        #expect(queue.begin(now: .after(1)) == [])
        #expect(queue.waits(500, now: .after(1))?.reason == .serverBusy)
        guard let next = queue.nextInstant(now: .after(1)) else { return #expect(Bool(false), "no instant") }
        #expect(next > .after(1) && next <= .after(400))
        #expect(queue.begin(now: next).count == 1)
        #expect(queue.begin(now: next) == [])
        queue.note(.answered, of: "a:443", now: next)
        #expect(queue.begin(now: next).count == 9)
    }

    @Test("A thousand transfers and a server that is down: few requests in an hour")
    func storm() {
        var queue = TransferQueue(totalLimit: 64, hostLimit: 6)
        for id in 1...1000 { queue.put(Self.entry(Int64(id))) }
        var now = WallTime.start
        var requests = 0
        while now < .after(3600) {
            for id in queue.begin(now: now) {
                requests += 1
                queue.note(.failed, of: "a:443", now: now)
                queue.put(Self.entry(id, at: now.advanced(by: .seconds(1)), reason: .retry))
            }
            guard let next = queue.nextInstant(now: now) else { return #expect(Bool(false), "no instant") }
            now = max(next, now.advanced(by: .milliseconds(1)))
        }
        #expect(requests < 40, "\(requests) requests")
    }

    @Test("Demands are judged for each by itself, and what runs is told to stop")
    func demands() {
        var queue = TransferQueue()
        queue.put(Self.entry(1, demands: .unmeteredNetwork))
        queue.put(Self.entry(2))
        #expect(queue.unmet(.unmeteredNetwork).isEmpty)
        #expect(queue.begin(now: .start) == [2])
        #expect(queue.waits(1, now: .start)?.reason == .unmeteredNetwork)
        #expect(queue.wakeup(now: .start) == .start)
        queue.remove(2)
        #expect(queue.wakeup(now: .start) == .after(900))
        #expect(queue.unmet([]).isEmpty)
        #expect(queue.begin(now: .start) == [1])
        let stopped = queue.unmet([.unmeteredNetwork, .externalPower])
        #expect(stopped.map(\.id) == [1] && stopped.map(\.reason) == [.unmeteredNetwork])
    }

    @Test("What the surroundings block is looked at again later, whether or not anything was begun before")
    func blockedWakeup() {
        var queue = TransferQueue()
        queue.put(Self.entry(1, demands: [.unmeteredNetwork, .externalPower]))
        // As when a program leaves in the moment in which it begins: nothing may be begun any more.
        _ = queue.unmet([.unmeteredNetwork, .externalPower])
        #expect(queue.wakeup(now: .start) == .after(900))
        #expect(queue.waits(1, now: .start)?.reason == .unmeteredNetwork)
        _ = queue.unmet(.externalPower)
        #expect(queue.waits(1, now: .start)?.reason == .externalPower)
        _ = queue.unmet([])
        #expect(queue.wakeup(now: .start) == .start)
        // Ready, and blocked before its turn has come.
        _ = queue.unmet(.externalPower)
        #expect(queue.wakeup(now: .start) == .after(900))
        #expect(queue.begin(now: .start).isEmpty)
        _ = queue.unmet([])
        #expect(queue.begin(now: .start) == [1] && queue.begin(now: .start).isEmpty)
    }

    @Test("When the clock is set, waits move with it, and dates of the caller do not")
    func clock() {
        var queue = TransferQueue()
        queue.put(Self.entry(1, at: .after(10), reason: .retry))
        queue.put(Self.entry(2, at: .after(100), reason: .notBefore))
        queue.clockMoved(by: .seconds(-86_400))
        #expect(queue.begin(now: .after(10 - 86_400)) == [1])
        #expect(queue.begin(now: .after(99)) == [])
        #expect(queue.begin(now: .after(100)) == [2])
    }

    @Test("It agrees with a list that is searched, whatever is done to it", arguments: 0..<20)
    func model(seed: UInt64) {
        var random = SeededNumbers(seed)
        var queue = TransferQueue(totalLimit: 4, hostLimit: 2)
        var entries: [Int64: TransferQueue.Entry] = [:]
        var running: Set<Int64> = []
        var now = WallTime.start
        for _ in 0..<300 {
            let id = Int64.random(in: 1...30, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let at = now.advanced(by: .seconds(Int64.random(in: -5...20, using: &random)))
                let entry = Self.entry(id, "h\(id % 4)", priority: Float(id % 3) / 3, at: at)
                queue.put(entry)
                entries[id] = entry
                running.remove(id)
            case 2:
                queue.remove(id)
                entries[id] = nil
                running.remove(id)
            default: now = now.advanced(by: .seconds(3))
            }
            for id in queue.begin(now: now) {
                #expect(entries[id]?.earliest ?? .distantFuture <= now && !running.contains(id))
                running.insert(id)
            }
            #expect(queue.running == running.sorted())
            let perHost = Dictionary(grouping: running) { $0 % 4 }.mapValues(\.count)
            #expect(running.count <= 4 && perHost.values.allSatisfy { $0 <= 2 })
            // Nobody who may run is left out while there is a place.
            let due = entries.values.filter { !running.contains($0.id) && $0.earliest ?? .distantFuture <= now }
            if running.count < 4 { #expect(due.allSatisfy { perHost[$0.id % 4] ?? 0 >= 2 }) }
            let next = entries.values.filter { !running.contains($0.id) }.compactMap(\.earliest).filter { $0 > now }
                .min()
            #expect(queue.nextInstant(now: now) == next)
        }
    }
}
