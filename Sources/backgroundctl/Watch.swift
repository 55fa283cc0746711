// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundStore
import BackgroundSurroundings
import Dispatch
import Foundation
import SchedulingCore
import SchedulingStore
import Synchronization

/// Shows what happens until Control-C: a picture that is drawn anew on a terminal, lines elsewhere.
///
/// It looks after each commit of an app (inotify), once a second while something runs, and every half minute for apps
/// that appear. All of it happens on one queue.
final class Watch: Sendable {
    private struct Seen: Sendable {
        var report: ListReport?
        /// The newest rows of history that were shown.
        var runs: [RunReport] = []
        /// By state directory; each keeps its store open.
        var watches: [String: DoorbellWatch] = [:]
        /// The same for stores of transfers.
        var transferWatches: [String: any DoorbellHearing] = [:]
        var alarm: (any Alarm)?
        var isPlanned = false
    }

    private let session: Session
    private let queue = DispatchQueue(label: "backgroundctl.watch")
    private let seen = Mutex(Seen())

    init(_ session: Session) { self.session = session }

    /// Returns never.
    func start() throws {
        // Before anything is drawn, so that nonsense is told as an error.
        _ = try session.states()
        for number in [SIGINT, SIGTERM, SIGWINCH] { signal(number, SIG_IGN) }
        let sources = [SIGINT, SIGTERM, SIGWINCH].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [self] in number == SIGWINCH ? look() : end() }
            source.activate()
            return source
        }
        seen.withLock { seen in
            seen.alarm = session.surroundings.clocks.makeAlarm { [self] in queue.async { self.look() } }
        }
        queue.async { [self] in look() }
        withExtendedLifetime(sources) { dispatchMain() }
    }

    private func end() {
        if session.surroundings.isTerminal { Output.text("\n") }
        exit(0)
    }

    /// Several rings in a row are one look.
    private func rang() {
        let isNew = seen.withLock { seen in
            defer { seen.isPlanned = true }
            return !seen.isPlanned
        }
        guard isNew else { return }
        queue.async { [self] in
            seen.withLock { $0.isPlanned = false }
            look()
        }
    }

    private func look() {
        let now = session.surroundings.now
        let states = (try? session.states()) ?? []
        let before = seen.withLock { $0.report?.apps.flatMap(\.transfers) ?? [] }.filter(\.isMoving).map(\.reference)
        let report = ListReport(
            apps: states.map { session.withTransfers($0.report(now: now), of: $0, before: before) })
        let runs = states.flatMap { (try? $0.history(nil, limit: 30)) ?? [] }.sorted { $0.ended.wall > $1.ended.wall }
        seen.withLock { seen in
            for state in states where seen.watches[state.app.stateDirectory.path] == nil {
                seen.watches[state.app.stateDirectory.path] =
                    (try? state.store.get())?.watchCommits { [weak self] in self?.rang() }
            }
            for state in states where seen.transferWatches[state.app.stateDirectory.path] == nil {
                let transfers = AppTransfers(state, surroundings: session.surroundings)
                seen.transferWatches[state.app.stateDirectory.path] =
                    (try? transfers.store?.get())?.watch { [weak self] in self?.rang() }
            }
            let wait: Duration = WatchText.isMoving(report) ? .seconds(1) : .seconds(30)
            seen.alarm?.set(wall: nil, awake: session.surroundings.clocks.now().awake(after: wait))
        }
        show(report, runs)
    }

    private func show(_ report: ListReport, _ runs: [RunReport]) {
        let (old, told) = seen.withLock { seen in
            defer { (seen.report, seen.runs) = (report, runs) }
            return (seen.report, seen.runs)
        }
        let surroundings = session.surroundings
        let text = WatchText(terminal: surroundings.terminal, time: surroundings.time)
        if session.invocation.isJSON {
            if report != old || runs != told { try? Output.json(report, onOneLine: true) }
        } else if surroundings.isTerminal {
            let title = "backgroundctl watch, \(surroundings.time.present); Control-C ends it"
            let lines = text.picture(report, runs: runs, title: title, height: surroundings.size?.lines ?? 24)
            // Home, each line cleared behind its end, and what is left below (console_codes(4)): nothing flickers.
            Output.text("\u{1b}[H" + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\n") + "\u{1b}[J")
        } else {
            let known = Set(told)
            let new = old == nil ? [] : runs.filter { !known.contains($0) }
            let lines = text.changes(from: old ?? ListReport(apps: []), to: report, runs: new)
            if !lines.isEmpty { Output.lines(lines) }
        }
    }
}
