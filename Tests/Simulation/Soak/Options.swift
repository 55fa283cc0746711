// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What the command line asks for.
struct Options {
    static let usage = """
        soak [--steps N] [--seed N] [--moves N] [--stride N] [--disk DIRECTORY] [--failures DIRECTORY]
        soak --replay FILE
        soak --show SEED [--moves N]

        Runs seeded worlds until N steps are done, and ends with an error at the first promise that is broken: the
        world is shortened then, and written to a file that --replay runs again, with every step told. --show tells
        every step of a seed's world.

          --seed N        the first world's seed (1)
          --stride N      the distance to the next one's (1)
          --moves N       the moves of one world (1000)
          --disk DIR      on the real disk below DIR instead of in memory; there are no power cuts then
          --shorten no    keep a failing world as it is
          --failures DIR  where failing worlds are written (.)
        """

    var steps = 100_000
    var seed: UInt64 = 1
    var stride: UInt64 = 1
    var moves = 1000
    var disk: String?
    var failures = "."
    var shortens = true
    var replay: String?
    var show: UInt64?

    struct Misuse: Error {}

    init(_ arguments: some Sequence<String>) throws(Misuse) {
        var rest = Array(arguments)[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Misuse() }
            switch (name, UInt64(value)) {
            case ("--steps", let number?): steps = Int(number)
            case ("--seed", let number?): seed = number
            case ("--stride", let number?): stride = number
            case ("--moves", let number?): moves = Int(number)
            case ("--disk", _): disk = value
            case ("--failures", _): failures = value
            case ("--shorten", _): shortens = value != "no"
            case ("--replay", _): replay = value
            case ("--show", let number?): show = number
            default: throw Misuse()
            }
        }
    }
}
