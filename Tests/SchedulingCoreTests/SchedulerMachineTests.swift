// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("The machine of one process")
struct SchedulerMachineTests {
    @Test("a launch with nothing due finishes at once")
    func nothingDue() {
        var driver = MachineDriver(.launch)
        #expect(driver.send(.began(announced: [])).contains(.finish))
    }

    @Test("a launch runs what is due, holds the locks meanwhile, and finishes after the last end")
    func launchRuns() {
        var driver = MachineDriver(.launch)
        let a = driver.add("a")
        let b = driver.add("b", .processing)
        driver.add("c", in: .seconds(60))
        let begun = driver.send(.began(announced: []))
        #expect(driver.started(begun) == ["a", "b"])
        // A handler that is due does not wait for logind; what follows its start does.
        #expect(begun.lastIndex { if case .start = $0 { true } else { false } }! < begun.firstIndex(of: .holdLocks)!)
        #expect(begun.firstIndex(of: .holdLocks)! < begun.firstIndex(of: .keepArmed)!)
        let first = driver.send(.completed(a, failure: nil))
        #expect(driver.ends(first).map(\.outcome) == [.succeeded])
        #expect(!first.contains(.releaseLocks) && !first.contains(.finish))
        let second = driver.send(.completed(b, failure: "no"))
        #expect(driver.ends(second).map(\.outcome) == [.failed])
        #expect(second.contains(.releaseLocks) && second.contains(.finish))
    }

    @Test("a resident runs a task when its instant comes, and sets its alarm for it before")
    func residentWaits() {
        var driver = MachineDriver(.resident)
        driver.add("a", in: .seconds(60))
        let begun = driver.send(.began(announced: []))
        let instant = driver.now.wall.advanced(by: .seconds(60))
        #expect(begun.contains(.setAlarm(wall: instant, awake: nil)))
        #expect(begun.contains(.keepArmed))
        driver.pass(.seconds(60))
        #expect(driver.started(driver.send(.timeReached)) == ["a"])
    }

    @Test("nothing starts while the wall clock reads earlier than its instant")
    func neverEarly() {
        var driver = MachineDriver(.resident)
        driver.add("a", in: .seconds(60))
        driver.send(.began(announced: []))
        driver.now.awake += 120_000_000
        driver.now.wall = driver.now.wall.advanced(by: .seconds(-3600))
        #expect(driver.started(driver.send(.timeReached)).isEmpty)
    }

    @Test("two due occurrences of one identifier run one after the other")
    func oneRunAnIdentifier() {
        var driver = MachineDriver(.launch)
        let first = driver.add("a")
        driver.add("a")
        #expect(driver.started(driver.send(.began(announced: []))) == ["a"])
        #expect(driver.started(driver.send(.completed(first, failure: nil))) == ["a"])
    }

    @Test("what a look found beyond the room is claimed without another look, unless something has changed")
    func backlog() {
        var policy = RunPolicy()
        policy.maximumConcurrentTasks = 1
        var driver = MachineDriver(.resident, policy: policy)
        let first = driver.add("a")
        let second = driver.add("b")
        driver.add("c")
        driver.send(.began(announced: []))
        // The look after the claim found two more than there was room for.
        #expect(driver.machine.shortcut(at: driver.now) == .wait)
        _ = driver.machine.handle(.completed(first, failure: nil), at: driver.now)
        #expect(driver.machine.shortcut(at: driver.now) == .claim([second]))
        #expect(driver.machine.shortcut(at: driver.now) == nil, "the claim is not answered")
        _ = driver.machine.handle(.claimed([driver.pending[0]], asked: [second]), at: driver.now)
        #expect(driver.machine.shortcut(at: driver.now) == .wait)
        _ = driver.machine.handle(.rang, at: driver.now)
        #expect(driver.machine.shortcut(at: driver.now) == nil, "somebody changed the store")
    }

    @Test("what a look found beyond the room is left to the next look where it may not start")
    func backlogWaits() {
        var policy = RunPolicy()
        policy.maximumConcurrentTasks = 1
        var driver = MachineDriver(.resident, policy: policy)
        let first = driver.add("a")
        driver.add("unknown")
        driver.send(.began(announced: []))
        _ = driver.machine.handle(.completed(first, failure: nil), at: driver.now)
        #expect(driver.machine.shortcut(at: driver.now) == nil)
        driver.machine.backlog = [driver.pending[0]]
        #expect(driver.machine.claimedNext == [driver.pending[0].id])
        driver.now.wall = driver.now.wall.advanced(by: .seconds(-1))
        #expect(driver.machine.shortcut(at: driver.now) == nil, "the clock was set back")
    }

    @Test("no more tasks than allowed run at once")
    func concurrency() {
        var policy = RunPolicy()
        policy.maximumConcurrentTasks = 2
        var driver = MachineDriver(.launch, policy: policy)
        let a = driver.add("a")
        driver.add("b")
        driver.add("c")
        #expect(driver.started(driver.send(.began(announced: []))) == ["a", "b"])
        #expect(driver.started(driver.send(.completed(a, failure: nil))) == ["c"])
    }

    @Test("an occurrence that another process took is left alone, and looked at again later")
    func contention() {
        var driver = MachineDriver(.launch)
        driver.lost = [driver.add("a")]
        let begun = driver.send(.began(announced: []))
        #expect(driver.started(begun).isEmpty)
        #expect(begun.contains(.finish))
        #expect(driver.pending[0].eligible == driver.now.wall.advanced(by: .seconds(30)))
    }

    @Test("a due task without a handler is put off, not started")
    func noHandler() {
        var driver = MachineDriver(.launch, handled: [])
        driver.add("a")
        let begun = driver.send(.began(announced: []))
        #expect(driver.started(begun).isEmpty && begun.contains(.finish))
        #expect(driver.pending[0].eligible == driver.now.wall.advanced(by: .seconds(900)))
    }

    @Test("a condition that is not met puts a task off by the re-check intervals, 15, 30, 60 and 60 minutes")
    func rechecks() {
        var intervals: [Int64] = []
        var row = 0
        for _ in 0..<4 {
            var driver = MachineDriver(.launch)
            driver.conditions = MachineDriver.conditions(.battery, .online)
            driver.add("a", requires: .externalPower)
            driver.pending[0].postponements = row
            let begun = driver.send(.began(announced: []))
            #expect(driver.started(begun).isEmpty && begun.contains(.finish))
            intervals.append(driver.now.wall.distance(to: driver.pending[0].eligible).components.seconds)
            row += 1
        }
        #expect(intervals == [900, 1800, 3600, 3600])
    }

    @Test("a waiting task starts at once when a live process sees its condition met")
    func conditionMet() {
        var driver = MachineDriver(.resident)
        driver.conditions = MachineDriver.conditions(.battery, .online)
        driver.add("a", requires: .externalPower)
        #expect(driver.started(driver.send(.began(announced: []))).isEmpty)
        driver.pass(.seconds(5))
        let plugged = driver.send(.conditionsObserved(MachineDriver.conditions(.external, .online)))
        #expect(driver.started(plugged) == ["a"])
    }

    @Test("an unknown condition holds nothing back")
    func unknownCondition() {
        var driver = MachineDriver(.launch)
        driver.conditions = MachineDriver.conditions(nil, nil)
        driver.add("a", requires: [.externalPower, .network])
        #expect(driver.started(driver.send(.began(announced: []))) == ["a"])
    }

    @Test("losing a required condition expires the run, and it is due again with no attempt burnt")
    func conditionLost() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a", requires: .network)
        driver.add("b")
        driver.send(.began(announced: []))
        let lost = driver.send(.conditionsObserved(MachineDriver.conditions(.external, .offline)))
        #expect(lost.contains(.markCut([a], .networkLost)))
        #expect(driver.expired(lost) == [.networkLost])
        let end = driver.ends(driver.send(.completed(a, failure: "stopped")))[0]
        #expect(end.outcome == .interrupted && end.again == driver.now.wall)
    }

    @Test("a run is expired when its budget is used up, measured without sleep, and that is its end")
    func budget() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        driver.send(.began(announced: []))
        driver.now.wall = driver.now.wall.advanced(by: .seconds(3600))  // a suspend: the awake clock stood still
        #expect(driver.expired(driver.send(.timeReached)).isEmpty)
        driver.now.awake += 30_000_000
        #expect(driver.expired(driver.send(.timeReached)) == [.budget])
        let end = driver.ends(driver.send(.completed(a, failure: "stopped")))[0]
        #expect(end.outcome == .expired && end.again == nil)
    }

    @Test("a run that completes with success after it was told to stop has succeeded")
    func successAfterExpiration() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        driver.send(.began(announced: []))
        driver.send(.host(.willSleep(grace: .seconds(5))))
        #expect(driver.ends(driver.send(.completed(a, failure: nil)))[0].outcome == .succeeded)
    }

    @Test("a handler that does not stop is closed after its grace, and its identifier is not started again beside it")
    func closedAfterGrace() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        driver.send(.began(announced: []))
        driver.send(.host(.willSleep(grace: .seconds(5))))
        driver.pass(.seconds(4))
        let closed = driver.send(.timeReached)
        #expect(driver.ends(closed)[0].outcome == .interrupted)
        #expect(closed.contains(.releaseLocks))
        #expect(driver.started(driver.send(.host(.didWake))).isEmpty)
        // The handler returns at last: now there is room for the run that is due again.
        #expect(driver.started(driver.send(.completed(a, failure: nil))) == ["a"])
    }

    @Test("a handler that cannot be told counts as completed, and its identifier waits until it has returned")
    func cannotBeTold() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        driver.send(.began(announced: []))
        driver.send(.host(.willSleep(grace: .seconds(5))))
        let closed = driver.send(.cannotBeTold(a))
        #expect(driver.ends(closed).map(\.outcome) == [.interrupted])
        #expect(closed.contains(.releaseLocks))
        #expect(driver.started(driver.send(.host(.didWake))).isEmpty)
        #expect(driver.started(driver.send(.completed(a, failure: nil))) == ["a"])
    }

    @Test("sleep: runs are told first, the locks go with the last end, nothing starts before the host is awake again")
    func sleep() {
        var driver = MachineDriver(.launch)
        let a = driver.add("a")
        let b = driver.add("b")
        driver.send(.began(announced: []))
        let told = driver.send(.host(.willSleep(grace: .seconds(5))))
        #expect(told.firstIndex(of: .markCut([a, b], .systemSleep))! < told.firstIndex(of: .expire(a, .systemSleep))!)
        #expect(!driver.send(.completed(a, failure: "cut")).contains(.releaseLocks))
        let last = driver.send(.completed(b, failure: "cut"))
        #expect(last.contains(.releaseLocks) && !last.contains(.finish))
        #expect(driver.started(driver.send(.rang)).isEmpty)
        #expect(driver.started(driver.send(.host(.didWake))) == ["a", "b"])
    }

    @Test("a launch into an announced sleep starts nothing and waits")
    func launchedIntoSleep() {
        var driver = MachineDriver(.launch)
        driver.add("a")
        let begun = driver.send(.began(announced: [.willSleep(grace: .seconds(5))]))
        #expect(driver.started(begun).isEmpty && !begun.contains(.finish))
        #expect(driver.started(driver.send(.host(.didWake))) == ["a"])
    }

    @Test("a stop expires the runs and finishes after them; they are due again a minute later")
    func stop() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        driver.send(.began(announced: []))
        #expect(driver.expired(driver.send(.host(.stopRequested))) == [.serviceStop])
        let last = driver.send(.completed(a, failure: "cut"))
        #expect(driver.ends(last)[0].again == driver.now.wall.advanced(by: .seconds(60)))
        #expect(last.contains(.finish))
        #expect(driver.send(.rang).isEmpty)
    }

    @Test("a stop with nothing running finishes at once")
    func stopIdle() {
        var driver = MachineDriver(.resident)
        driver.send(.began(announced: []))
        #expect(driver.send(.host(.stopRequested)).contains(.finish))
    }

    @Test("a cancelled run ends as cancelled and is not due again")
    func cancelled() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        driver.send(.began(announced: []))
        #expect(driver.expired(driver.send(.stopAsked(a, .cancelled))) == [.cancelled])
        let end = driver.ends(driver.send(.completed(a, failure: "stopped")))[0]
        #expect(end.outcome == .cancelled && end.again == nil)
    }

    @Test("while something runs, the wake-up is moved ahead and more time is asked for, at every heartbeat")
    func heartbeat() {
        var driver = MachineDriver(.resident)
        driver.add("a", .processing)
        driver.send(.began(announced: []))
        driver.pass(.seconds(60))
        let beat = driver.send(.timeReached)
        #expect(beat.contains(.keepArmed) && beat.contains(.tellServiceManager(["a"])))
    }

    @Test("an instant that was reached is not set again before the store has told of another")
    func noAlarmInThePast() {
        var driver = MachineDriver(.resident)
        driver.add("a", in: .seconds(60))
        driver.send(.began(announced: []))
        driver.pass(.seconds(60))
        // The store does not answer: an alarm at an instant that is past would go off for ever.
        let effects = driver.machine.handle(.timeReached, at: driver.now)
        #expect(effects == [.look(includingWaiting: false), .setAlarm(wall: nil, awake: nil)])
    }

    @Test("a stop that comes between a claim and its answer gives back what was claimed, no attempt burnt")
    func stopWhileClaiming() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        _ = driver.machine.handle(.began(announced: []), at: driver.now)
        let claim = driver.machine.handle(.looked(due: driver.pending, next: nil), at: driver.now)
        #expect(claim.contains(.claim([a])))
        #expect(!driver.machine.handle(.host(.stopRequested), at: driver.now).contains(.finish))
        let answer = driver.machine.handle(.claimed(driver.pending, asked: [a]), at: driver.now)
        #expect(driver.ends(answer).map(\.outcome) == [.interrupted])
        #expect(driver.ends(answer)[0].again == driver.now.wall)
        #expect(answer.last == .finish)
    }

    @Test("a stop during a claim that the store refuses finishes all the same")
    func stopWhileClaimIsRefused() {
        var driver = MachineDriver(.launch)
        driver.add("a")
        _ = driver.machine.handle(.began(announced: []), at: driver.now)
        _ = driver.machine.handle(.looked(due: driver.pending, next: nil), at: driver.now)
        _ = driver.machine.handle(.host(.stopRequested), at: driver.now)
        #expect(driver.machine.handle(.claimed([], asked: []), at: driver.now) == [.finish])
    }

    @Test("when a condition is met, everything that waited for it runs, also what found no room at first")
    func conditionMetForMany() {
        var policy = RunPolicy()
        policy.maximumConcurrentTasks = 1
        var driver = MachineDriver(.resident, policy: policy)
        driver.conditions = MachineDriver.conditions(.battery, .online)
        let a = driver.add("a", requires: .externalPower)
        driver.add("b", requires: .externalPower)
        driver.send(.began(announced: []))
        driver.conditions = MachineDriver.conditions(.external, .online)
        #expect(driver.started(driver.send(.conditionsObserved(driver.conditions))) == ["a"])
        #expect(driver.started(driver.send(.completed(a, failure: nil))) == ["b"])
    }

    @Test("a budget and a grace of ages do not overflow into the past")
    func endlessBudget() {
        var policy = RunPolicy()
        policy.budgets = Budgets(refresh: .seconds(Int64.max), expirationGrace: .seconds(Int64.max))
        var driver = MachineDriver(.resident, policy: policy)
        driver.now.awake = 3_600_000_000
        driver.add("a")
        driver.send(.began(announced: []))
        driver.pass(.seconds(86_400))
        #expect(driver.expired(driver.send(.timeReached)).isEmpty)
        driver.send(.host(.willSleep(grace: .seconds(5))))
        driver.pass(.seconds(1))
        #expect(driver.ends(driver.send(.timeReached)).isEmpty)
    }

    @Test("a second end of the same run changes nothing")
    func secondEnd() {
        var driver = MachineDriver(.resident)
        let a = driver.add("a")
        driver.send(.began(announced: []))
        driver.send(.completed(a, failure: nil))
        #expect(driver.send(.completed(a, failure: "late")).isEmpty)
    }
}
