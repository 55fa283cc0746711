// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What is to happen at an instant: on the wall clock, on the awake clock, or on whichever comes first.
struct Appointment {
    var id: Int
    /// Whose death cancels it; 0: the world's own.
    var process: Int32
    var wall: Int64?
    var awake: Int64?
    var what: String
    var action: () -> Void
}

/// The clocks of the simulated host, and who waits for them.
struct Clocks {
    /// Microseconds. 2026-01-01.
    var wall: Int64 = 1_767_225_600_000_000
    var boot: Int64 = 60_000_000
    var awake: Int64 = 60_000_000
    private(set) var agenda: [Appointment] = []
    private var nextID = 0

    var moment: Moment { Moment(wall: WallTime(microseconds: wall), boot: boot, awake: awake) }

    @discardableResult
    mutating func add(
        process: Int32, wall: Int64? = nil, awake: Int64? = nil, what: String, _ action: @escaping () -> Void
    ) -> Int {
        nextID += 1
        agenda.append(
            Appointment(id: nextID, process: process, wall: wall, awake: awake, what: what, action: action))
        return nextID
    }

    mutating func remove(_ id: Int?) {
        if let index = agenda.firstIndex(where: { $0.id == id }) { agenda.remove(at: index) }
    }

    mutating func removeAll(of process: Int32) { agenda.removeAll { $0.process == process } }
    mutating func removeAll() { agenda = [] }

    private func delay(of appointment: Appointment) -> Int64 {
        let byWall = appointment.wall.map { $0.subtractingReportingOverflow(wall) }
            .map { $0.overflow ? Int64.max : $0.partialValue }
        let byAwake = appointment.awake.map { $0 == .max ? Int64.max : $0 - awake }
        return max(0, min(byWall ?? .max, byAwake ?? .max))
    }

    /// The time until the next appointment.
    var untilNext: Int64? { agenda.map(delay).min() }

    /// Takes one of those whose time has come: which one, `choice` decides.
    mutating func takeDue(_ choice: (Int) -> Int) -> Appointment? {
        let due = agenda.indices.filter { delay(of: agenda[$0]) == 0 }
        guard !due.isEmpty else { return nil }
        return agenda.remove(at: due[choice(due.count)])
    }

    mutating func pass(_ microseconds: Int64) {
        wall += microseconds
        boot += microseconds
        awake += microseconds
    }

    mutating func sleep(_ microseconds: Int64) {
        wall += microseconds
        boot += microseconds
    }
}
