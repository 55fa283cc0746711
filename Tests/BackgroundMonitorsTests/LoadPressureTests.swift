// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import Testing

@Suite("How busy the machine is")
struct LoadPressureTests {
    @Test("the share of the last minute is read from the kernel's first line")
    func reads() {
        let text = """
            some avg10=1.00 avg60=12.50 avg300=3.00 total=123456
            full avg10=0.00 avg60=90.00 avg300=0.00 total=0
            """
        #expect(LoadPressure.share(text) == 0.125)
        #expect(LoadPressure.share("some avg10=0 avg60=250.0") == 1)
    }

    @Test(
        "any other text says nothing",
        arguments: [
            "", "some", "full avg60=1", "some avg60=", "some avg60=-1", "some avg60=nan", "some avg60=inf",
            "some avg60=1e999", "some avg60=1,5", "someavg60=1", "some avg300=1", "\u{0}some avg60=1", "some avg60=0x",
            "avg60=1 some",
        ])
    func hostile(text: String) {
        #expect(LoadPressure.share(text) == nil)
    }

    @Test("the load average counts by how much it exceeds the processors")
    func loadAverage() {
        #expect(LoadPressure.excess(loadAverage: "0.50 0.40 0.30 1/200 4711", processors: 2) == 0)
        #expect(LoadPressure.excess(loadAverage: "2.00 0 0", processors: 2) == 0)
        #expect(LoadPressure.excess(loadAverage: "3.00 0 0", processors: 2) == 0.5)
        #expect(LoadPressure.excess(loadAverage: "900", processors: 2) == 1)
        for text in ["", "x", "-1", "nan 0", "inf 0"] {
            #expect(LoadPressure.excess(loadAverage: text, processors: 2) == nil)
        }
        #expect(LoadPressure.excess(loadAverage: "1.0", processors: 0) == nil)
    }

    @Test("a control group is one of version 2 that is not everybody's")
    func group() {
        #expect(ProcLoad.group("0::/user.slice/x.service") == "/user.slice/x.service")
        #expect(ProcLoad.group("1:name=systemd:/x\n0::/y.service\n") == "/y.service")
        for text in ["", "0::/", "0::", "1:cpu:/x", "0::/../x", "0::/a/../../x"] {
            #expect(ProcLoad.group(text) == nil)
        }
    }

    /// Files as the kernel has them, below a folder that goes with the test.
    private final class Files {
        let root = NSTemporaryDirectory() + "load-\(UUID().uuidString)"
        deinit { try? FileManager.default.removeItem(atPath: root) }
        func put(_ path: String, _ text: String) throws {
            let file = URL(filePath: root + "/" + path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: false, encoding: .utf8)
        }
        func some(_ path: String, _ percent: Double) throws { try put(path, "some avg10=0.00 avg60=\(percent)\n") }
    }

    @Test("what is waited for most counts; our own waiting does not, and without a group of our own no disk does")
    func worst() throws {
        let files = Files()
        try files.some("proc/pressure/cpu", 10)
        try files.some("proc/pressure/io", 80)
        try files.some("proc/pressure/memory", 30)
        let shared = ProcLoad(root: files.root + "/proc").observe(at: .epoch, before: nil)
        #expect(shared.value?.level == 0.3)
        #expect(shared.source.hasSuffix("/proc/pressure/memory"))

        try files.some("group/io.pressure", 20)
        let group = files.root + "/group"
        let alone = ProcLoad(root: files.root + "/proc", ownGroup: group)
        let seen = alone.observe(at: .epoch, before: nil)
        #expect(seen.value?.level.rounded(toPlaces: 3) == 0.6)
        #expect(seen.source.hasSuffix("/proc/pressure/io"))
        // Nobody but us waits for the disk: then it is memory again.
        try files.some("group/io.pressure", 80)
        #expect(alone.observe(at: .epoch, before: nil).value?.level == 0.3)
    }

    @Test("without the kernel's pressure the load average is read, and without that nobody can tell")
    func fallback() throws {
        let files = Files()
        let load = ProcLoad(root: files.root)
        #expect(load.observe(at: .epoch, before: nil).value == nil)
        try files.put("loadavg", "100000.00 0 0 1/1 1")
        let seen = load.observe(at: .epoch, before: nil)
        #expect(seen.value?.level == 1)
        #expect(seen.source.hasSuffix("/loadavg"))
        // A kernel that does not measure has the files all the same, and refuses to read them.
        try files.put("pressure/cpu", "")
        #expect(load.observe(at: .epoch, before: nil).source.hasSuffix("/loadavg"))
        try files.some("pressure/cpu", 0)
        let idle = load.observe(at: .epoch, before: nil)
        #expect(idle.value?.level == 0)
        #expect(idle.source.hasSuffix("/pressure/cpu"))
    }

    @Test("space is counted in the file system's units, without overflow")
    func space() throws {
        func space(_ available: UInt64, _ total: UInt64, _ unit: UInt64) -> StorageSpace? {
            FileSystemSpace.space(available: available, total: total, unit: unit, before: nil)
        }
        #expect(space(10, 100, 4096)?.available == 40960)
        #expect(space(10, 100, 4096)?.capacity == 409_600)
        #expect(space(.max, .max, .max)?.capacity == .max)
        #expect(space(1, 0, 4096) == nil)
        #expect(space(1, 1, 0) == nil)
    }
}

extension Double {
    fileprivate func rounded(toPlaces places: Int) -> Double {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
#endif
