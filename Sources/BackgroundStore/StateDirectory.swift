// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import BackgroundSystemCalls
import SchedulingCore

/// Where an app keeps its state: one directory of its own, for its user alone, on a local file system.
package struct StateDirectory: Hashable, Sendable {
    /// Absolute, without a slash at the end.
    package let path: String

    package init(path: String) { self.path = path }

    /// Chooses the directory, without touching the disk: the explicit path, then the first of `$STATE_DIRECTORY`
    /// (systemd.exec(5): several are separated by colons), then `$XDG_STATE_HOME`, then the user's or the system's usual
    /// place. A variable that is not an absolute path is ignored, as the XDG specification says.
    package static func resolve(
        explicit: String?, appIdentifier: String, environment: [String: String]
    ) throws(SchedulingFailure) -> StateDirectory {
        try resolve(
            explicit: explicit, appIdentifier: appIdentifier, environment: environment, user: geteuid(),
            home: passwordHome)
    }

    package static func resolve(
        explicit: String?, appIdentifier: String, environment: [String: String], user: uid_t, home: () -> String?
    ) throws(SchedulingFailure) -> StateDirectory {
        if let explicit {
            guard explicit.hasPrefix("/"), !explicit.utf8.contains(0) else {
                throw SchedulingFailure(
                    .invalidArgument, doing: "use the state directory", subject: explicit,
                    cause: "it is not an absolute path", remedy: "Give a path that begins with a slash.")
            }
            return StateDirectory(path: trimmed(explicit))
        }
        if let given = environment["STATE_DIRECTORY"]?.split(separator: ":").first, given.hasPrefix("/") {
            return StateDirectory(path: trimmed(String(given)))
        }
        guard !appIdentifier.isEmpty, appIdentifier.utf8.count <= 255, appIdentifier != ".", appIdentifier != "..",
            !appIdentifier.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
        else {
            throw SchedulingFailure(
                .invalidArgument, doing: "name the state directory after", subject: appIdentifier,
                cause: "it cannot be the name of a directory",
                remedy: "Use an app id of letters, digits, dots and hyphens, at most 255 bytes long.")
        }
        if let given = environment["XDG_STATE_HOME"], given.hasPrefix("/") {
            return StateDirectory(path: trimmed(given) + "/" + appIdentifier)
        }
        if user == 0 { return StateDirectory(path: "/var/lib/" + appIdentifier) }
        let named = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        guard let home = named ?? home(), home.hasPrefix("/") else {
            throw SchedulingFailure(
                .stateUnusable, doing: "find the state directory of", subject: appIdentifier,
                cause: "neither $STATE_DIRECTORY, $XDG_STATE_HOME nor $HOME is set, and user \(user) has no home",
                remedy: "Set one of them, or give a state directory in the configuration.")
        }
        return StateDirectory(path: trimmed(home) + "/.local/state/" + appIdentifier)
    }

    private static func trimmed(_ path: String) -> String {
        var path = Substring(path)
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path = path.dropLast() }
        return String(path)
    }

    private static func passwordHome() -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let base = buffer.baseAddress,
                getpwuid_r(geteuid(), &entry, base, buffer.count, &found) == 0, let found,
                let home = found.pointee.pw_dir
            else { return nil }
            return String(cString: home)
        }
    }

    /// Makes the directory and its missing parents (0700, each made durable), and refuses one that cannot keep a
    /// database safely.
    package func open() throws(SchedulingFailure) {
        var about = stat()
        if systemCall(.lstat, path, { lstat(path, &about) }) != 0 {
            guard errno == ENOENT else { throw .files("look at the state directory", path, errno) }
            try Self.make(path)
            guard systemCall(.lstat, path, { lstat(path, &about) }) == 0 else {
                throw .files("look at the state directory", path, errno)
            }
        }
        try judge(about)
        guard systemCall(.access, path, { access(path, W_OK | X_OK) }) == 0 else {
            throw .files("write to the state directory", path, errno)
        }
        if let network = networkFileSystem(holding: path) {
            throw unusable(
                "it lies on \(network), and SQLite's write-ahead log works on local file systems only",
                remedy: "Choose a state directory on a local disk.")
        }
    }

    /// The same for who only visits: nothing is made.
    package func look() throws(SchedulingFailure) {
        var about = stat()
        guard lstat(path, &about) == 0 else { throw .files("look at the state directory", path, errno) }
        try judge(about)
        // Even a reader of the write-ahead log writes to its index.
        guard access(path, W_OK | X_OK) == 0 else { throw .files("write to the state directory", path, errno) }
    }

    /// Whether the library made the entry of this name in a state directory.
    package static func isOurs(_ name: String) -> Bool {
        name.hasPrefix("scheduling.sqlite") || name.hasPrefix("transfers.sqlite")
            || [
                "store.lock", "owners.lock", "arming.lock", "doorbell", "launches", "enabled", "reload-pending",
                "transfers.lock", "transfers.doorbell", "transfers",
            ].contains(name)
    }

    private func judge(_ about: stat) throws(SchedulingFailure) {
        switch about.st_mode & S_IFMT {
        case S_IFDIR: break
        case S_IFLNK:
            throw unusable(
                "it is a symbolic link", remedy: "Name the directory that it points to, or remove the link.")
        default:
            throw unusable("it is not a directory", remedy: "Move that file away, or choose another directory.")
        }
        guard about.st_uid == geteuid() else {
            throw unusable(
                "it belongs to user \(about.st_uid), and this is user \(geteuid())",
                remedy: "Run as its owner, give it to this user (chown), or choose another directory.")
        }
        guard about.st_mode & 0o022 == 0 else {
            throw unusable(
                "its mode is \(String(about.st_mode & 0o7777, radix: 8)): others may write to it",
                remedy: "Take that away: chmod 700.")
        }
    }

    private func unusable(_ cause: String, remedy: String) -> SchedulingFailure {
        SchedulingFailure(.stateUnusable, doing: "use the state directory", subject: path, cause: cause, remedy: remedy)
    }

    private static func make(_ path: String) throws(SchedulingFailure) {
        let parent = parent(of: path)
        if systemCall(.mkdir, path, { mkdir(path, 0o700) }) != 0 {
            switch errno {
            case EEXIST: return
            case ENOENT where parent != path:
                try make(parent)
                guard systemCall(.mkdir, path, { mkdir(path, 0o700) }) == 0 || errno == EEXIST else {
                    throw .files("make the state directory", path, errno)
                }
            default: throw .files("make the state directory", path, errno)
            }
        }
        try synchronizeDirectory(parent)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
