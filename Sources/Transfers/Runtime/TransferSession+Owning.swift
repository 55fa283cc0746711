// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
import Foundation
internal import TransfersCore
internal import TransfersStore

extension TransferSession {
    /// Opens what it needs to look.
    func start() throws(TransferFailure) {
        let now = parts.time.now()
        let alarm = parts.time.makeAlarm { [weak self] in self?.send(.look) }
        let clockWatch = parts.time.watchSettings { [weak self] in self?.send(.clockSet) }
        let doorbell = store.watch { [weak self] in self?.send(.rang) }
        state.withLock { state in
            state.alarm = alarm
            state.clockWatch = clockWatch
            state.doorbell = doorbell
            state.clockOffset = now.wall.microseconds &- now.boot
        }
        parts.wakeups.register(session: identifier) { [weak self] in await self?.runInBackground() }
        // A name that no session can have is told at once.
        _ = try store.owner(of: identifier)
    }

    /// Asks for the session, at the first call that wants something moved. Looking wants nothing: a tool that lists
    /// transfers does not run them.
    func engage() throws(TransferFailure) {
        let isFirst = state.withLock { state in
            defer { state.isEngaged = true }
            return !state.isEngaged && !state.isAbandoned
        }
        guard isFirst else { return }
        do throws(TransferFailure) {
            if let ownership = try store.own(identifier) { send(.owned(ownership)) } else { try waitForOwnership() }
        } catch {
            state.withLock { $0.isEngaged = false }
            throw error
        }
    }

    /// The same where nobody hears what went wrong.
    func engageOrLog() {
        do throws(TransferFailure) { try engage() } catch { parts.log(error.description) }
    }

    private func waitForOwnership() throws(TransferFailure) {
        let wait = try store.whenFree(identifier) { [weak self] ownership in self?.send(.owned(ownership)) }
        let isTooLate = state.withLock { state in
            state.wait = wait
            return state.isAbandoned
        }
        if isTooLate { wait.cancel() }
    }

    /// From here on this process moves the transfers of the session.
    func takeOver(_ ownership: SessionOwnership) {
        let now = moment().wall
        let clock = state.withLock(\.clockOffset)
        do throws(TransferFailure) {
            try store.takeOver(ownership, now: now, clock: clock)
        } catch {
            // It is not ours before it is on the books.
            failed(error)
            ownership.release()
            do throws(TransferFailure) { try waitForOwnership() } catch { parts.log(error.description) }
            return
        }
        state.withLock { state in
            state.ownership = ownership
            state.wait = nil
            // What others have written until now is read now.
            state.dataVersion = try? store.dataVersion()
        }
        readNew()
        // Before anything begins: what was paused or cancelled in the meantime must not be sent once more.
        takeOrders()
        deliverResults()
        files.async { [self] in collectLeftovers(now) }
    }

    /// Rows that were begun by other processes, or before this one.
    private func readNew() {
        let now = moment().wall
        do throws(TransferFailure) {
            while true {
                let page = try store.list(
                    session: identifier, after: state.withLock(\.lastRead), limit: 1000)
                guard let last = page.last else { break }
                state.withLock { state in
                    state.lastRead = last.id
                    for line in page where line.state != .ended && !state.alive.contains(line.id) {
                        // A clock that reads an instant before the transfer was begun says nothing of its waits.
                        let isBelievable = line.created <= now.advanced(by: .seconds(60))
                        let isPast = [.retry, .serverBusy, .network, .turn].contains(line.reason ?? .turn)
                        let until = isPast && !isBelievable ? now : line.due ?? now
                        let rest: TransferCheckpoint.State =
                            line.state == .paused ? .paused : .waiting(until: until, reason: line.reason ?? .turn)
                        guard
                            let entry = TransferQueue.Entry(
                                line.id, host: line.host, priority: line.priority, state: rest,
                                deadline: line.deadline, demands: line.demands, now: now)
                        else { continue }
                        state.put(entry)
                        if line.reason == .authorizer { state.waitForAuthorizer.insert(line.id) }
                        if line.reason == .network { state.waitForNetwork.insert(line.id) }
                    }
                }
            }
        } catch {
            failed(error)
        }
        if state.withLock({ !$0.authorizers.isEmpty }) { send(.authorizersChanged) }
        observe()
    }

    /// More are read when their turn comes.
    private static let freshLimit = 2048

    func add(_ began: [BegunTransfer]) {
        let now = moment().wall
        var waiting: [Int64] = []
        state.withLock { state in
            // Not before: what was committed and is not in the queue yet must not let the wake-up be taken away.
            state.begins -= 1
            for begun in began {
                let id = begun.id
                if let withheld = begun.withheld { state.withheld[id] = withheld }
                if state.waitForAuthorizer.remove(id) != nil, state.works[id] == nil { waiting.append(id) }
                guard state.ownership != nil, !state.alive.contains(id) else { continue }
                state.put(begun.entry)
                let isSoon = begun.entry.earliest.map { $0 <= now } ?? false
                if isSoon, state.fresh.count < Self.freshLimit { state.fresh[id] = begun.stored }
            }
        }
        for id in waiting { hasten(id, now) }
        if state.withLock({ $0.ownership != nil }) { observe(onlyIfNew: true) }
    }

    /// Another process, or this one, has committed.
    func heard() {
        let version = try? store.dataVersion()
        let isNews = state.withLock { state in
            defer { state.dataVersion = version }
            return version == nil || version != state.dataVersion
        }
        if !isNews { return }
        state.withLock { $0.fresh = [:] }
        if state.withLock({ $0.ownership != nil }) {
            readNew()
            return takeOrders()
        }
        deliverResults()
        for followed in hub.followed {
            let stored = (try? store.transfer(session: identifier, identifier: followed)) ?? nil
            hub.tell(followed) {
                stored.map(Self.progress(of:)) ?? TransferProgress(completed: 0, total: nil, state: .ended)
            }
        }
    }

    /// Files of ours that belong to no transfer, after a crash between making one and its row.
    private func collectLeftovers(_ now: WallTime) {
        let folders = [opened.folder.path + "/partial", opened.folder.path + "/snapshots"]
        guard
            folders.contains(where: { folder in
                (try? FileManager.default.contentsOfDirectory(atPath: folder).isEmpty) == false
            })
        else { return }
        do throws(TransferFailure) {
            var known: Set<String> = []
            var last: Int64 = 0
            while true {
                let page = try store.list(after: last, limit: 1000)
                guard let end = page.last else { break }
                last = end.id
                for line in page {
                    guard let intent = try store.transfer(line.id)?.intent else { continue }
                    switch intent.work {
                    case .upload(let source, _):
                        known.formUnion(([source] + intent.furtherSources).map(\.path))
                    case .download(let target): known.insert(target.partial)
                    }
                }
            }
            // What is an hour old is on the books, or never will be.
            opened.folder.collect(known: known, before: now.advanced(by: .seconds(-3600)))
        } catch {
            parts.log(error.description)
        }
    }

    /// Ends without a word; whoever waited is let go.
    func abandon() -> SessionOwnership? {
        let (inbox, exchanges, ownership, runs, wait) = state.withLock { state in
            defer {
                state.isAbandoned = true
                state.inbox = []
                state.works = [:]
                state.runs = []
                state.ownership = nil
                state.doorbell = nil
                state.clockWatch = nil
                state.watch = nil
            }
            state.alarm?.set(wall: nil, awake: nil)
            return (
                state.inbox, state.works.values.compactMap(\.work.exchange), state.ownership, state.runs, state.wait
            )
        }
        wait?.cancel()
        for exchange in exchanges { exchange.cancel() }
        for input in inbox { Self.refuse(input) }
        for run in runs { run.resume() }
        return ownership
    }
}

extension TransferSession.State {
    mutating func put(_ entry: TransferQueue.Entry) {
        queue.put(entry)
        alive.insert(entry.id)
        demands.formUnion(entry.demands)
        if !entry.demands.contains(.network) { local.insert(entry.id) }
    }
}
