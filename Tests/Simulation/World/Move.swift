// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One thing that happens in a world; what it does in detail follows from its own seed, so that a run without some of its
/// moves still makes sense.
package struct Move: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        // What every world has.
        case deliver, advance, nap
        // What programs and people do.
        case start, exit, submit, submitSeveral, cancel, cancelAll, resident, terminate, simulateLaunch
        case simulateExpiration
        // What happens to the host.
        case suspend, reboot, power, network, stepClock, zone
        // What goes wrong.
        case kill, bomb, powerCut, cutBomb, restartManager, bus, diskFull, ioError, syncError, syncLoss, busy, bell
    }

    package var kind: Kind
    package var seed: UInt64
}

/// What a world is like: which moves it has and how often. Each seed leaves some out and makes others frequent, so that
/// rare combinations come up ("swarm testing").
package struct Character: Sendable {
    package let weights: [(kind: Move.Kind, weight: Int)]
    let total: Int
    /// How many identifiers the program has.
    let identifiers: Int
    let hasAppleLimits: Bool
    /// How often in a thousand a request says something beyond Apple's.
    let terms: Int
    /// How often in a thousand another process acts at an effect boundary of one, and how often in ten thousand at a call of
    /// its file system.
    let interjections: Int
    let callInterjections: Int
    /// How often in a thousand another process acts between two transactions of one.
    let pauseInterjections: Int
    /// Whether the store is there when the world begins.
    let hasStore: Bool

    package init(seed: UInt64) {
        var random = SeededRandom(seed: seed ^ 0xc4a2_ac7e)
        let usual: [(Move.Kind, Int)] = [
            (.deliver, 600), (.advance, 300), (.nap, 40), (.start, 20), (.exit, 8), (.submit, 60),
            (.submitSeveral, 8), (.cancel, 8), (.cancelAll, 2), (.resident, 8), (.terminate, 6),
            (.simulateLaunch, 4), (.simulateExpiration, 4), (.suspend, 6), (.reboot, 3), (.power, 8), (.network, 8),
            (.stepClock, 6), (.zone, 6),
        ]
        let faults: [(Move.Kind, Int)] = [
            (.kill, 8), (.bomb, 14), (.powerCut, 3), (.cutBomb, 6), (.restartManager, 3), (.bus, 5), (.diskFull, 3),
            (.ioError, 6), (.syncError, 3), (.syncLoss, 3), (.busy, 3), (.bell, 3),
        ]
        var weights = usual.map { (kind: $0.0, weight: $0.1) }
        for (index, item) in weights.enumerated() where index > 5 {
            weights[index].weight = item.weight * [0, 1, 1, 1, 3][random.below(5)]
        }
        for (kind, weight) in faults { weights.append((kind, weight * [0, 0, 1, 1, 2, 4][random.below(6)])) }
        self.weights = weights
        total = weights.reduce(0) { $0 + $1.weight }
        identifiers = 2 + random.below(6)
        hasAppleLimits = random.below(3) == 0
        terms = [0, 300, 700][random.below(3)]
        interjections = [0, 0, 10, 50][random.below(4)]
        callInterjections = random.below(50) == 0 ? 20 : 0
        hasStore = random.below(6) != 0
        pauseInterjections = random.below(4) == 0 ? 40 : 0
    }

    /// The next move of a world of this character.
    package func move(_ random: inout SeededRandom) -> Move {
        var point = random.below(total)
        for (kind, weight) in weights {
            if point < weight { return Move(kind: kind, seed: random.next()) }
            point -= weight
        }
        return Move(kind: .advance, seed: random.next())
    }
}
