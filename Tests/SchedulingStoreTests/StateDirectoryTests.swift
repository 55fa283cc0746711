// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import Glibc
import SchedulingCore
import Testing

@testable import SchedulingStore

@Suite("The state directory")
struct StateDirectoryTests {
    let state = try! TemporaryState()

    @Test(
        "it is the explicit path, then $STATE_DIRECTORY, then $XDG_STATE_HOME, then the usual place",
        arguments: [
            ("/explicit/", 1000, "/explicit"), (nil, 1000, "/first"), (nil, 0, "/first"),
        ] as [(String?, uid_t, String)])
    func order(explicit: String?, user: uid_t, expected: String) throws {
        let environment = ["STATE_DIRECTORY": "/first:/second", "XDG_STATE_HOME": "/xdg", "HOME": "/home/me"]
        let found = try StateDirectory.resolve(
            explicit: explicit, appIdentifier: "org.example.app", environment: environment, user: user, home: { nil })
        #expect(found.path == expected)
    }

    @Test(
        "without $STATE_DIRECTORY its last component is the app id",
        arguments: [
            (["XDG_STATE_HOME": "/xdg/", "HOME": "/home/me"], 1000, "/xdg/app"),
            (["XDG_STATE_HOME": "/xdg"], 0, "/xdg/app"),
            (["XDG_STATE_HOME": "relative", "HOME": "/home/me"], 1000, "/home/me/.local/state/app"),
            (["STATE_DIRECTORY": "", "HOME": "/home/me"], 1000, "/home/me/.local/state/app"),
            (["HOME": "/root"], 0, "/var/lib/app"), ([:], 1000, "/passwd/.local/state/app"),
        ] as [([String: String], uid_t, String)])
    func usualPlaces(environment: [String: String], user: uid_t, expected: String) throws {
        let found = try StateDirectory.resolve(
            explicit: nil, appIdentifier: "app", environment: environment, user: user, home: { "/passwd" })
        #expect(found.path == expected)
    }

    @Test("a user without any home is told which variables would help")
    func homeless() {
        let failure = #expect(throws: SchedulingFailure.self) {
            try StateDirectory.resolve(
                explicit: nil, appIdentifier: "app", environment: [:], user: 1000, home: { nil })
        }
        #expect(failure?.code == .stateUnusable)
        #expect(failure?.cause.contains("$XDG_STATE_HOME") == true)
    }

    @Test("an app id that cannot name a directory is refused", arguments: ["", ".", "..", "a/b", "a\0b"])
    func unusableNames(name: String) {
        let failure = #expect(throws: SchedulingFailure.self) {
            try StateDirectory.resolve(explicit: nil, appIdentifier: name, environment: ["XDG_STATE_HOME": "/xdg"])
        }
        #expect(failure?.code == .invalidArgument)
    }

    @Test("an explicit path is absolute")
    func relative() {
        let failure = #expect(throws: SchedulingFailure.self) {
            try StateDirectory.resolve(explicit: "state", appIdentifier: "app", environment: [:])
        }
        #expect(failure?.code == .invalidArgument)
    }

    @Test("it is made for its user alone, missing parents too, and its files likewise")
    func made() throws {
        let directory = StateDirectory(path: state.root + "/a/b/c")
        let previous = umask(0)
        defer { umask(previous) }
        _ = try SchedulingStore(directory: directory, machine: "m", boot: "b", pid: 1)
        #expect(mode(state.root + "/a") == 0o700)
        #expect(mode(state.root + "/a/b") == 0o700)
        #expect(mode(directory.path) == 0o700)
        for name in ["scheduling.sqlite", "store.lock", "owners.lock", "doorbell"] {
            #expect(mode(directory.path + "/" + name) == 0o600, "\(name)")
        }
    }

    @Test("the log beside the database is for its user alone")
    func logMode() throws {
        let store = try state.store()
        try store.submit(request("a"))
        #expect(mode(state.database + "-wal") == 0o600)
        #expect(mode(state.database + "-shm") == 0o600)
    }

    private func refusal(_ directory: StateDirectory) -> SchedulingFailure? {
        let failure = #expect(throws: SchedulingFailure.self) { try directory.open() }
        #expect(failure?.code == .stateUnusable)
        #expect(failure?.subject.hasPrefix(directory.path) == true)
        return failure
    }

    @Test("a symbolic link in the last component is refused")
    func symbolicLink() throws {
        #expect(mkdir(state.root + "/real", 0o700) == 0)
        #expect(symlink("real", state.directory.path) == 0)
        #expect(refusal(state.directory)?.cause.contains("symbolic link") == true)
    }

    @Test("a symbolic link further up is followed")
    func symbolicLinkAbove() throws {
        #expect(mkdir(state.root + "/real", 0o700) == 0)
        #expect(symlink("real", state.root + "/link") == 0)
        let store = try SchedulingStore(
            directory: StateDirectory(path: state.root + "/link/state"), machine: "m", boot: "b", pid: 1)
        try store.submit(request("a"))
    }

    @Test("a file in its place is refused")
    func file() throws {
        close(open(state.directory.path, O_CREAT | O_WRONLY, 0o600))
        #expect(refusal(state.directory)?.cause == "it is not a directory")
    }

    @Test("a directory of another user is refused", .enabled(if: geteuid() == 0, "only root can give it away"))
    func otherOwner() throws {
        #expect(mkdir(state.directory.path, 0o700) == 0)
        #expect(chown(state.directory.path, 12345, 12345) == 0)
        #expect(refusal(state.directory)?.cause.contains("12345") == true)
    }

    @Test("a directory that others may write to is refused", arguments: [0o770, 0o702, 0o1777] as [mode_t])
    func writableByOthers(mode: mode_t) throws {
        #expect(mkdir(state.directory.path, 0o700) == 0)
        #expect(chmod(state.directory.path, mode) == 0)
        #expect(refusal(state.directory)?.remedy.contains("chmod 700") == true)
    }

    @Test("a directory where nothing can be made is refused, for root too")
    func readOnly() throws {
        // Nobody can make a file in sysfs, and its directories are root's; others meet the owner check first.
        let directory = StateDirectory(path: "/sys/kernel")
        let failure = #expect(throws: SchedulingFailure.self) {
            try SchedulingStore(directory: directory, machine: "m", boot: "b", pid: 1)
        }
        #expect(failure?.code == .stateUnusable)
        #expect(failure?.subject.hasPrefix("/sys/kernel") == true)
    }

    @Test("a parent that cannot be made is named in the refusal")
    func parent() throws {
        for path in ["/sys/kernel/nobody", "/sys/kernel/nobody/state"] {
            let failure = #expect(throws: SchedulingFailure.self) { try StateDirectory(path: path).open() }
            #expect(failure?.code == .stateUnusable)
            #expect(failure?.doing == "make the state directory")
            #expect(failure?.subject == "/sys/kernel/nobody")
        }
    }

    @Test(
        "network file systems are told by their type, sign and all",
        arguments: [
            (0x6969, "NFS"), (0xFF53_4D42, "CIFS"), (-0xACB2BE, "CIFS"), (0x0102_1997, "9p"), (0x6573_5546, "FUSE"),
            (0xEF53, nil), (0x5846_5342, nil), (0x9123_683E, nil), (0x794C_7630, nil), (0x0102_1994, nil), (-1, nil),
        ] as [(Int, String?)])
    func network(type: Int, name: String?) {
        #expect(networkFileSystem(ofType: type) == name)
    }

    @Test("the file system of a temporary directory counts as local")
    func local() { #expect(networkFileSystem(holding: state.root) == nil) }
}

private func mode(_ path: String) -> mode_t? {
    var about = stat()
    return lstat(path, &about) == 0 ? about.st_mode & 0o7777 : nil
}
