// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

/// The reckoning: what `submit` acknowledged, what the handlers wrote down, and what the scheduler has on its books have to
/// agree, for each number.
struct Account {
    private struct Life {
        var isTried = false
        var isAcknowledged = false
        /// The processes in which its handler began, in order, and those in which it came to its end.
        var starts: [Int] = []
        var ends: Set<Int> = []
        var entries: [Books.Entry] = []
    }

    private let trace: Trace
    private let books: Books
    private var lives: [Int: Life] = [:]

    init(_ trace: Trace) throws {
        self.trace = trace
        books = try Books()
        for line in trace.lines("tried") { lives[Int(line[0])!, default: Life()].isTried = true }
        for line in trace.lines("acknowledged") { lives[Int(line[0])!, default: Life()].isAcknowledged = true }
        for line in trace.lines("runs") {
            let (number, pid) = (Int(line[1])!, Int(line[2])!)
            if line[0] == "start" {
                lives[number, default: Life()].starts.append(pid)
            } else {
                lives[number, default: Life()].ends.insert(pid)
            }
        }
        for entry in try books.history() { lives[entry.number, default: Life()].entries.append(entry) }
    }

    /// Prints what was found; false if anything does not agree.
    func report() throws -> Bool {
        var complaints = trace.lines("violations").map { $0.joined(separator: " ") }
        for (number, life) in lives.sorted(by: { $0.key < $1.key }) {
            complaints += objections(to: life).map { "work\(number): \($0)" }
        }
        if try !books.isIntact() { complaints.append("the database is damaged") }
        let rows = try books.count("history")
        if rows >= 10_000 { complaints.append("the history was trimmed: \(rows) rows") }
        let live = try books.live()
        if !live.isEmpty { complaints.append("still pending: \(live.sorted())") }
        try summary(rows: rows)
        for complaint in complaints.prefix(40) { print("violation: " + complaint) }
        print("violations \(complaints.count)")
        return complaints.isEmpty
    }

    private func objections(to life: Life) -> [String] {
        var wrong: [String] = []
        let outcomes = life.entries.map { Outcome(rawValue: $0.outcome) ?? .failed }
        if !life.isTried { wrong.append("nobody submitted it") }
        if life.isAcknowledged, outcomes.isEmpty { wrong.append("acknowledged, and lost") }
        if !outcomes.isEmpty {
            if outcomes.filter({ $0 == .succeeded }).count != 1 || outcomes.last != .succeeded {
                wrong.append("it has to succeed once, at last: \(outcomes)")
            }
            if let odd = outcomes.first(where: { ![.succeeded, .abandoned, .interrupted].contains($0) }) {
                wrong.append("nothing here ends as \(odd)")
            }
        }
        // Each process that began it has its row; a row without a beginning is a death between claim and handler.
        var known: [Int: Int] = [:]
        for entry in life.entries { known[entry.pid, default: 0] += 1 }
        for pid in life.starts {
            known[pid, default: 0] -= 1
            if known[pid, default: 0] < 0 { wrong.append("process \(pid) ran it, and no row says so") }
        }
        if let last = life.entries.last, last.outcome == Outcome.succeeded.rawValue {
            if !life.ends.contains(last.pid) { wrong.append("it succeeded in \(last.pid), whose handler did not end") }
            if life.starts.last != last.pid { wrong.append("it ran after it had succeeded") }
        }
        return wrong
    }

    private func summary(rows: Int) throws {
        let kills = trace.lines("kills")
        func killed(_ role: Substring) -> Int { kills.filter { $0.first == role }.count }
        let boots = Set(trace.lines("runs").compactMap { $0.count > 3 ? $0[3] : nil })
        var looks: [Substring: (Int, Int)] = [:]
        for line in trace.lines("looks") where line.count == 3 {
            looks[line[0]] = (Int(line[1]) ?? 0, Int(line[2]) ?? 0)
        }
        let outcomes = Dictionary(grouping: lives.values.flatMap(\.entries), by: \.outcome).mapValues(\.count)
        func count(_ outcome: Outcome) -> Int { outcomes[outcome.rawValue] ?? 0 }
        print("kills \(kills.count)")
        print("kills-of-submitters \(killed("submitter"))")
        print("kills-of-residents \(killed("resident"))")
        print("kills-of-launches \(killed("launch"))")
        print("boots-with-runs \(boots.count)")
        print("tried \(lives.values.filter(\.isTried).count)")
        print("acknowledged \(lives.values.filter(\.isAcknowledged).count)")
        print("committed-unacknowledged \(lives.values.filter { !$0.isAcknowledged && !$0.entries.isEmpty }.count)")
        print("runs-begun \(lives.values.map(\.starts.count).reduce(0, +))")
        print("succeeded \(count(.succeeded))")
        print("abandoned \(count(.abandoned))")
        print("interrupted \(count(.interrupted))")
        print("history-rows \(rows)")
        print("looks \(looks.values.map(\.0).reduce(0, +))")
        print("looks-with-work \(looks.values.map(\.1).reduce(0, +))")
        for line in trace.lines("failures").suffix(5) { print("failure: " + line.joined(separator: " ")) }
        print("failures \(trace.lines("failures").count)")
    }
}
