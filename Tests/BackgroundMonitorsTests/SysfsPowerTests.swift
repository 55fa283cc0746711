// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import Testing

@Suite("Power supplies in sysfs")
struct SysfsPowerTests {
    /// A tree of small files in a folder of its own, removed at the end.
    private func withTree<Result>(
        _ files: [String: Data], _ body: (URL) throws -> Result
    ) throws -> Result {
        let root = FileManager.default.temporaryDirectory.appending(path: "power-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, contents) in files {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try contents.write(to: file)
        }
        return try body(root)
    }

    private func observe(_ files: [String: String]) throws -> Observed<PowerSource> {
        try withTree(files.mapValues { Data($0.utf8) }) { root in
            SysfsPower(root: root.path).observe(at: .epoch)
        }
    }

    @Test("A laptop on mains is on external power, unplugged on its battery")
    func laptop() throws {
        var files = [
            "AC/type": "Mains\n", "AC/online": "1\n", "BAT0/type": "Battery\n", "BAT0/status": "Discharging\n",
            "BAT0/present": "1\n", "BAT0/scope": "System\n",
        ]
        #expect(try observe(files).value == .external)
        files["AC/online"] = "0\n"
        let unplugged = try observe(files)
        #expect(unplugged.value == .battery)
        #expect(unplugged.source.contains("BAT0 is discharging"))
    }

    @Test("A machine without supplies is on external power, and the source says why")
    func noSupplies() throws {
        let observed = try observe([:])
        #expect(observed.value == .external)
        #expect(observed.source.contains("no battery"))
    }

    @Test("A kernel without the class of power supplies has no battery; without its parent, nobody can tell")
    func missing() throws {
        try withTree([:]) { root in
            let absent = SysfsPower(root: root.path + "/power_supply").observe(at: .epoch)
            #expect(absent.value == .external)
            let unmounted = SysfsPower(root: root.path + "/class/power_supply").observe(at: .epoch)
            #expect(unmounted.value == nil)
            #expect(unmounted.source.contains("No such file"))
        }
    }

    @Test("A folder that is none is unknown, with the reason")
    func notAFolder() throws {
        try withTree(["file": Data()]) { root in
            let observed = SysfsPower(root: root.path + "/file").observe(at: .epoch)
            #expect(observed.value == nil)
            #expect(observed.source.contains("Not a directory"))
        }
    }

    @Test("Odd contents are borne: empty, huge, not text, a folder in a file's place, stray files")
    func oddContents() throws {
        try withTree([
            "AC/type": Data("Mains\n".utf8), "AC/online": Data(repeating: UInt8(ascii: "1"), count: 1 << 20),
            "BAT0/type": Data([0xFF, 0xFE, 0]), "BAT1/type": Data(), "BAT2/type/inside": Data("x".utf8),
            "stray": Data("Mains".utf8), "BAT3/type": Data("Battery".utf8),
            "BAT3/status": Data("  Discharging \0".utf8),
        ]) { root in
            let observed = SysfsPower(root: root.path).observe(at: .epoch)
            #expect(observed.value == .battery)
        }
    }

    @Test("A small file is read up to its limit, without surrounding blanks")
    func smallFile() throws {
        try withTree(["a": Data("  one two \n\n".utf8), "b": Data("0123456789".utf8)]) { root in
            let text = try SmallFile.text(at: root.path + "/a", limit: 64)
            #expect(text == "one two")
            let cut = try SmallFile.text(at: root.path + "/b", limit: 4)
            #expect(cut == "0123")
            #expect(throws: SystemError(ENOENT)) { try SmallFile.text(at: root.path + "/c", limit: 4) }
            #expect(throws: SystemError(EISDIR)) { try SmallFile.text(at: root.path, limit: 4) }
        }
    }
}
#endif
