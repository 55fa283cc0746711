// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// Which transfers run now, and when to look again: a small index over what the store holds.
///
/// 1. `put` every transfer that lives, with the instant of its `wait`; `put` again moves it. `remove` it at its end.
/// 2. `begin(now:)` names those whose turn has come and counts them as running, until they are `put` or removed: make their
///    machines and say `begin`.
/// 3. `unmet(_:)` says which demands the host does not meet now, and names those that run and may not any more: say `hold` with the reason.
/// 4. `finishes(_:)` gives its place with the host to another while disks are waited for.
/// 5. `nextInstant` is when to call `begin(now:)` and `overdue(now:)` again, if nothing else happens before.
///
/// Higher priority runs first; among equals hosts take turns, and within a host the one that was put first.
package struct TransferQueue: Sendable {
    package struct Entry: Sendable, Equatable {
        package var id: Int64
        /// Host and port (`HTTPAddress.authority`).
        package var host: String
        package var priority: Float
        /// Nil: not before it is put again (paused, or a hook is missing).
        package var earliest: WallTime?
        package var reason: WaitReason
        package var deadline: WallTime
        package var demands: TransferDemands

        package init(
            id: Int64, host: String, priority: Float = 0.5, earliest: WallTime?, reason: WaitReason = .turn,
            deadline: WallTime = .distantFuture, demands: TransferDemands = []
        ) {
            self.id = id
            self.host = host
            self.priority = priority.isFinite ? min(max(priority, 0), 1) : 0.5
            self.earliest = earliest
            self.reason = reason
            self.deadline = deadline
            self.demands = demands
        }
    }

    enum Place: Sendable, Equatable { case sleeping, ready, blocked(WaitReason), running, finishing }

    struct Item: Sendable {
        var entry: Entry
        var place: Place
        /// Keys in heaps that name another one are of the past.
        var serial: UInt64
    }

    struct Host: Sendable {
        var ready = OrderedHeap<Key> { ($1.priority, $0.serial) < ($0.priority, $1.serial) }
        var readyCount = 0
        var running = 0
        var lastServed: UInt64 = 0
        var circuit = HostCircuit()
    }

    struct Key: Sendable {
        var id: Int64
        var serial: UInt64
        var priority: Float
        var instant: WallTime
    }

    package var totalLimit: Int
    package var hostLimit: Int
    private var items: [Int64: Item] = [:]
    private var hosts: [String: Host] = [:]
    private var sleeping = OrderedHeap<Key> { $0.instant < $1.instant }
    private var deadlines = OrderedHeap<Key> { $0.instant < $1.instant }
    private var blocked: Set<Int64> = []
    private var unmetDemands: TransferDemands = []
    private var serial: UInt64 = 0
    private var runningCount = 0
    private var finishingCount = 0
    /// Disks that are slower than the network are not to be buried.
    private static let finishingLimit = 64

    package init(totalLimit: Int = 16, hostLimit: Int = 6) {
        self.totalLimit = max(1, totalLimit)
        self.hostLimit = max(1, hostLimit)
    }

    package var count: Int { items.count }
    package var running: [Int64] { items.values.filter { $0.place == .running }.map(\.entry.id).sorted() }

    package mutating func put(_ entry: Entry) {
        leave(entry.id)
        serial += 1
        items[entry.id] = Item(entry: entry, place: .sleeping, serial: serial)
        deadlines.insert(Key(id: entry.id, serial: serial, priority: 0, instant: entry.deadline))
        if let earliest = entry.earliest {
            sleeping.insert(Key(id: entry.id, serial: serial, priority: entry.priority, instant: earliest))
        }
    }

    package mutating func remove(_ id: Int64) {
        guard let host = items[id]?.entry.host else { return }
        leave(id)
        items[id] = nil
        forget(host)
    }

    /// What a server did, from `TransferEffect.note`.
    package mutating func note(_ word: HostCircuit.Word, of host: String, now: WallTime) {
        hosts[host, default: Host()].circuit.note(word, now: now)
        forget(host)
    }

    /// Those whose turn is now; they count as running from here on.
    package mutating func begin(now: WallTime) -> [Int64] {
        wake(now)
        var chosen: [Int64] = []
        while runningCount < totalLimit, let name = nextHost(now), var host = hosts[name] {
            guard let id = popReady(&host) else {
                hosts[name] = host
                continue
            }
            serial += 1
            host.lastServed = serial
            host.running += 1
            hosts[name] = host
            runningCount += 1
            items[id]?.place = .running
            chosen.append(id)
        }
        return chosen
    }

    /// One that runs needs no network any more, unless it is told otherwise (`returns`).
    package mutating func finishes(_ id: Int64) {
        guard finishingCount < Self.finishingLimit, let item = items[id], item.place == .running else { return }
        leave(id)
        items[id]?.serial = item.serial
        items[id]?.place = .finishing
        finishingCount += 1
    }

    /// What seemed to be done is not: it has its place again, even if that is one too many.
    package mutating func returns(_ id: Int64) {
        guard let item = items[id], item.place == .finishing else { return }
        finishingCount -= 1
        items[id]?.place = .running
        runningCount += 1
        hosts[item.entry.host, default: Host()].running += 1
    }

    /// The demands that the host does not meet now. Returns those that run and may not any more, with the reason.
    package mutating func unmet(_ demands: TransferDemands) -> [(id: Int64, reason: WaitReason)] {
        if demands != unmetDemands {
            unmetDemands = demands
            let waiting = items.values.filter { $0.place == .ready || blocked.contains($0.entry.id) }
            for item in waiting.sorted(by: { $0.serial < $1.serial }) { judge(item) }
        }
        return running.compactMap { id in
            guard let entry = items[id]?.entry, let reason = demands.obstacle(to: entry.demands) else { return nil }
            return (id, reason)
        }
    }

    /// Those whose deadline has come: make their machines, unless they run, and say `timeReached`.
    package mutating func overdue(now: WallTime) -> [Int64] {
        var ids: [Int64] = []
        while let key = deadlines.first, key.instant <= now || !isDeadline(key) {
            _ = deadlines.removeFirst()
            if isDeadline(key) { ids.append(key.id) }
        }
        return ids
    }

    /// The clock was set: waits that count from the past and deadlines move with it, dates of the caller do not.
    package mutating func clockMoved(by duration: Duration) {
        for item in items.values.sorted(by: { $0.serial < $1.serial }) {
            var entry = item.entry
            entry.deadline = entry.deadline.moved(by: duration)
            if item.place == .sleeping {
                if [.retry, .serverBusy, .network, .storage, .turn].contains(entry.reason) {
                    entry.earliest = entry.earliest?.moved(by: duration)
                }
                put(entry)
            } else if entry.deadline != item.entry.deadline {
                items[entry.id]?.entry = entry
                deadlines.insert(Key(id: entry.id, serial: item.serial, priority: 0, instant: entry.deadline))
            }
        }
        for name in hosts.keys { hosts[name]?.circuit.clockMoved(by: duration) }
    }

    /// When to look again if nothing else happens; nil: only something else can change anything.
    package mutating func nextInstant(now: WallTime) -> WallTime? {
        while let key = sleeping.first, !isCurrent(key) { _ = sleeping.removeFirst() }
        while let key = deadlines.first, !isDeadline(key) { _ = deadlines.removeFirst() }
        var instants = [sleeping.first?.instant, deadlines.first?.instant].compactMap { $0 }
        for host in hosts.values where host.readyCount > 0 {
            if let until = host.circuit.closedUntil, until > now { instants.append(until) }
        }
        return instants.min().flatMap { $0 == .distantFuture ? nil : $0 }
    }

    /// When the program has to be there again, should it exit now: at once if anything may run, and after `recheck` for
    /// what the surroundings block.
    package mutating func wakeup(now: WallTime, recheck: Duration = .seconds(900)) -> WallTime? {
        // Whose turn has come may be blocked all the same.
        wake(now)
        let isReady =
            runningCount + finishingCount > 0
            || hosts.values.contains { $0.readyCount > 0 && $0.circuit.places(of: 1, now: now) > 0 }
        if isReady { return now }
        let again = blocked.isEmpty ? nil : now.advanced(by: recheck)
        return [nextInstant(now: now), again].compactMap { $0 }.min()
    }

    /// Why one does not run now, and until when at least.
    package func waits(_ id: Int64, now: WallTime) -> (reason: WaitReason, until: WallTime?)? {
        guard let item = items[id] else { return nil }
        switch item.place {
        case .running, .finishing: return nil
        case .blocked(let reason): return (reason, nil)
        case .sleeping: return (item.entry.reason, item.entry.earliest)
        case .ready:
            if let until = hosts[item.entry.host]?.circuit.closedUntil, until > now { return (.serverBusy, until) }
            return (.turn, nil)
        }
    }
}

extension TransferQueue {
    private func isCurrent(_ key: Key) -> Bool {
        items[key.id].map { $0.serial == key.serial && $0.place == .sleeping } ?? false
    }

    /// It may have been moved, by the clock, since it was noted.
    private func isDeadline(_ key: Key) -> Bool {
        items[key.id].map { $0.serial == key.serial && $0.entry.deadline == key.instant } ?? false
    }

    /// Takes it out of what it is counted in.
    private mutating func leave(_ id: Int64) {
        guard let item = items[id] else { return }
        switch item.place {
        case .running:
            runningCount -= 1
            hosts[item.entry.host]?.running -= 1
        case .ready: hosts[item.entry.host]?.readyCount -= 1
        case .blocked: blocked.remove(id)
        case .finishing: finishingCount -= 1
        case .sleeping: break
        }
        items[id]?.place = .sleeping
        items[id]?.serial = 0
    }

    /// A host that nobody needs and that did nothing wrong is not remembered.
    private mutating func forget(_ name: String) {
        guard let host = hosts[name], host.running == 0, host.readyCount == 0, host.circuit == HostCircuit() else {
            return
        }
        hosts[name] = nil
    }

    private mutating func wake(_ now: WallTime) {
        while let key = sleeping.first, key.instant <= now || !isCurrent(key) {
            _ = sleeping.removeFirst()
            if isCurrent(key) { ready(key.id) }
        }
    }

    private mutating func ready(_ id: Int64) {
        guard let item = items[id] else { return }
        if let reason = unmetDemands.obstacle(to: item.entry.demands) { return block(id, reason) }
        items[id]?.place = .ready
        let key = Key(id: id, serial: item.serial, priority: item.entry.priority, instant: .epoch)
        hosts[item.entry.host, default: Host()].ready.insert(key)
        hosts[item.entry.host]?.readyCount += 1
    }

    /// One that is ready or blocked, after the demands have changed.
    private mutating func judge(_ item: Item) {
        let id = item.entry.id
        if let reason = unmetDemands.obstacle(to: item.entry.demands) {
            if item.place == .ready { hosts[item.entry.host]?.readyCount -= 1 }
            block(id, reason)
        } else if item.place != .ready {
            blocked.remove(id)
            ready(id)
        }
    }

    private mutating func block(_ id: Int64, _ reason: WaitReason) {
        items[id]?.place = .blocked(reason)
        blocked.insert(id)
    }

    /// The first of a host that may run.
    private mutating func popReady(_ host: inout Host) -> Int64? {
        while let key = host.ready.removeFirst() {
            guard let item = items[key.id], item.serial == key.serial, item.place == .ready else { continue }
            host.readyCount -= 1
            return key.id
        }
        return nil
    }

    /// The host whose first is the most urgent; among equals the one that was served longest ago.
    private func nextHost(_ now: WallTime) -> String? {
        var best: (name: String, priority: Float, served: UInt64)?
        for (name, host) in hosts
        where host.readyCount > 0 && host.running < host.circuit.places(of: hostLimit, now: now) {
            let priority = host.ready.first?.priority ?? 0
            let isBetter = best.map { ($0.priority, host.lastServed, name) < (priority, $0.served, $0.name) } ?? true
            if isBetter { best = (name, priority, host.lastServed) }
        }
        return best?.name
    }
}
