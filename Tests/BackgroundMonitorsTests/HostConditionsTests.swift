// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import BackgroundSurroundings
import Glibc
import Synchronization
import Testing

@Suite("Conditions of the host", .timeLimit(.minutes(1)))
struct HostConditionsTests {
    /// A pair of connected datagram sockets: what is written to one waits on the other, as on the kernel's socket.
    private func socketPair() throws -> (kernel: CInt, events: KernelEvents) {
        var pair: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
        return (pair[0], KernelEvents(adopting: pair[1]))
    }

    private static func conditions(_ power: PowerSource?, _ network: NetworkState?) -> Conditions {
        Conditions(
            power: Observed(power, source: "test", at: .epoch),
            network: Observed(network, source: "test", at: .epoch))
    }

    @Test("What the session's manager says of power comes first, and names its source", arguments: [true, false])
    func managerFirst(external: Bool) {
        let host = HostConditions(clock: SystemClocks(), externalPower: { external })
        let power = host.observe().power
        #expect(power.value == (external ? .external : .battery))
        #expect(power.source == "logind")
    }

    @Test("Where the manager cannot tell, the supplies are asked")
    func suppliesSecond() {
        let host = HostConditions(clock: SystemClocks(), power: SysfsPower(root: "/dev/null/none"))
        let power = host.observe().power
        #expect(power.value == nil)
        #expect(power.source.hasPrefix("/dev/null/none: "))
    }

    @Test("The network of this host can be told, one way or the other")
    func network() {
        let network = HostConditions(clock: SystemClocks()).observe().network
        #expect(network.value != nil)
        #expect(network.source.hasPrefix("routing table: "))
    }

    @Test("The kernel's sockets open without privilege, and nothing waits on them at first")
    func sockets() throws {
        let routes = try #require(KernelEvents.routes())
        #expect(routes.drain() != .broken)
        let supplies = try #require(KernelEvents.powerSupplies())
        #expect(supplies.drain() == .nothing)
    }

    @Test("An announcement leads to an observation, and only what is different is told")
    func onlyNews() async throws {
        let (kernel, events) = try socketPair()
        defer { close(kernel) }
        let world = Mutex([Self.conditions(.external, .online)])
        let (told, continuation) = AsyncStream<Conditions>.makeStream()
        let (observed, observedContinuation) = AsyncStream<Int>.makeStream()
        let watch = HostConditionsWatch(
            observe: {
                observedContinuation.yield(1)
                return world.withLock { $0[$0.count - 1] }
            },
            onChange: { continuation.yield($0) }, events: [events])
        var observations = observed.makeAsyncIterator()
        var news = told.makeAsyncIterator()
        _ = await observations.next()

        // Nothing is different: observed, not told.
        #expect(send(kernel, "x", 1, 0) == 1)
        _ = await observations.next()
        world.withLock { $0.append(Self.conditions(.battery, .online)) }
        #expect(send(kernel, "x", 1, 0) == 1)
        #expect(await news.next() == Self.conditions(.battery, .online))

        // Asked to look for a change that is announced elsewhere.
        world.withLock { $0.append(Self.conditions(.battery, .offline)) }
        watch.recheck()
        #expect(await news.next() == Self.conditions(.battery, .offline))
        watch.stop()
    }

    @Test("Nothing is told after a stop")
    func stopped() async throws {
        let (kernel, events) = try socketPair()
        defer { close(kernel) }
        let world = Mutex(Self.conditions(.external, .online))
        let count = Mutex(0)
        let watch = HostConditionsWatch(
            observe: { world.withLock { $0 } }, onChange: { _ in count.withLock { $0 += 1 } }, events: [events])
        watch.stop()
        world.withLock { $0 = Self.conditions(.battery, .online) }
        watch.recheck()
        _ = send(kernel, "x", 1, 0)
        watch.stop()
        #expect(count.withLock { $0 } == 0)
    }

    @Test("A watch without any socket still looks when asked")
    func degraded() async {
        let world = Mutex(Self.conditions(nil, nil))
        let (told, continuation) = AsyncStream<Conditions>.makeStream()
        let watch = HostConditionsWatch(
            observe: { world.withLock { $0 } }, onChange: { continuation.yield($0) }, events: [])
        world.withLock { $0 = Self.conditions(nil, .online) }
        watch.recheck()
        var news = told.makeAsyncIterator()
        #expect(await news.next() == Self.conditions(nil, .online))
        watch.stop()
    }
}
#endif
