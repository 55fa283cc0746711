// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import BackgroundSurroundings
import Glibc
import Synchronization
import Testing

@Suite("Watching the conditions of the host", .timeLimit(.minutes(5)))
struct ConditionsWatchTests {
    /// A clock that stands still, and remembers its alarms.
    private final class Clock: TimeSource {
        private struct State {
            var settings: [Int64?] = []
            var action: (@Sendable () -> Void)?
        }
        private let state = Mutex(State())
        func now() -> Moment { Moment(wall: .epoch, boot: 0, awake: 0) }
        func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm {
            state.withLock { $0.action = action }
            return Setting(clock: self)
        }
        /// When the alarm goes off, in seconds; nil: never.
        var seconds: Int64? { state.withLock { ($0.settings.last ?? nil).map { $0 / 1_000_000 } } }
        func ring() { state.withLock(\.action)?() }
        private struct Setting: Alarm {
            let clock: Clock
            func set(wall: WallTime?, awake: Int64?) { clock.state.withLock { $0.settings.append(awake) } }
        }
    }

    /// Daemons without words, which remember who listens to what.
    private final class Daemons: HostDaemons {
        let heard = Mutex<[ConditionKinds]>([])
        let onNews = Mutex<(@Sendable () -> Void)?>(nil)
        func report(_ kinds: ConditionKinds) -> DaemonReport { DaemonReport() }
        func listen(_ kinds: ConditionKinds, _ onNews: @escaping @Sendable () -> Void) -> any DaemonListening {
            heard.withLock { $0.append(kinds) }
            self.onNews.withLock { $0 = onNews }
            return Listening(daemons: self)
        }
        private final class Listening: DaemonListening {
            let daemons: Daemons
            init(daemons: Daemons) { self.daemons = daemons }
            func narrow(to kinds: ConditionKinds) { daemons.heard.withLock { $0.append(kinds) } }
            func stop() { daemons.heard.withLock { $0.append([]) } }
        }
    }

    /// A world that the test moves: what is seen, and what nobody announces of it.
    private final class World: Sendable {
        let seen = Mutex(ConditionsWatchTests.conditions(.external, .online))
        let unannounced: ConditionKinds
        let clock = Clock()
        let daemons = Daemons()
        let news: AsyncStream<Conditions>
        let looks: AsyncStream<ConditionKinds>
        private let tell: AsyncStream<Conditions>.Continuation
        private let look: AsyncStream<ConditionKinds>.Continuation

        init(unannounced: ConditionKinds = []) {
            self.unannounced = unannounced
            (news, tell) = AsyncStream.makeStream()
            (looks, look) = AsyncStream.makeStream()
        }

        func watch(
            routes: @escaping @Sendable () -> KernelEvents? = { nil },
            supplies: @escaping @Sendable () -> KernelEvents? = { nil }
        ) -> HostConditionsWatch {
            HostConditionsWatch(
                clock: clock, daemons: daemons, routes: routes, supplies: supplies,
                read: { [self] kinds, _ in
                    look.yield(kinds)
                    return HostConditions.Reading(
                        seen.withLock { $0.only(kinds) }, unannounced: unannounced.intersection(kinds))
                },
                onChange: { [self] in tell.yield($0) })
        }
    }

    private static func conditions(_ power: PowerSource?, _ network: NetworkState?) -> Conditions {
        Conditions(
            power: Observed(power, source: "test", at: .epoch),
            network: Observed(network, source: "test", at: .epoch))
    }

    /// A pair of connected datagram sockets: what is written to one waits on the other, as on the kernel's socket.
    private func socketPair() throws -> (kernel: CInt, events: KernelEvents) {
        var pair: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
        return (pair[0], KernelEvents(adopting: pair[1]))
    }

    @Test("the kernel's sockets open without privilege, and nothing waits on them at first")
    func sockets() throws {
        let routes = try #require(KernelEvents.routes())
        #expect(routes.drain() != .broken)
        let supplies = try #require(KernelEvents.powerSupplies())
        #expect(supplies.drain() == .nothing)
    }

    @Test("an announcement leads to an observation, and only what is different is told")
    func onlyNews() async throws {
        let (kernel, events) = try socketPair()
        defer { close(kernel) }
        let world = World()
        let watch = world.watch(routes: { events })
        #expect(watch.observe([.power, .network]) == Self.conditions(.external, .online))
        var looks = world.looks.makeAsyncIterator()
        var news = world.news.makeAsyncIterator()
        _ = await looks.next()

        // Nothing is different: observed, not told.
        #expect(send(kernel, "x", 1, 0) == 1)
        _ = await looks.next()
        world.seen.withLock { $0 = Self.conditions(.battery, .online) }
        #expect(send(kernel, "x", 1, 0) == 1)
        #expect(await news.next() == Self.conditions(.battery, .online))

        // A daemon has something to say.
        world.seen.withLock { $0 = Self.conditions(.battery, .offline) }
        world.daemons.onNews.withLock { $0 }?()
        #expect(await news.next() == Self.conditions(.battery, .offline))
        watch.stop()
    }

    @Test("nothing is told after a stop, and nobody is listened to")
    func stopped() throws {
        let (kernel, events) = try socketPair()
        defer { close(kernel) }
        let world = World(unannounced: .load)
        let told = Mutex(0)
        let watch = HostConditionsWatch(
            clock: world.clock, daemons: world.daemons, routes: { events },
            read: { _, _ in HostConditions.Reading(world.seen.withLock { $0 }, unannounced: .load) },
            onChange: { _ in told.withLock { $0 += 1 } })
        _ = watch.observe([.network, .load])
        watch.stop()
        world.seen.withLock { $0 = Self.conditions(.battery, .offline) }
        watch.recheck()
        _ = send(kernel, "x", 1, 0)
        watch.stop()
        #expect(watch.observe(.network) == Conditions())
        #expect(told.withLock { $0 } == 0)
        #expect(world.clock.seconds == nil)
        #expect(world.daemons.heard.withLock { $0.last } == [])
    }

    @Test("only what is of interest is listened to, from when it is, and until it is not")
    func interest() throws {
        let opened = Mutex<[String]>([])
        let world = World()
        let watch = world.watch(
            routes: {
                opened.withLock { $0.append("routes") }
                return .routes()
            },
            supplies: {
                opened.withLock { $0.append("supplies") }
                return .powerSupplies()
            })
        #expect(opened.withLock { $0 }.isEmpty)
        _ = watch.observe(.load)
        #expect(opened.withLock { $0 }.isEmpty)
        _ = watch.observe(.network)
        #expect(opened.withLock { $0 } == ["routes"])
        _ = watch.observe([.network, .battery])
        #expect(opened.withLock { $0 } == ["routes", "supplies"])
        watch.narrow(to: .battery)
        _ = watch.observe([.network, .battery])
        #expect(opened.withLock { $0 } == ["routes", "supplies", "routes"])
        // A battery is judged by what feeds it, too.
        #expect(
            world.daemons.heard.withLock { $0 } == [
                .load, .network, [.network, .battery, .power], [.battery, .power], [.network, .battery, .power],
            ])
        watch.stop()
    }

    @Test("what nobody announces is looked at from time to time, while it is of interest")
    func polled() async throws {
        let world = World(unannounced: [.load, .storage, .user, .battery])
        let watch = world.watch()
        _ = watch.observe(.network)
        #expect(world.clock.seconds == nil)
        _ = watch.observe([.network, .storage])
        #expect(world.clock.seconds == 60)
        _ = watch.observe([.network, .storage, .load])
        #expect(world.clock.seconds == 15)
        world.seen.withLock { $0.network = Observed(.offline, source: "test", at: .epoch) }
        world.clock.ring()
        var news = world.news.makeAsyncIterator()
        #expect(await news.next()?.network.value == .offline)
        watch.narrow(to: [.network, .storage])
        #expect(world.clock.seconds == 60)
        watch.narrow(to: .network)
        #expect(world.clock.seconds == nil)
        watch.stop()
    }
}
#endif
