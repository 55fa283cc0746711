// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import Glibc
import Testing

/// Messages as the kernel words them (netlink(7), rtnetlink(7)), and every way to spoil them.
@Suite("Scan of the routing table")
struct RouteScanTests {
    /// A route in a dump; the defaults make the default route of the main table over interface 1, which is up.
    struct Route {
        var family: UInt8 = 2
        var prefixLength: UInt8 = 0
        var table: UInt8 = 254
        var type: UInt8 = 1
        var flags: UInt32 = 0
        var attributes: [(type: UInt16, payload: [UInt8])] = [(4, bytes(UInt32(1)))]
    }

    static let sequence: UInt32 = 7

    private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }

    private static func message(
        type: UInt16, flags: UInt16 = 2, sequence: UInt32 = sequence, _ payload: [UInt8]
    ) -> [UInt8] {
        bytes(UInt32(16 + payload.count)) + bytes(type) + bytes(flags) + bytes(sequence) + bytes(UInt32(0))
            + padded(payload)
    }

    private static func message(_ route: Route) -> [UInt8] {
        let head: [UInt8] = [route.family, route.prefixLength, 0, 0, route.table, 3, 0, route.type]
        let attributes = route.attributes.flatMap { attribute in
            padded(bytes(UInt16(4 + attribute.payload.count)) + bytes(attribute.type) + attribute.payload)
        }
        return message(type: 24, head + bytes(route.flags) + attributes)
    }

    private static let done = message(type: 3, bytes(Int32(0)))

    private static func hop(interface: UInt32, flags: UInt8 = 0) -> [UInt8] {
        bytes(UInt16(8)) + [flags, 0] + bytes(interface)
    }

    /// Interface 1 is up; all others are down.
    private func scan(_ bytes: [UInt8]) -> RouteScan {
        RouteScan(datagram: bytes, sequence: Self.sequence) { $0 == 1 ? 1 : 0 }
    }

    @Test("A default route of the main table over an interface that is up is found", arguments: [UInt8(2), 10])
    func found(family: UInt8) {
        #expect(scan(Self.message(Route(family: family))) == .found)
        #expect(scan(Self.message(Route(family: family, prefixLength: 8)) + Self.message(Route())) == .found)
    }

    static let others: [(String, Route)] = [
        ("a route to a net", Route(prefixLength: 8)),
        ("unreachable", Route(type: 7)),
        ("blackhole", Route(type: 6)),
        ("another table", Route(table: 100)),
        (
            "another table by its attribute",
            Route(table: 254, attributes: [(15, bytes(UInt32(1000))), (4, bytes(UInt32(1)))])
        ),
        ("a cached clone", Route(flags: 0x200)),
        ("a dead hop", Route(flags: 1)),
        ("a hop without carrier", Route(flags: 16)),
        ("an interface that is down", Route(attributes: [(4, bytes(UInt32(2)))])),
        ("no interface", Route(attributes: [])),
        ("another family", Route(family: 28)),
        ("all hops down", Route(attributes: [(9, hop(interface: 1, flags: 1) + hop(interface: 2))])),
        ("no hops", Route(attributes: [(9, [])])),
    ]

    @Test("Other routes lead nowhere", arguments: others)
    func notFound(name: String, route: Route) {
        #expect(scan(Self.message(route)) == .readOn)
        #expect(scan(Self.message(route) + Self.done) == .end)
    }

    @Test("One of several hops is enough, and a next-hop object counts")
    func hops() {
        let several = Route(attributes: [(9, Self.hop(interface: 2) + Self.hop(interface: 1))])
        #expect(scan(Self.message(several)) == .found)
        #expect(scan(Self.message(Route(attributes: [(30, Self.bytes(UInt32(5)))]))) == .found)
    }

    @Test("The table's attribute counts more than the table's byte, which is too small")
    func tableAttribute() {
        let route = Route(table: 252, attributes: [(15, Self.bytes(UInt32(254))), (4, Self.bytes(UInt32(1)))])
        #expect(scan(Self.message(route)) == .found)
    }

    @Test("Answers to somebody else's question do not count")
    func otherSequence() {
        #expect(scan(Self.message(type: 3, sequence: 8, Self.bytes(Int32(0)))) == .readOn)
        #expect(scan(Self.message(type: 2, sequence: 8, Self.bytes(Int32(-1)))) == .readOn)
    }

    @Test("The kernel's errors are told by their number")
    func errors() {
        #expect(scan(Self.message(type: 2, Self.bytes(Int32(-EPERM)))) == .failed(SystemError(EPERM)))
        #expect(scan(Self.message(type: 2, [])) == .failed(SystemError(EPROTO)))
        #expect(scan(Self.message(type: 3, Self.bytes(Int32(-ENOMEM)))) == .failed(SystemError(ENOMEM)))
        #expect(scan(Self.message(type: 3, flags: 0x12, Self.bytes(Int32(0)))) == .failed(SystemError(EINTR)))
        #expect(scan(Self.message(type: 4, [])) == .failed(SystemError(ENOBUFS)))
    }

    @Test("A message cut anywhere is an error or has no route in it, never a wild read")
    func cut() {
        let whole = Self.message(Route(attributes: [(15, Self.bytes(UInt32(254))), (4, Self.bytes(UInt32(1)))]))
        for length in 1..<whole.count {
            #expect(scan(Array(whole[..<length])) == .failed(SystemError(EPROTO)), "cut to \(length)")
        }
        #expect(scan([]) == .readOn)
    }

    @Test("Every byte spoiled in every way is borne")
    func spoiled() {
        let whole =
            Self.message(Route(attributes: [(9, Self.hop(interface: 2) + Self.hop(interface: 1))])) + Self.done
        for index in whole.indices {
            for value in [UInt8(0), 1, 3, 4, 7, 8, 15, 16, 127, 128, 255] {
                var bytes = whole
                bytes[index] = value
                _ = scan(bytes)
            }
        }
    }

    @Test("A device event counts if the kernel words it for the subsystem")
    func deviceEvents() {
        func counts(_ text: String) -> Bool { RouteScan.isDeviceEvent(Array(text.utf8), of: "power_supply") }
        #expect(counts("change@/devices/AC\0ACTION=change\0SUBSYSTEM=power_supply\0SEQNUM=1\0"))
        #expect(counts("SUBSYSTEM=power_supply"))
        #expect(!counts("change@/devices/AC\0SUBSYSTEM=power_supply_x\0"))
        #expect(!counts("change@/devices/AC\0XSUBSYSTEM=power_supply\0SUBSYSTEM=power\0SUBSYSTEM=net\0"))
        #expect(!counts(""))
        #expect(!counts("\0\0\0"))
    }
}
#endif
