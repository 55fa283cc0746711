// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("Which conditions one process looks at")
struct ConditionInterestTests {
    private func driver(_ mode: SchedulerMachine.Mode = .resident) -> MachineDriver {
        var driver = MachineDriver(mode)
        driver.conditions = RequirementTests.fine
        return driver
    }

    @Test("what requires nothing has nothing looked at")
    func nothing() {
        var driver = driver()
        driver.add("a")
        let effects = driver.send(.began(announced: []))
        #expect(driver.started(effects) == ["a"])
        #expect(!effects.contains { if case .observeConditions = $0 { true } else { false } })
        #expect(!effects.contains { if case .askWhatWaits = $0 { true } else { false } })
    }

    @Test("what is due has everything looked at once that any of it requires")
    func union() {
        var driver = driver()
        driver.add("a", requires: .network)
        driver.add("b", requires: [.lowLoad, .userIdle])
        let effects = driver.send(.began(announced: []))
        #expect(driver.started(effects) == ["a", "b"])
        let looked = effects.compactMap { if case .observeConditions(let kinds) = $0 { kinds } else { nil } }
        #expect(looked == [[.network, .lowLoad, .userIdle]])
    }

    @Test("a requirement that comes later is looked at before its task starts, or waits")
    func later() {
        var driver = driver()
        driver.add("a", requires: .network)
        driver.send(.began(announced: []))
        RequirementTests.lacks[6].2(&driver.conditions)
        driver.add("b", requires: .lowLoad)
        #expect(driver.started(driver.send(.rang)).isEmpty)
        #expect(driver.watched == [.network, .lowLoad])
        #expect(driver.pending.map(\.postponements) == [1])
    }

    @Test("what runs and what waits is watched; with the last of them, nothing is")
    func narrows() {
        var driver = driver()
        let a = driver.add("a", requires: .storageNotLow)
        RequirementTests.lacks[6].2(&driver.conditions)
        driver.add("b", requires: [.lowLoad, .network])
        driver.send(.began(announced: []))
        #expect(driver.watched == [.storageNotLow, .lowLoad, .network])
        driver.send(.completed(a, failure: nil, retryAfter: nil))
        #expect(driver.watched == [.lowLoad, .network])
        // Cancelled by another process.
        driver.pending = []
        driver.send(.rang)
        #expect(driver.watched == [])
        // And is looked at anew when it is required again.
        driver.conditions = RequirementTests.fine
        driver.add("c", requires: .lowLoad)
        #expect(driver.started(driver.send(.rang)) == ["c"])
        #expect(driver.watched == .lowLoad)
    }

    @Test("of too much that waits, everything stays watched")
    func tooMuch() {
        var driver = driver()
        driver.add("a", requires: [.lowLoad, .network])
        driver.send(.began(announced: []))
        #expect(driver.send(.waiting(nil, asked: driver.machine.postponements)).isEmpty)
        #expect(driver.watched == [.lowLoad, .network])
    }

    @Test("what another process found waiting is watched by one that knows of it")
    func ofAnother() {
        var driver = driver()
        driver.add("a", requires: .network)
        driver.send(.began(announced: []))
        #expect(
            driver.send(.waiting([.network, .userIdle], asked: driver.machine.postponements)).contains(
                .observeConditions([.network, .userIdle])))
    }

    @Test("a change is looked at, and each run that lost what it requires is told why", arguments: 0..<8)
    func lost(index: Int) {
        let (requirement, reason, lose) = RequirementTests.lacks[index]
        var driver = driver()
        let a = driver.add("a", requires: requirement)
        driver.add("b")
        driver.send(.began(announced: []))
        #expect(driver.send(.conditionsChanged).contains(.observeConditions(requirement)))
        lose(&driver.conditions)
        let effects = driver.send(.conditionsChanged)
        #expect(effects.contains(.markCut([a], reason)))
        #expect(driver.expired(effects) == [reason])
        let end = driver.ends(driver.send(.completed(a, failure: "stopped", retryAfter: nil)))[0]
        #expect(end.outcome == .interrupted && end.again == driver.now.wall)
    }

    @Test("a change of what nobody needs any more is not looked at")
    func stale() {
        var driver = driver()
        driver.send(.began(announced: []))
        driver.send(.conditionsChanged)
        #expect(!driver.effects.contains { if case .observeConditions = $0 { true } else { false } })
    }

    @Test("an answer from before something was put off is not believed: the watch goes on")
    func outdatedAnswer() {
        var driver = driver()
        driver.conditions = MachineDriver.conditions(.battery, .online)
        driver.add("a", requires: .externalPower)
        driver.send(.began(announced: []))
        #expect(driver.watched == .externalPower)
        let asked = driver.machine.postponements
        let late = Occurrence(
            id: 9, request: 9, identifier: "b", kind: .processing, instant: driver.now.wall, eligible: driver.now.wall,
            requirements: .externalPower, submitted: driver.now.wall)
        // Asked before "b" was put off, answered after: the store had nothing to tell of yet.
        _ = driver.machine.handle(.looked(due: [late], next: nil), at: driver.now)
        let effects = driver.machine.handle(.waiting([], asked: asked), at: driver.now)
        #expect(effects.isEmpty)
        let answer = driver.machine.handle(.waiting([], asked: driver.machine.postponements), at: driver.now)
        #expect(answer.contains(.watchConditions([])))
    }
}
