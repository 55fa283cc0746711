// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import Foundation
import Scheduling
import SchedulingTesting
import Synchronization
import Testing

/// A program that lives for months uses no more at the end than at the beginning. `Tests/soak months` asks for 24 months,
/// alone in its process, and then looks at the memory too.
@Suite("Use of the system over months")
struct FlatUseTests {
    struct Use: CustomStringConvertible {
        var month: Int
        var runs: Int
        /// Descriptors of the state directory's files, and all of them.
        var descriptors: Int
        var allDescriptors: Int
        /// KiB.
        var memory: Int
        /// Bytes.
        var database: Int
        var log: Int

        var description: String {
            "month \(month): \(runs) runs, \(descriptors) descriptors of its own, \(allDescriptors) in all, "
                + "\(memory) KiB resident, database \(database / 1024) KiB, log \(log / 1024) KiB"
        }
    }

    @Test("a task each hour and one each day, in one process: descriptors, memory, log and database stay as they are")
    func months() async throws {
        let asked = ProcessInfo.processInfo.environment["SOAK_MONTHS"].flatMap(Int.init)
        let months = asked ?? 1
        let time = ManualTime()
        let runs = Counter()
        let test = try TestScheduler(time: time, configuration: .init(limits: .unlimited)) { scheduler in
            for (identifier, seconds) in [("hourly", 3600.0), ("daily", 86_400)] {
                scheduler.register(forTaskWithIdentifier: identifier) { _ in
                    runs.count()
                    try scheduler.submitProcessing(identifier, in: seconds, now: time)
                }
            }
        }
        try test.startResident()
        try test.scheduler.submitProcessing("hourly", in: 60, now: time)
        try test.scheduler.submitProcessing("daily", in: 90, now: time)
        var uses: [Use] = []
        for month in 1...months {
            for _ in 0..<(asked == nil ? 10 : 30) { try await test.advance(by: .seconds(86_400)) }
            #expect(test.log.isEmpty, "\(test.log.prefix(3))")
            // What the simulated host writes down for its test is no use of the program's.
            test.forgetEvents()
            uses.append(use(test.directory, month: month, runs: runs.total))
            if asked != nil { print(uses[uses.count - 1]) }
        }
        let last = try #require(uses.last)
        #expect(last.runs >= (asked == nil ? 240 : months * 735), "\(last)")
        let limits = "\(uses)"
        // Two connections with their log and index, two times three lock files and doorbells, one watch and its file.
        #expect(uses.allSatisfy { $0.descriptors <= 16 }, "\(limits)")
        // Copied into the database at 1000 pages; the file is cut at 4 MiB.
        #expect(uses.allSatisfy { $0.log <= 6 << 20 }, "\(limits)")
        // 10,000 rows of history and nothing else that grows.
        #expect(uses.allSatisfy { $0.database <= 4 << 20 }, "\(limits)")
        // Alone in its process: beside other tests a lock may just be open.
        guard asked != nil, months >= 4 else { return }
        #expect(uses.allSatisfy { $0.descriptors == uses[0].descriptors }, "\(limits)")
        let warm = uses[2]
        #expect(uses.dropFirst(2).allSatisfy { $0.allDescriptors == warm.allDescriptors }, "\(limits)")
        #expect(last.memory <= warm.memory + 8 * 1024, "\(limits)")
        if months >= 20 { #expect(last.database <= uses[15].database + 64 * 1024, "\(limits)") }
    }

    private final class Counter: Sendable {
        private let number = Mutex(0)
        func count() { number.withLock { $0 += 1 } }
        var total: Int { number.withLock { $0 } }
    }

    private func use(_ directory: String, month: Int, runs: Int) -> Use {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let targets = descriptors.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
        }
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let memory = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            .flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        func size(_ name: String) -> Int {
            let about = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)
            return (about?[.size] as? Int) ?? 0
        }
        return Use(
            month: month, runs: runs, descriptors: targets.filter { $0.hasPrefix(directory) }.count,
            allDescriptors: targets.count, memory: memory ?? 0, database: size("scheduling.sqlite"),
            log: size("scheduling.sqlite-wal"))
    }
}
#endif
