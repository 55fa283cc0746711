// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

/// An hour, half an hour around it; time in minutes from the scheduling on.
@Suite("When a background activity runs")
struct ActivityMachineTests {
    static let start = Moment(wall: WallTime(microseconds: 1_000_000_000_000), boot: 0, awake: 0)
    var machine = ActivityMachine()
    var now = Self.start
    let plan = Self.plan()

    static func plan(repeats: Bool = true) -> ActivityPlan {
        ActivityPlan(interval: .seconds(3600), tolerance: .seconds(1800), repeats: repeats)
    }

    static func wall(_ minutes: Int) -> WallTime { start.wall.advanced(by: .seconds(minutes * 60)) }

    static func alarm(_ minutes: Int) -> ActivityMachine.Effect {
        .setAlarm(wall: wall(minutes), awake: Int64(minutes) * 60_000_000)
    }
    static let noAlarm = ActivityMachine.Effect.setAlarm(wall: nil, awake: nil)

    static func power(_ power: PowerSource?) -> ActivityMachine.Input {
        .conditionsObserved(MachineDriver.conditions(power, .online))
    }

    mutating func send(_ input: ActivityMachine.Input, at minutes: Int) -> [ActivityMachine.Effect] {
        let passed = Int64(minutes) * 60_000_000
        now = Moment(wall: Self.wall(minutes), boot: passed, awake: passed)
        return machine.handle(input, at: now)
    }

    /// The alarm goes off in an open window; the machine looks, and finds this.
    mutating func reach(_ minutes: Int, _ power: PowerSource? = .external) -> [ActivityMachine.Effect] {
        #expect(send(.timeReached, at: minutes) == [.observeConditions])
        return send(Self.power(power), at: minutes)
    }

    /// Scheduled at 0, the first window open, power as given.
    mutating func open(_ power: PowerSource?, repeats: Bool = true) -> [ActivityMachine.Effect] {
        _ = send(.scheduled(Self.plan(repeats: repeats), since: Self.wall(0)), at: 0)
        _ = send(.timeReached, at: 30)
        return send(Self.power(power), at: 30)
    }

    mutating func run(_ power: PowerSource? = .external, repeats: Bool = true) {
        _ = open(power, repeats: repeats)
        _ = reach(power == .battery ? 90 : 60, power)
        _ = send(.claimed, at: power == .battery ? 90 : 60)
    }

    @Test("it waits for its window, then watches, and is claimed at the nominal date on external power")
    mutating func nominal() {
        #expect(send(.scheduled(plan, since: Self.wall(0)), at: 0) == [Self.alarm(30)])
        #expect(send(.timeReached, at: 30) == [.watchConditions])
        #expect(send(Self.power(.external), at: 30) == [Self.alarm(60)])
        #expect(reach(60) == [.claim(since: Self.wall(0))])
        #expect(send(.claimed, at: 60) == [.run(1)])
    }

    @Test("power that nobody can tell holds nothing back")
    mutating func unknown() {
        #expect(open(nil) == [Self.alarm(60)])
        #expect(reach(60, nil) == [.claim(since: Self.wall(0))])
    }

    @Test("on battery it looks every 15 minutes, waits until the end of its window, and then runs")
    mutating func battery() {
        #expect(open(.battery) == [Self.alarm(45)])
        #expect(reach(45, .battery) == [Self.alarm(60)])
        #expect(reach(80, .battery) == [Self.alarm(90)])
        #expect(reach(90, .battery) == [.claim(since: Self.wall(0))])
    }

    @Test("power that came back and was not announced is seen at the next look")
    mutating func unannounced() {
        #expect(open(.battery) == [Self.alarm(45)])
        #expect(reach(45) == [.claim(since: Self.wall(0))])
    }

    @Test("being plugged in within the window starts it at once", arguments: [31, 61])
    mutating func pluggedIn(at minutes: Int) {
        _ = open(.battery)
        #expect(send(Self.power(.external), at: minutes) == [.claim(since: Self.wall(0))])
    }

    @Test("external power that is lost before the nominal date makes it wait")
    mutating func powerLostBefore() {
        _ = open(.external)
        #expect(send(Self.power(.battery), at: 45) == [Self.alarm(60)])
        #expect(reach(60, .battery) == [Self.alarm(75)])
    }

    @Test("a date that passed before it was scheduled is now; one that is near is kept")
    mutating func relaunch() {
        #expect(send(.scheduled(plan, since: Self.wall(0)), at: 10) == [Self.alarm(30)])
        #expect(send(.scheduled(plan, since: Self.wall(0)), at: 70) == [.watchConditions])
        #expect(send(Self.power(.external), at: 70) == [.claim(since: Self.wall(0))])
    }

    @Test("finished begins the next interval with the run's own beginning, and ends the watch")
    mutating func finished() {
        run()
        #expect(send(.completed(run: 1, .finished, plan), at: 70) == [.endWatch, Self.alarm(90)])
        #expect(send(.timeReached, at: 90) == [.watchConditions])
        #expect(send(Self.power(.external), at: 90) == [Self.alarm(120)])
        #expect(reach(120) == [.claim(since: Self.wall(60))])
        #expect(send(.claimed, at: 120) == [.run(2)])
    }

    @Test("a run that takes longer than the interval is followed by the next at once")
    mutating func long() {
        run()
        #expect(send(.completed(run: 1, .finished, plan), at: 200) == [.claim(since: Self.wall(60))])
    }

    @Test("one that does not repeat is over, and that is recorded")
    mutating func oneShot() {
        run(repeats: false)
        let effects = send(.completed(run: 1, .finished, Self.plan(repeats: false)), at: 61)
        #expect(effects == [.close(fired: Self.wall(60)), .endWatch, Self.noAlarm])
        #expect(!machine.isScheduled)
    }

    @Test("properties that changed before the completion count from it on")
    mutating func changed() {
        run()
        let slower = ActivityPlan(interval: .seconds(7200), tolerance: .zero, repeats: true)
        #expect(send(.completed(run: 1, .finished, slower), at: 61) == [.endWatch, Self.alarm(180)])
    }

    @Test("deferred comes back after a tenth of the interval; on battery after four tenths, or when plugged in")
    mutating func deferred() {
        run()
        let effects = send(.completed(run: 1, .deferred, plan), at: 61)
        #expect(effects == [.restore(fired: Self.wall(60), since: Self.wall(0)), .endWatch, Self.alarm(67)])
        #expect(send(.timeReached, at: 67) == [.watchConditions])
        #expect(send(Self.power(.battery), at: 67) == [Self.alarm(82)])
        #expect(reach(69, .battery) == [Self.alarm(84)])
        #expect(send(Self.power(.external), at: 70) == [.claim(since: Self.wall(0))])
        #expect(send(.claimed, at: 70) == [.run(2)])
    }

    @Test("a deferred run that ended on battery comes back at its own time, not before")
    mutating func deferredOnBattery() {
        run()
        _ = send(Self.power(.battery), at: 60)
        #expect(machine.shouldDefer == true)
        _ = send(.completed(run: 1, .deferred, plan), at: 61)
        #expect(send(.timeReached, at: 66) == [Self.alarm(67)])
        #expect(send(.timeReached, at: 67) == [.watchConditions])
        #expect(send(Self.power(.external), at: 67) == [.claim(since: Self.wall(0))])
    }

    @Test("a run is asked to stop when power is lost, and while the host is about to stop")
    mutating func shouldDefer() {
        run()
        #expect(machine.shouldDefer == false)
        _ = send(Self.power(.battery), at: 60)
        #expect(machine.shouldDefer == true)
        _ = send(Self.power(.external), at: 60)
        #expect(machine.shouldDefer == false)
        _ = send(.hostChanged(isAboutToStop: true), at: 60)
        #expect(machine.shouldDefer == true)
        _ = send(.hostChanged(isAboutToStop: false), at: 60)
        #expect(machine.shouldDefer == false)
    }

    @Test("a run that its window's end started on battery is not asked to stop for the battery")
    mutating func forced() {
        run(.battery)
        #expect(machine.shouldDefer == false)
    }

    @Test("nothing starts while the host is about to sleep, and it does when it wakes")
    mutating func sleeping() {
        _ = open(.external)
        #expect(send(.hostChanged(isAboutToStop: true), at: 59) == [Self.noAlarm])
        #expect(send(.timeReached, at: 60) == [Self.noAlarm])
        #expect(send(.hostChanged(isAboutToStop: false), at: 200) == [.claim(since: Self.wall(0))])
    }

    @Test("what is scheduled while the host is about to stop waits too")
    mutating func stopping() {
        _ = send(.hostChanged(isAboutToStop: true), at: 59)
        #expect(send(.scheduled(plan, since: Self.wall(0)), at: 70) == [Self.noAlarm])
    }

    @Test("a clock that is set back makes nobody wait longer")
    mutating func setBack() {
        _ = open(.external)
        let back = Moment(wall: Self.wall(-1000), boot: 3_600_000_000, awake: 3_600_000_000)
        #expect(machine.handle(.timeReached, at: back) == [.observeConditions])
        #expect(machine.handle(Self.power(.external), at: back) == [.claim(since: Self.wall(0))])
        #expect(machine.handle(.claimed, at: back) == [.run(1)])
        let later = Moment(wall: Self.wall(-999), boot: 3_660_000_000, awake: 3_660_000_000)
        let effects = machine.handle(.completed(run: 1, .finished, plan), at: later)
        #expect(effects == [.endWatch, .setAlarm(wall: Self.wall(-970), awake: 3_660_000_000 + 29 * 60_000_000)])
    }

    @Test("a clock that is set forward over the date, and a date slept through, are now")
    mutating func setForward() {
        _ = open(.external)
        let forward = Moment(wall: Self.wall(5000), boot: 1_860_000_000, awake: 1_860_000_000)
        #expect(machine.handle(.timeReached, at: forward) == [.observeConditions])
        #expect(machine.handle(Self.power(.external), at: forward) == [.claim(since: Self.wall(0))])
    }

    @Test("a run that another process took is waited for again, from that one's run on")
    mutating func taken() {
        _ = open(.external)
        _ = reach(60)
        #expect(send(.taken(since: Self.wall(58)), at: 60) == [.endWatch, Self.alarm(88)])
        _ = send(.timeReached, at: 88)
        _ = send(Self.power(.external), at: 88)
        _ = reach(118)
        #expect(send(.taken(since: nil), at: 118) == [.endWatch, Self.noAlarm])
        #expect(!machine.isScheduled)
    }

    @Test("a completion handler that is never called, or let go, brings nothing")
    mutating func abandoned() {
        run()
        #expect(send(.timeReached, at: 500) == [])
        #expect(send(.abandoned(run: 1), at: 501) == [.endWatch, Self.noAlarm])
        #expect(send(.timeReached, at: 900) == [])
        #expect(send(.completed(run: 1, .finished, plan), at: 901) == [])
    }

    @Test("only the first completion counts, and none of an older run")
    mutating func twice() {
        run()
        _ = send(.completed(run: 1, .finished, plan), at: 61)
        #expect(send(.completed(run: 1, .deferred, plan), at: 62) == [])
        _ = send(.timeReached, at: 90)
        _ = send(Self.power(.external), at: 90)
        _ = reach(120)
        _ = send(.claimed, at: 120)
        #expect(send(.completed(run: 1, .finished, plan), at: 121) == [])
        #expect(machine.shouldDefer == false)
    }

    @Test("invalidated while it waits, it is over; while it runs, the run finishes and is the last")
    mutating func invalidated() {
        _ = open(.external)
        #expect(send(.invalidated, at: 40) == [.endWatch, Self.noAlarm])
        #expect(send(.timeReached, at: 60) == [])
        machine = ActivityMachine()
        run()
        #expect(send(.invalidated, at: 60) == [])
        #expect(!machine.isScheduled)
        #expect(send(.completed(run: 1, .finished, plan), at: 61) == [.endWatch, Self.noAlarm])
        #expect(send(.timeReached, at: 200) == [])
    }

    @Test("invalidated in its last run, one that defers is left to the next launch")
    mutating func invalidatedAndDeferred() {
        run()
        _ = send(.invalidated, at: 60)
        let effects = send(.completed(run: 1, .deferred, plan), at: 61)
        #expect(effects == [.restore(fired: Self.wall(60), since: Self.wall(0)), .endWatch, Self.noAlarm])
    }

    @Test("times that cannot be are brought into what can")
    func plans() {
        #expect(ActivityPlan(interval: .zero, tolerance: .zero, repeats: true).interval == .seconds(1))
        #expect(ActivityPlan(interval: .seconds(-5), tolerance: .seconds(-5), repeats: false).interval == .zero)
        #expect(ActivityPlan(interval: .seconds(10), tolerance: .seconds(60), repeats: false).tolerance == .seconds(10))
        var machine = ActivityMachine()
        let endless = ActivityPlan(interval: .seconds(Int64.max), tolerance: .zero, repeats: true)
        #expect(machine.handle(.scheduled(endless, since: Self.wall(0)), at: Self.start).count == 1)
    }
}
