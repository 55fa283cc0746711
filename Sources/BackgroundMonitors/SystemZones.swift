// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Glibc
import Synchronization

/// The time zones as this system has them: the files of its tz database, and its own choice among them.
///
/// The system's zone is what the variable TZ says (tzset(3)), else /etc/localtime (localtime(5)), else UTC. Foundation
/// is not asked: on Linux its rules are compiled in, and know nothing of an updated tzdata.
///
/// State: `cache`, guarded by its mutex, the rules that were read, each with the version of its file then.
package final class SystemZones: ZoneSource {
    private let directory: String
    private let localFile: String
    private let variable: String?
    private let cache = Mutex<[String: (version: Version?, rules: ZoneRules)]>([:])

    /// The one of this process, by the variables that it was started with.
    package static let shared = SystemZones()

    /// More zones than any program uses; beyond, the cache begins anew.
    private static let cacheLimit = 64

    /// - Parameters:
    ///   - directory: Where the tz database is; nil is `TZDIR` or /usr/share/zoneinfo.
    ///   - localFile: The system's choice.
    ///   - variable: What TZ says; nil is not set.
    package init(
        directory: String? = SystemZones.environment("TZDIR"), localFile: String = "/etc/localtime",
        variable: String? = SystemZones.environment("TZ")
    ) {
        self.directory = directory.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/usr/share/zoneinfo"
        self.localFile = localFile
        self.variable = variable
    }

    package static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    // MARK: Rules

    package func rules(for identifier: String?) throws(ZoneFailure) -> ZoneRules {
        guard let identifier else {
            switch local {
            case .utc: return .utc
            case .rules(let rules): return rules
            case .file(let path): return try rules(at: path, named: path)
            case .unknown(let text):
                throw ZoneFailure(
                    subject: text, cause: "the variable TZ names no time zone of this system",
                    remedy: "Set TZ to a name such as \"Europe/Warsaw\", or remove it.")
            }
        }
        if Self.namesOfUTC.contains(identifier) { return .utc }
        guard Self.isName(identifier) else {
            throw ZoneFailure(
                subject: String(identifier.prefix(80)), cause: "this is no name of a time zone",
                remedy: "Use a name of the tz database, such as \"Europe/Warsaw\" or \"UTC\".")
        }
        return try rules(at: directory + "/" + identifier, named: identifier)
    }

    /// They need no file, so that an image without tzdata has them.
    private static let namesOfUTC: Set<String> = [
        "UTC", "Etc/UTC", "Z", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal",
    ]

    /// A path below the database's directory that leads nowhere else: the letters that its names have.
    static func isName(_ text: String) -> Bool {
        let isAllowed = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"):
                true
            default: false
            }
        }
        guard (1...255).contains(text.utf8.count) else { return false }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            part.allSatisfy(isAllowed) && part.first.map { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") } ?? false
        }
    }

    private func rules(at path: String, named name: String) throws(ZoneFailure) -> ZoneRules {
        let version = Version(of: path)
        if let known = cache.withLock({ $0[path] }), known.version == version { return known.rules }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SmallFile.bytes(at: path, limit: ZoneRules.largestFile + 1)
        } catch {
            let isMissing = [ENOENT, ENOTDIR, EISDIR].contains(error.number)
            let cause =
                if !isMissing {
                    "\(path) cannot be read: \(error)"
                } else if access(directory, F_OK) != 0 {
                    "this system has no time zones (\(directory) is missing)"
                } else {
                    "this system has no time zone of this name"
                }
            throw ZoneFailure(
                subject: name, cause: cause,
                remedy: "Use a name that `timedatectl list-timezones` shows, or install the package tzdata.")
        }
        let rules = try ZoneRules(tzif: bytes, name: name)
        cache.withLock { cache in
            if cache.count >= Self.cacheLimit { cache = [:] }
            cache[path] = (version, rules)
        }
        return rules
    }

    // MARK: The system's zone

    private enum Local {
        case utc
        case rules(ZoneRules)
        case file(String)
        case unknown(String)
    }

    private var local: Local {
        guard let variable else { return access(localFile, F_OK) == 0 ? .file(localFile) : .utc }
        let text = variable.hasPrefix(":") ? String(variable.dropFirst()) : variable
        if text.isEmpty || Self.namesOfUTC.contains(text) { return .utc }
        // A person's own setting may name any file, as for the C library.
        if text.hasPrefix("/") { return .file(text) }
        if Self.isName(text), access(directory + "/" + text, F_OK) == 0 { return .file(directory + "/" + text) }
        return ZoneRules(posix: text).map(Local.rules) ?? .unknown(text)
    }

    package func localIdentity() -> String {
        switch local {
        case .utc: "UTC"
        case .rules, .unknown: "TZ=\(variable ?? "")"
        case .file(let path): "\(path) " + (Version(of: path)?.text ?? "missing")
        }
    }

    /// Which file a path leads to, and which version of it: another link leads to another inode. Nil: to none.
    private struct Version: Hashable {
        let device: dev_t
        let inode: ino_t
        let size: off_t
        let modified: [Int]

        // A launch asks for it before anything runs: the description of an array alone would take 0.2 ms of that.
        var text: String {
            var text = "\(device):\(inode) \(size) ["
            for (index, part) in modified.enumerated() { text += (index == 0 ? "" : ", ") + String(part) }
            return text + "]"
        }

        init?(of path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = status.st_dev
            inode = status.st_ino
            size = status.st_size
            modified = [
                status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ]
        }
    }

    /// Told when the link or file of the system's zone is replaced, or the file behind it is. Nil where TZ decides, as
    /// that stays, and where inotify cannot be had.
    package func watch(_ onChange: @escaping @Sendable () -> Void) -> (any ZoneWatch)? {
        guard variable == nil else { return nil }
        return ZoneFileWatch(localFile, onChange: onChange)
    }
}
#endif
