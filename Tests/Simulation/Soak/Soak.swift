// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingSimulation

/// Runs worlds, and tells what came of them.
struct Soak {
    var options: Options
    init(_ options: Options) { self.options = options }

    private var uptime: Double { ProcessInfo.processInfo.systemUptime }

    /// True if every promise was kept.
    func run() throws -> Bool {
        if let file = options.replay { return try replay(file) }
        if let seed = options.show { return try show(Script(seed: seed, count: options.moves)) }
        let start = uptime
        var told = start
        var steps = 0
        var worlds = 0
        var totals = World.Counts()
        var seed = options.seed
        while steps < options.steps {
            let script = Script(seed: seed, count: options.moves)
            let result = try script.run(realDisk: options.disk)
            steps += result.steps
            worlds += 1
            totals.add(result.counts)
            if let violation = result.violation {
                tell("seed \(seed), step \(result.steps): \(violation)")
                tell("\(steps) steps until then, in \(worlds) worlds.")
                if options.shortens { try shorten(violation, script, after: result.steps) }
                return false
            }
            if uptime - told > 10 {
                told = uptime
                tell("\(steps) steps, \(Int(Double(steps) / (uptime - start))) a second, seed \(seed)")
            }
            seed += options.stride
        }
        let place = options.disk.map { " on the real disk at \($0)" } ?? ""
        tell(
            "\(steps) steps in \(worlds) worlds\(place), no promise broken, \(Int(Double(steps) / (uptime - start))) a second"
        )
        tell(totals.description)
        return true
    }

    private func tell(_ line: String) {
        print(line)
        fflush(nil)
    }

    private func shorten(_ violation: Violation, _ script: Script, after steps: Int) throws {
        tell("Shortening it.")
        // On a real disk it is not shortened: what happens there may not happen in memory.
        let shorter = options.disk == nil ? script.shortened(for: violation, after: steps) : script
        let file = options.failures + "/soak-\(script.seed).failure"
        try ("# \(violation)\n" + shorter.text).write(toFile: file, atomically: true, encoding: .utf8)
        if options.disk == nil {
            for line in try shorter.run(traces: true).trace.suffix(200) { tell(line) }
        }
        tell("\(shorter.moves.count) moves are left. Again: soak --replay \(file)")
    }

    private func replay(_ file: String) throws -> Bool {
        guard let script = Script(text: try String(contentsOfFile: file, encoding: .utf8)) else {
            tell("\(file) holds no world.")
            return false
        }
        return try show(script)
    }

    private func show(_ script: Script) throws -> Bool {
        let result = try script.run(traces: true)
        for line in result.trace { tell(line) }
        tell(result.violation.map { "seed \(script.seed): \($0)" } ?? "No promise is broken.")
        return result.violation == nil
    }
}
