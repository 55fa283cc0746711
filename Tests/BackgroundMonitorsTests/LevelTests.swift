// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@Suite("Levels that tremble")
struct LevelTests {
    @Test("a battery is lost at 15 percent, and met again above 20; at a first look it has to be above 20")
    func battery() {
        func judged(_ levels: [Double]) -> [Bool] {
            var last: BatteryCharge?
            return levels.map { level in
                let charge = BatteryCharge(level: level, before: last)
                last = charge
                return charge.isLow
            }
        }
        #expect(
            judged([0.21, 0.20, 0.16, 0.15, 0.16, 0.20, 0.21, 0.16]) == [
                false, false, false, true, true, true, false, false,
            ])
        #expect(judged([0.18, 0.16]) == [true, true])
    }

    @Test("load is lost at 40 percent, and met again below 20; at a first look it has to be below 20")
    func load() throws {
        func judged(_ levels: [Double]) throws -> [Bool] {
            var last: SystemLoad?
            return try levels.map { level in
                let load = try #require(SystemLoad(level: level, before: last))
                last = load
                return load.isHigh
            }
        }
        #expect(
            try judged([0.19, 0.20, 0.39, 0.40, 0.39, 0.20, 0.19, 0.39]) == [
                false, false, false, true, true, true, false, false,
            ])
        #expect(try judged([0.3, 0.25]) == [true, true])
    }

    @Test("storage is lost at 5 percent or at 500 MiB, whichever is less, and met again a fifth above that")
    func storage() throws {
        let mib: Int64 = 1 << 20
        func judged(_ capacity: Int64, _ available: [Int64]) throws -> [Bool] {
            var last: StorageSpace?
            return try available.map { available in
                let space = try #require(StorageSpace(available: available, capacity: capacity, before: last))
                last = space
                return space.isLow
            }
        }
        // A large one, and one of 1,000 MiB, of which 5 percent are 50.
        #expect(
            try judged(1 << 40, [601 * mib, 501 * mib, 500 * mib, 600 * mib, 601 * mib]) == [
                false, false, true, true, false,
            ])
        #expect(
            try judged(1000 * mib, [61 * mib, 51 * mib, 50 * mib, 60 * mib, 61 * mib]) == [
                false, false, true, true, false,
            ])
    }

    @Test("values out of range are clamped, and what is no number is unknown")
    func outOfRange() throws {
        #expect(BatteryCharge(level: 7, before: nil).level == 1)
        #expect(BatteryCharge(level: -.infinity, before: nil) == BatteryCharge(level: 0, isLow: true))
        #expect(BatteryCharge(level: .nan, before: nil) == BatteryCharge(level: nil, isLow: false))
        #expect(SystemLoad(level: .infinity, before: nil)?.level == 1)
        #expect(SystemLoad(level: .nan, before: nil) == nil)
        #expect(StorageSpace(available: 1, capacity: 0, before: nil) == nil)
        #expect(StorageSpace(available: 1, capacity: -1, before: nil) == nil)
        let space = try #require(StorageSpace(available: .max, capacity: 1 << 30, before: nil))
        #expect(space.available == 1 << 30)
        #expect(try #require(StorageSpace(available: .min, capacity: .max, before: nil)).available == 0)
    }
}
