// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// A transfer's state in a few words.
package struct TransferWords: Sendable {
    private let time: InstantText

    package init(time: InstantText) { self.time = time }

    /// "waits for a network", "to be tried again in 12 s (14:00:12)", "moving".
    package func state(_ transfer: TransferReport) -> (text: String, style: TextStyle) {
        let (text, style) = own(transfer)
        guard let asked = transfer.asked else { return (text, style) }
        return (text + "; asked to " + asked, style)
    }

    private func own(_ transfer: TransferReport) -> (String, TextStyle) {
        switch transfer.state {
        case .running: return ("moving", .good)
        case .orphaned: return ("cut off: its process died", .warning)
        case .paused: return ("paused", .warning)
        case .waiting:
            let wait = transfer.waitsFor ?? .turn
            return (TransferWords.wait(wait) + when(wait, transfer.until), TransferWords.style(wait))
        case .ended:
            let untaken = transfer.deliveries == 0 ? "the app has not taken it yet" : "the app has not confirmed it yet"
            let outcome = transfer.outcome ?? "ended"
            let style: TextStyle =
                switch outcome {
                case "succeeded": .good
                case "rejected", "failed": .bad
                default: .dim
                }
            return (outcome + "; " + untaken, style)
        }
    }

    /// What it waits for.
    package static func wait(_ wait: TransferWait) -> String {
        switch wait {
        case .notBefore: "scheduled"
        case .turn: "waits for its turn"
        case .retry: "to be tried again"
        case .serverBusy: "the server wants a pause"
        case .network: "waits for a network"
        case .unmeteredNetwork: "waits for a network that it may use"
        case .externalPower: "waits for external power"
        case .storage: "waits for room on the disk"
        case .authorizer: "waits for the app's authorization"
        case .paused: "paused"
        case .otherProcess: "waits for another process of the app"
        case .launch: "waits for the app's next launch"
        }
    }

    /// What ends the wait, for people.
    package static func remedy(_ transfer: TransferReport, authorizer: String?) -> String? {
        switch transfer.state {
        case .running, .ended: nil
        case .orphaned: "the next process of the app goes on from the bytes that are certain"
        case .paused: "backgroundctl transfers resume NAME, or the app, lets it go on"
        case .waiting:
            switch transfer.waitsFor ?? .turn {
            case .notBefore: "it was begun with this instant"
            case .turn: "others of the session move first"
            case .retry: "the last attempt failed; each wait is longer"
            case .serverBusy: "the server said so, or fails too often"
            case .network: "it goes on as soon as there is one"
            case .unmeteredNetwork: "not on metered, constrained or cellular networks, as its policy says"
            case .externalPower: "it is discretionary: plug the machine in"
            case .storage: "free some space on the disk of its file, or in its quota; it goes on by itself"
            case .authorizer:
                "the app has to run and to register its hook" + (authorizer.map { " \($0)" } ?? "")
            case .paused: "resume it"
            case .otherProcess: "it goes on when that process lets the session go"
            case .launch: "a process of the app has to run and to open the session"
            }
        }
    }

    private func when(_ wait: TransferWait, _ until: Instant?) -> String {
        guard let until, until.wall > time.now else { return "" }
        let near = time.near(until.wall)
        switch wait {
        case .notBefore, .retry, .launch, .authorizer: return " " + near
        case .serverBusy: return "; tried again " + near
        case .turn, .network, .unmeteredNetwork, .externalPower, .storage, .paused, .otherProcess:
            return "; looked at again " + near
        }
    }

    private static func style(_ wait: TransferWait) -> TextStyle {
        switch wait {
        case .notBefore, .turn, .otherProcess, .launch: .plain
        case .retry, .serverBusy, .network, .unmeteredNetwork, .externalPower, .storage, .authorizer, .paused:
            .warning
        }
    }

    /// "42 % of 3.2 MB", "1.4 MB" where nobody knows of how many.
    package static func bytes(_ transfer: TransferReport) -> String {
        guard let total = transfer.total else {
            return transfer.completed == 0 ? "" : ByteText.text(transfer.completed)
        }
        return percent(transfer) + " of " + ByteText.text(total)
    }

    /// Whole percents; 100 only for all of it.
    package static func percent(_ transfer: TransferReport) -> String { "\(Int((transfer.fraction ?? 0) * 100)) %" }

    /// "2 moving, 3 waiting, 1 ended".
    package static func counts(_ session: TransferSessionReport) -> String {
        let figures = [
            (session.running, session.pid == nil ? "cut off" : "moving"), (session.waiting, "waiting"),
            (session.paused, "paused"), (session.ended, "ended and not taken yet"),
        ]
        let parts = figures.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.isEmpty ? "no transfers" : parts.joined(separator: ", ")
    }
}

/// Numbers of bytes as people read them, in powers of 1000.
package enum ByteText {
    package static func text(_ bytes: Int64) -> String {
        let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes) / 1000
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        // Never rounded up to what is not there.
        let tenths = Int(value * 10)
        return value < 100 ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\(Int(value)) \(units[unit])"
    }
}
