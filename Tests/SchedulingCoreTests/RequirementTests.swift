// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("What a task requires")
struct RequirementTests {
    static func seen<Value>(_ value: Value?) -> Observed<Value> { Observed(value, source: "test", at: .epoch) }

    /// Everything is known and well.
    static let fine = Conditions(
        power: seen(.external), network: seen(.online), isMetered: seen(false), isConstrained: seen(false),
        battery: seen(BatteryCharge(level: 1, isLow: false)),
        storage: seen(StorageSpace(available: 50 << 30, capacity: 100 << 30, before: nil)),
        load: seen(SystemLoad(level: 0, before: nil)), isUserIdle: seen(true))

    /// Each requirement with a condition that lacks it, and the reason of a run that loses it.
    static let lacks: [(Requirement, ExpirationReason, @Sendable (inout Conditions) -> Void)] = [
        (.network, .networkLost, { $0.network = seen(.offline) }),
        (.externalPower, .powerLost, { $0.power = seen(.battery) }),
        (.unmeteredNetwork, .networkMetered, { $0.isMetered = seen(true) }),
        (.unconstrainedNetwork, .networkConstrained, { $0.isConstrained = seen(true) }),
        (.batteryNotLow, .batteryLow, { $0.battery = seen(BatteryCharge(level: 0.1, isLow: true)) }),
        (
            .storageNotLow, .storageLow,
            { $0.storage = seen(StorageSpace(available: 1, capacity: 1 << 40, before: nil)) }
        ),
        (.lowLoad, .loadHigh, { $0.load = seen(SystemLoad(level: 0.9, before: nil)) }),
        (.userIdle, .userActive, { $0.isUserIdle = seen(false) }),
    ]
    static let everything = Requirement(lacks.map(\.0))

    @Test("each requirement is unmet by its own condition alone, and names the reason of its loss", arguments: 0..<8)
    func each(index: Int) {
        let (requirement, reason, lose) = RequirementTests.lacks[index]
        var conditions = RequirementTests.fine
        #expect(RequirementTests.everything.unmet(by: conditions).isEmpty)
        lose(&conditions)
        #expect(RequirementTests.everything.unmet(by: conditions) == requirement)
        #expect(requirement.unmet(by: conditions) == requirement)
        #expect(requirement.expirationReason == reason)
        #expect(reason.isInterruption)
        #expect(!reason.description.isEmpty)
        // What nobody asked for holds nothing back.
        #expect(
            RequirementTests.everything.subtracting(requirement).unmet(by: conditions).isEmpty
                == (requirement != .network))
    }

    @Test("what nobody can tell holds nothing back")
    func unknown() {
        #expect(RequirementTests.everything.unmet(by: Conditions()).isEmpty)
    }

    @Test("a better network implies a network, and while there is none, that is what is missing")
    func implied() {
        var conditions = RequirementTests.fine
        conditions.network = RequirementTests.seen(.offline)
        conditions.isMetered = RequirementTests.seen(true)
        #expect(Requirement.unmeteredNetwork.unmet(by: conditions) == .network)
        #expect(Requirement.unconstrainedNetwork.unmet(by: conditions) == .network)
    }

    @Test("several that are missing are all found")
    func several() {
        var conditions = RequirementTests.fine
        for (_, _, lose) in RequirementTests.lacks { lose(&conditions) }
        // Without a network its kind is nothing to speak of.
        #expect(
            RequirementTests.everything.unmet(by: conditions)
                == RequirementTests.everything.subtracting([.unmeteredNetwork, .unconstrainedNetwork]))
        #expect(RequirementTests.everything.expirationReason == .powerLost)
        #expect(Requirement([]).expirationReason == nil)
    }

    @Test("persisted bits and numbers keep their meaning")
    func persisted() {
        #expect(RequirementTests.lacks.map(\.0.rawValue) == [1, 2, 4, 8, 16, 32, 64, 128])
        #expect(RequirementTests.lacks.map(\.1.rawValue) == [6, 5, 11, 12, 13, 14, 15, 16])
    }
}
