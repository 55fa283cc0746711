// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One run of a world: its seed and its moves, in a form that people can read, shorten and run again.
package struct Script: Sendable {
    package var seed: UInt64
    package var moves: [Move]

    /// What came of a run.
    package struct Result: Sendable {
        package var violation: Violation?
        package var steps: Int
        package var counts: World.Counts
        package var trace: [String]
    }

    /// The script that a seed writes.
    package init(seed: UInt64, count: Int) {
        self.seed = seed
        var random = SeededRandom(seed: seed)
        let character = Character(seed: seed)
        moves = (0..<count).map { _ in character.move(&random) }
    }

    // MARK: Running

    /// Makes all moves until a promise is broken, then lets the world come to rest.
    package func run(realDisk: String? = nil, traces: Bool = false) throws -> Result {
        let world = try World(seed: seed, realDisk: realDisk, traces: traces)
        for move in moves where world.violation == nil { world.make(move) }
        let isBroken = world.violation != nil
        if !isBroken { world.quiesce() }
        world.close()
        return Result(
            violation: world.violation, steps: world.steps, counts: world.counts, trace: world.trace ?? [])
    }

    // MARK: Shortening

    /// Leaves out whatever is not needed for the same promise to be broken; `attempts` runs at the most.
    package func shortened(for violation: Violation, after steps: Int, attempts: Int = 150) -> Script {
        var best = self
        best.moves = Array(moves.prefix(steps))
        var left = attempts
        var chunk = max(1, best.moves.count / 2)
        while left > 0 {
            var start = 0
            var isShorter = false
            while start < best.moves.count, left > 0 {
                var shorter = best
                shorter.moves.removeSubrange(start..<min(start + chunk, best.moves.count))
                left -= 1
                if let result = try? shorter.run(), result.violation?.promise == violation.promise {
                    shorter.moves = Array(shorter.moves.prefix(result.steps))
                    best = shorter
                    isShorter = true
                } else {
                    start += chunk
                }
            }
            if chunk == 1, !isShorter { break }
            chunk = max(1, chunk / 2)
        }
        return best
    }

    // MARK: Text

    /// One line for the seed, then one for each move.
    package var text: String {
        "seed \(seed)\n" + moves.map { "\($0.kind.rawValue) \($0.seed)\n" }.joined()
    }

    /// Nil if a line is neither empty, nor a comment, nor a seed, nor a move.
    package init?(text: String) {
        seed = 0
        moves = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = UInt64(words[1]) else { return nil }
            if words[0] == "seed" {
                seed = number
            } else if let kind = Move.Kind(rawValue: String(words[0])) {
                moves.append(Move(kind: kind, seed: number))
            } else {
                return nil
            }
        }
    }
}
