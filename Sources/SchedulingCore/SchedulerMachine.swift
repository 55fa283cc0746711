// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// Decides what one process runs, when it stops it, and when it is done: a value that takes an event and returns effects.
///
/// It holds what this process runs and nothing else; the store holds what is pending, and answers `look` with what is due.
package struct SchedulerMachine: Sendable {
    /// How long the process stays.
    package enum Mode: Hashable, Sendable {
        /// Started by systemd: runs what is due, then finishes.
        case launch
        /// Stays until it is told to stop.
        case resident
    }

    package enum Input: Sendable {
        /// The runner starts; the host had announced these events before.
        case began(announced: [HostEvent])
        /// The store's answer to `look`: what is due, the next eligible instant after now, and some of what is due then.
        case looked(due: [Occurrence], next: WallTime?, coming: [Occurrence] = [])
        case conditionsObserved(Conditions)
        /// A condition that is watched is another one now.
        case conditionsChanged
        /// The store's answer to `askWhatWaits`: all that is required by what waits for its conditions; nil: too much waits
        /// to tell.
        case waiting(Requirement?, asked: Int)
        /// The answer to `claim`: of those asked for, these are ours now. Both empty: the store could not be asked.
        case claimed([Occurrence], asked: [Int64])
        /// A handler completed its task; `failure` is nil for success. `retryAfter`: it asks for another try.
        case completed(Int64, failure: String?, retryAfter: Duration? = nil)
        /// The handler of a run that was told to stop does not hear it.
        case cannotBeTold(Int64)
        /// Somebody asks for the end of a run that we hold.
        case stopAsked(Int64, ExpirationReason)
        case host(HostEvent)
        /// The alarm went off.
        case timeReached
        /// Another process changed the store.
        case rang
        /// Handlers were registered while the runner is active; these have one now.
        case registered(Set<String>)
    }

    package enum Effect: Hashable, Sendable {
        case look(includingWaiting: Bool)
        /// Observes what these need, and watches it from now on.
        case observeConditions(Requirement)
        /// Nothing but these is needed any more; none: nobody watches.
        case watchConditions(Requirement)
        case askWhatWaits(Int)
        case claim([Int64])
        case holdLocks
        case releaseLocks
        case start(Occurrence)
        /// Records that we cut these runs, before their handlers hear of it.
        case markCut([Int64], ExpirationReason)
        case expire(Int64, ExpirationReason)
        case end(RunEnd)
        case postpone(Postponement)
        /// Passes over a due occurrence that is too late to start.
        case skip(Occurrence)
        /// Asks whatever process runs this identifier to stop it.
        case requestStop(String, ExpirationReason, toMakeRoomFor: Int64)
        /// Makes sure that a wake-up is armed that is early enough.
        case keepArmed
        /// Tells the service manager what runs, and that it needs more time.
        case tellServiceManager([String])
        case setAlarm(wall: WallTime?, awake: Int64?)
        case finish
    }

    /// The end of a run, to be recorded.
    package struct RunEnd: Hashable, Sendable {
        package var occurrence: Int64
        package var identifier: String
        package var outcome: Outcome
        package var reason: ExpirationReason?
        package var detail: String
        package var started: WallTime
        package var ended: WallTime
        /// When it is due again; nil: it is done.
        package var again: WallTime?
        /// Its attempts are used up.
        package var givesUp = false
    }

    /// A due occurrence that does not start now.
    package struct Postponement: Hashable, Sendable {
        package enum Cause: Hashable, Sendable {
            case conditions(Requirement)
            case noHandler
            case contention
        }
        package var occurrence: Occurrence
        package var until: WallTime
        package var cause: Cause
    }

    struct Run: Sendable {
        enum Phase: Sendable {
            /// The handler works; its time is up at this reading of the awake clock.
            case running(deadline: Int64)
            /// The handler was told to stop and has until this reading to complete.
            case expiring(ExpirationReason, graceEnd: Int64)
        }
        var occurrence: Occurrence
        var started: WallTime
        var phase: Phase
    }

    package let mode: Mode
    let policy: RunPolicy
    var handled: Set<String>

    /// What this process holds, by occurrence.
    var runs: [Int64: Run] = [:]
    /// Closed runs whose handlers have not returned: their identifiers are not started again here.
    var overdue: [Int64: String] = [:]
    var conditions: Conditions?
    /// What `conditions` were observed for, and are watched for.
    var watched: Requirement = []
    /// Sleep or shutdown was announced and is not over: nothing is started.
    var announced: ExpirationReason?
    /// We were asked to stop: nothing is started, and the end of the last run is the end.
    var isStopping = false
    /// How often something was put off: an answer to what waits that is older than the last time is not believed.
    var postponements = 0
    /// Occurrences for which a run in another process was asked to make room: once each.
    var madeRoomFor: Set<Int64> = []
    /// A `claim` is under way and not answered: what it brings is ours, to be run or to be given back.
    var isClaiming = false
    /// The claim under way is of what an earlier look found.
    var isClaimFromBacklog = false
    /// What the latest look found and had no room for, and what it saw coming, the earliest first; nothing of it is decided.
    var backlog: ArraySlice<Occurrence> = []
    var isFinished = false
    var next: WallTime?
    var heartbeat: Int64?
    var alarm: Alarm?

    struct Alarm: Hashable, Sendable { var wall: WallTime?, awake: Int64? }

    package init(mode: Mode, policy: RunPolicy, handled: Set<String>) {
        self.mode = mode
        self.policy = policy
        self.handled = handled
    }

    /// The identifiers of what runs, in order.
    package var running: [String] { runs.values.map(\.occurrence.identifier).sorted() }
    package var isIdle: Bool { runs.isEmpty }
    /// Whether the host is about to sleep or to shut down, so that nothing is started.
    package var isHeld: Bool { announced != nil }

    /// Handlers of earlier runners of this process still work on these: as with closed runs of its own.
    package mutating func bar(_ working: [Int64: String]) { overdue.merge(working) { own, _ in own } }

    /// Takes one event and returns what is to be done, in order.
    package mutating func handle(_ input: Input, at now: Moment) -> [Effect] {
        guard !isFinished else { return [] }
        var effects: [Effect] =
            switch input {
            case .began(let announced): began(announced, now)
            case .looked(let due, let next, let coming): looked(due, next: next, coming: coming, now)
            case .conditionsObserved(let conditions): observed(conditions, now)
            case .conditionsChanged: watched.isEmpty ? [] : [.observeConditions(watched)]
            case .waiting(let requirements, let asked): waits(requirements, asked: asked)
            case .claimed(let occurrences, let asked): claimed(occurrences, asked: asked, now)
            case .completed(let id, let failure, let after): completed(id, failure: failure, retryAfter: after, now)
            case .cannotBeTold(let id): cannotBeTold(id, now)
            case .stopAsked(let id, let reason): expire([id], for: reason, grace: nil, now)
            case .host(let event): host(event, now)
            case .timeReached: timeReached(now)
            case .rang: rang()
            case .registered(let identifiers): registered(identifiers)
            }
        if isFinished { effects.append(.finish) }
        effects += alarmEffects()
        return effects
    }

    private mutating func rang() -> [Effect] {
        backlog = []
        return mayStart ? [lookAgain] : []
    }

    private mutating func registered(_ identifiers: Set<String>) -> [Effect] {
        handled = identifiers
        backlog = []
        return mayStart ? [.look(includingWaiting: false)] : []
    }

    var mayStart: Bool { announced == nil && !isStopping }
}
