// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Runs that end, for good or to be tried again, and requests that go.
extension Ledger {
    // MARK: Gone

    mutating func gone(_ row: OccurrenceRow, _ commit: inout Commit) throws {
        let end = row.isClaimed ? try ended(row, &commit) : try dropped(row, &commit)
        ends[Int(end.outcome)] += 1
        burnt[row.id] = nil
        leads[row.id] = nil
        setFree.remove(row.id)
        asked[row.id] = nil
        begunWith[row.id] = nil
        told.remove(row.id)
    }

    /// By which a run may be judged: those that it began with, and those of now.
    private func terms(of row: OccurrenceRow) -> [Wish] {
        [begunWith[row.id], wishes[row.request]].compactMap { $0 }
    }

    private mutating func ended(_ row: OccurrenceRow, _ commit: inout Commit) throws -> HistoryRow {
        let terms = terms(of: row)
        let limit = terms.map(\.limit).min() ?? Self.maximumAttempts
        let attempts = burnt[row.id, default: 0] + 1
        // Given up: the row of the last attempt, and the row that says so.
        if let last = commit.take([Outcome.gaveUp], of: row) {
            let failures: Set = [Outcome.abandoned, Outcome.expired, Outcome.failed]
            guard let end = commit.take(failures, of: row) else {
                throw Violation(promise: "b", what: "\(describe(row)) was given up without a last attempt")
            }
            guard attempts >= limit else {
                throw Violation(promise: "g", what: "\(describe(row)) was given up after \(attempts) attempts")
            }
            note(end, of: row, &commit)
            commit.concluded[row.request] = last.ended
            return last
        }
        let all: Set = [Outcome.succeeded, Outcome.failed, Outcome.expired, Outcome.cancelled]
        guard let end = commit.take(all, of: row) else {
            throw Violation(promise: "b", what: "\(describe(row)) is gone without an end in history")
        }
        let isCancelled = row.stop == Reason.cancelled || row.cut == Reason.cancelled
        if end.outcome == Outcome.cancelled, !isCancelled, !isAskedToCancel(row) {
            throw Violation(promise: "b", what: "\(describe(row)) was cancelled, and nobody asked for that")
        }
        let isFailure = end.outcome == Outcome.failed || end.outcome == Outcome.expired && end.reason != Reason.replaced
        if isFailure, !isCancelled, !terms.isEmpty, terms.allSatisfy({ $0.retry != nil }), attempts < limit {
            throw Violation(promise: "b", what: "\(describe(row)) failed \(attempts) times, and is not tried again")
        }
        note(end, of: row, &commit)
        if end.outcome == Outcome.succeeded { commit.succeeded[row.request] = end.ended }
        if end.outcome != Outcome.cancelled, !isCancelled { commit.concluded[row.request] = end.ended }
        return end
    }

    /// A run that its own process ended.
    private func note(_ end: HistoryRow, of row: OccurrenceRow, _ commit: inout Commit) {
        if isOwn(end, commit.actor) { commit.ended.append((row, end.ended)) }
    }

    /// Of whom nobody knows, it is a run's own end, unless history says that its process or the host died.
    private func isOwn(_ end: HistoryRow, _ actor: Actor) -> Bool {
        let saysDeath = end.detail.contains(" died") || end.detail.contains("the host went down")
        return end.outcome != Outcome.abandoned && actor.pid.map { $0 == end.pid } ?? !saysDeath
    }

    private mutating func dropped(_ row: OccurrenceRow, _ commit: inout Commit) throws -> HistoryRow {
        if row.isHeld, let end = takeDrop(of: row, &commit) { return end }
        guard let end = commit.take([Outcome.cancelled, Outcome.replaced, Outcome.skipped], of: row) else {
            throw Violation(promise: "b", what: "\(describe(row)) is gone without a row in history")
        }
        switch end.outcome {
        case Outcome.cancelled:
            if !isAskedToCancel(row) { throw Violation(promise: "b", what: "\(describe(row)) was cancelled by nobody") }
        case Outcome.replaced:
            let isAsked = intents.contains { $0.wish.map { replaces($0, row) } ?? false }
            if !isAsked { throw Violation(promise: "b", what: "\(describe(row)) was replaced by nobody") }
            if row.begun { throw Violation(promise: "b", what: "\(describe(row)) was replaced although it had begun") }
        default: try passedOver(row, end, &commit)
        }
        return end
    }

    /// Somebody is at it, or died in it, and nobody saw the commit yet.
    private func isAskedToCancel(_ row: OccurrenceRow) -> Bool {
        intents.contains {
            if case .cancel(let name) = $0.what { name ?? row.identifier == row.identifier } else { false }
        }
    }

    /// The same schedule again changes nothing of when it runs.
    private func replaces(_ wish: Wish, _ row: OccurrenceRow) -> Bool {
        guard wish.identifier == row.identifier, wish.conflict == .replace else { return false }
        return wishes[row.request].map { !isSame(wish, $0) } ?? true
    }

    func isSame(_ wish: Wish, _ other: Wish) -> Bool {
        wish.schedule != nil && wish.schedule == other.schedule && wish.flex == other.flex && wish.date == nil
    }

    private func passedOver(_ row: OccurrenceRow, _ end: HistoryRow, _ commit: inout Commit) throws {
        guard let wish = wishes[row.request], row.isHead else {
            throw Violation(promise: "b", what: "\(describe(row)) was skipped: \(end.detail)")
        }
        if end.detail.hasPrefix("too late") {
            guard let latest = wish.latestStart, end.ended > row.instant + latest else {
                throw Violation(promise: "b", what: "\(describe(row)) was skipped, and was not too late")
            }
            if wish.isGrid { commit.departures[row.request] = (row.instant, .tooLate, end.ended) }
            commit.concluded[row.request] = end.ended
        } else {
            commit.overlapped.append((row, end.ended))
            commit.departures[row.request] = (row.instant, .overlapped, end.ended)
        }
    }

    // MARK: Given back

    mutating func released(_ old: OccurrenceRow, _ new: OccurrenceRow, _ commit: inout Commit) throws {
        defer {
            told.remove(old.id)
            asked[old.id] = nil
        }
        guard new.instant == old.instant, new.eligible >= new.instant, new.owner == nil else {
            throw Violation(promise: "f", what: "\(describe(old)) moved when it was given back")
        }
        let reported = commit.take(
            [Outcome.interrupted, Outcome.abandoned, Outcome.expired, Outcome.failed], of: old)
        guard let end = reported else {
            throw Violation(promise: "b", what: "\(describe(old)) was given back, and history does not say so")
        }
        ends[Int(end.outcome)] += 1
        let burns = new.attempts - old.attempts
        if end.outcome == Outcome.interrupted {
            guard burns == 0 else {
                throw Violation(promise: "g", what: "\(describe(old)) was interrupted and burnt an attempt")
            }
        } else {
            guard burns == 1 else {
                throw Violation(promise: "g", what: "\(describe(old)) ended by itself and burnt \(burns) attempts")
            }
            burnt[old.id, default: 0] += 1
            guard new.attempts < terms(of: old).map(\.limit).max() ?? Self.maximumAttempts else {
                throw Violation(promise: "g", what: "\(describe(new)) is tried once too often")
            }
        }
        guard new.attempts == burnt[old.id, default: 0] else {
            throw Violation(promise: "g", what: "\(describe(new)) counts other attempts than happened")
        }
        let isRecovered = !isOwn(end, commit.actor)
        if isRecovered { try recovered(old, end, commit.actor) }
        guard
            waits(old, new, end, isRecovered || commit.actor.pid == nil).contains(where: { $0.contains(new.eligible) })
        else {
            throw Violation(promise: "b", what: "\(describe(new)) is tried again \(new.eligible - end.ended) µs later")
        }
        note(end, of: old, &commit)
    }

    /// When a run that was given back may be due again.
    private func waits(
        _ old: OccurrenceRow, _ new: OccurrenceRow, _ end: HistoryRow, _ isRecovered: Bool
    ) -> [ClosedRange<Int64>] {
        func after(_ wait: ClosedRange<Int64>) -> ClosedRange<Int64> {
            max(old.instant, end.ended + wait.lowerBound)...max(old.instant, end.ended + wait.upperBound)
        }
        let asked = asked[old.id]
        if end.outcome == Outcome.interrupted {
            return [after(0...max(60 * Self.second, asked ?? 0))]
        }
        let deaths = new.attempts < 2 ? 0 : min(30 * Self.second << (new.attempts - 2), 3600 * Self.second)
        if end.outcome == Outcome.abandoned { return [after(deaths...deaths)] }
        var allowed: [ClosedRange<Int64>] = isRecovered ? [after(deaths...deaths)] : []
        if let asked { allowed.append(after(asked...asked)) }
        for retry in terms(of: old).compactMap(\.retry) { allowed.append(after(retry.wait(after: new.attempts))) }
        return allowed
    }

    /// Somebody ended the run of another process: it has to be dead, and how it died decides what it costs.
    private func recovered(_ old: OccurrenceRow, _ end: HistoryRow, _ actor: Actor) throws {
        guard let pid = old.pid, !actor.isHolding(old) else {
            throw Violation(promise: "c", what: "\(describe(old)) was taken from a process that lives")
        }
        let isNoted = old.cut.map { Reason.interruptions.contains($0) } ?? false
        let wasCut = isNoted || isStoreSound && told.contains(old.id)
        let isFree = wasCut || deaths[pid] == .hostWentDown
        if isFree != (end.outcome == Outcome.interrupted) {
            throw Violation(
                promise: "g",
                what: "\(describe(old)) ended as \(end.outcome) although "
                    + (wasCut ? "we cut it" : isFree ? "the host went down" : "its process died by itself"))
        }
    }
}
