// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import BackgroundSQLite
import BackgroundSystemCalls
import SchedulingCore

/// The database file: how it is made, opened, judged and set aside. All of it under one lock, so that nobody makes a
/// new file while another sets the damaged one aside.
package struct StoreFile {
    package let path: String
    package let format: StoreFormat
    private let vfs: String?
    package let busyTimeout: Duration
    package let role: StoreRole

    package init(
        path: String, format: StoreFormat, vfs: String?, busyTimeout: Duration, role: StoreRole = .app
    ) {
        self.path = path
        self.format = format
        self.vfs = vfs
        self.busyTimeout = busyTimeout
        self.role = role
    }

    private static let companions = ["", "-wal", "-shm"]

    /// Opens the database, made when it is missing, at the present schema, and sees that it belongs to this machine.
    package func open(machine: String) throws(SchedulingFailure) -> Database {
        if role == .app { try makeIfMissing(machine: machine) } else { try requireIt() }
        do {
            var database = try Database(path: path, mode: .existing, vfs: vfs, busyTimeout: busyTimeout)
            try configure(database)
            try judge(database)
            if role == .visitor, try database.userVersion() < format.version { database = try copy(of: database) }
            try adopt(database, machine: machine)
            return database
        } catch let error as SQLiteError {
            guard error.isDamage, role == .app else {
                throw SchedulingFailure(error, doing: "open the store", path: path)
            }
            throw setAside(doing: "open the store", cause: error.message)
        } catch let failure as SchedulingFailure {
            throw failure
        } catch {
            throw unexpected(error)
        }
    }

    /// Durable before a commit returns (FULL), with a log (set in the file itself when it is made) that never grows for
    /// ever.
    private func configure(_ database: Database) throws(SQLiteError) {
        try database.execute(
            """
            PRAGMA synchronous = FULL;
            PRAGMA journal_size_limit = 4194304;
            PRAGMA cache_size = -\(format.cacheKibibytes);
            PRAGMA temp_store = MEMORY;
            PRAGMA trusted_schema = OFF;
            """)
    }

    private func judge(_ database: Database) throws {
        let version = try database.userVersion()
        let application = try database.integer("PRAGMA application_id") ?? 0
        guard application == format.applicationIdentifier else {
            throw SchedulingFailure(
                .stateUnusable, doing: "open the store", subject: path,
                cause: "it is a SQLite database of something else (application id \(application))",
                remedy: "Move that file away, or choose another state directory.")
        }
        guard version <= format.version else {
            throw SchedulingFailure(
                .storeTooNew, doing: "open the store", subject: path,
                cause: "it has schema \(version), and this program knows schema \(format.version)",
                remedy: "Update this program to the library version that wrote the file, or choose another state "
                    + "directory. The file was left as it is.")
        }
        guard role == .app else { return }
        if try database.text("PRAGMA journal_mode") != "wal" { try Self.keepLog(database) }
        guard try database.text("PRAGMA journal_mode") == "wal" else {
            throw SchedulingFailure(
                .stateUnusable, doing: "open the store", subject: path,
                cause: "SQLite cannot keep a write-ahead log there",
                remedy: "Choose a state directory on a local disk.")
        }
        if version < format.version { try database.transaction { try format.migrate(database) } }
    }

    /// The mode is kept in the file's header. To the end of the statement: it says "wal" before the header is committed, and
    /// where that fails it is no log that is kept.
    private static func keepLog(_ database: Database) throws(SQLiteError) {
        try database.execute("PRAGMA journal_mode = WAL")
    }

    private func adopt(_ database: Database, machine: String) throws {
        let kept = try database.text("SELECT value FROM meta WHERE key = 'machine'") ?? ""
        if machine.isEmpty || machine == kept { return }
        guard kept.isEmpty else {
            throw SchedulingFailure(
                .storeForeign, doing: "open the store", subject: path,
                cause: "it was made on the machine with id \(kept), and this is \(machine)",
                remedy: "Remove the file if this is a copy of that machine's disk, or choose another state directory. "
                    + "The file was left as it is.")
        }
        if role == .app { try database.transaction { try Self.sign(database, machine: machine) } }
    }

    private static func sign(_ database: Database, machine: String) throws(SQLiteError) {
        let statement = try database.prepare("INSERT OR REPLACE INTO meta VALUES ('machine', ?1)")
        try statement.bind(machine, at: 1)
        try statement.run()
    }

    // MARK: Visiting

    /// It is there.
    package func requireIt() throws(SchedulingFailure) {
        var about = stat()
        guard lstat(path, &about) == 0 else {
            guard errno == ENOENT else { throw .files("open the store", path, errno) }
            throw SchedulingFailure(
                .stateUnusable, doing: "open the store", subject: path, cause: "there is none",
                remedy: "Start the app once, so that it makes it.")
        }
        guard about.st_mode & S_IFMT == S_IFREG else { throw .files("open the store", path, ELOOP) }
    }

    /// To bring the file itself to a newer schema would lock its own app out: what is read is a copy without a name, that
    /// was brought there.
    private func copy(of database: Database) throws -> Database {
        let template = (getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp") + "/swift-background-XXXXXX"
        var name = Array(template.utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw SchedulingFailure.files("copy the store to", template, errno) }
        close(descriptor)
        let copied = String(decoding: name.dropLast().lazy.map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { unlink(copied) }
        // "The file must not previously exist, or else it must be an empty file" (https://www.sqlite.org/lang_vacuum.html).
        let statement = try database.prepare("VACUUM INTO ?1")
        try statement.bind(copied, at: 1)
        try statement.run()
        let copy = try Database(path: copied, mode: .existing, busyTimeout: busyTimeout)
        try copy.execute("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
        try copy.transaction { try format.migrate(copy) }
        return copy
    }

    /// Why nothing may be written to what `open` returned; nil if it may.
    package func refusal(toWriteTo database: Database, doing: String) -> SchedulingFailure? {
        guard database.path != path else { return nil }
        return SchedulingFailure(
            .stateUnusable, doing: doing, subject: path,
            cause: "the app was built with an older library, and this program only reads its store",
            remedy: "Use the backgroundctl of that version, or build the app anew.")
    }

    // MARK: Making

    private func makeIfMissing(machine: String) throws(SchedulingFailure) {
        var about = stat()
        if systemCall(.lstat, path, { lstat(path, &about) }) == 0 {
            guard about.st_mode & S_IFMT == S_IFREG else { throw .files("open the store", path, ELOOP) }
            // A store is complete before it gets its name, so an empty file was cut by somebody.
            if about.st_size == 0 { throw setAside(doing: "open the store", cause: "it is empty") }
            return
        }
        guard errno == ENOENT else { throw .files("open the store", path, errno) }
        // A log without its database must not be replayed into a new one.
        if systemCall(.lstat, path + "-wal", { lstat(path + "-wal", &about) }) == 0 {
            if about.st_size > 0 {
                throw setAside(doing: "open the store", cause: "the database is gone and its log is still there")
            }
        } else if errno != ENOENT {
            // Not known to be missing, so it must not be thrown away.
            throw .files("open the store", path + "-wal", errno)
        }
        remove(path + "-wal")
        remove(path + "-shm")
        try make(machine: machine)
    }

    /// Makes it complete under another name, then gives it its own: no moment shows half a store.
    private func make(machine: String) throws(SchedulingFailure) {
        let draft = path + ".new"
        for suffix in Self.companions + ["-journal"] { remove(draft + suffix) }
        closeDescriptor(try openPrivateFile(draft, alsoFlags: O_EXCL))
        do {
            let database = try Database(path: draft, mode: .existing, vfs: vfs, busyTimeout: busyTimeout)
            try database.execute("PRAGMA synchronous = FULL")
            try database.transaction {
                try format.migrate(database)
                try Self.sign(database, machine: machine)
            }
            // Nothing is in the log yet.
            try Self.keepLog(database)
        } catch {
            for suffix in Self.companions + ["-journal"] { remove(draft + suffix) }
            guard let error = error as? SQLiteError else { throw unexpected(error) }
            throw SchedulingFailure(error, doing: "make the store", path: path)
        }
        remove(draft + "-wal")
        remove(draft + "-shm")
        guard systemCall(.rename, draft, { rename(draft, path) }) == 0 else {
            throw .files("make the store", path, errno)
        }
        try synchronizeDirectory(directory)
    }

    /// Best effort: what stays is in the way only where it is found again.
    private func remove(_ path: String) { _ = systemCall(.unlink, path) { unlink(path) } }

    private var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return String(path[..<slash])
    }

    private func unexpected(_ error: any Error) -> SchedulingFailure {
        SchedulingFailure(
            .storeFailed, doing: "open the store", subject: path, cause: "\(error)", remedy: "Report this as a bug.")
    }

    // MARK: Setting aside

    /// Gives the damaged file, its log and its index a new name, and says so in the failure it returns.
    package func setAside(doing: String, cause: String) -> SchedulingFailure {
        var about = stat()
        var number = 1
        while Self.companions.contains(where: { lstat("\(path).damaged-\(number)\($0)", &about) == 0 }) { number += 1 }
        var names: [String] = []
        for suffix in Self.companions where lstat(path + suffix, &about) == 0 {
            let name = "\(path).damaged-\(number)\(suffix)"
            guard systemCall(.rename, path + suffix, { rename(path + suffix, name) }) == 0 else {
                return SchedulingFailure(
                    .storeCorrupt, doing: doing, subject: path,
                    cause: cause + ", and it could not be renamed: " + String(cString: strerror(errno)),
                    remedy: "Move the file and its -wal and -shm away.")
            }
            names.append(name)
        }
        try? synchronizeDirectory(directory)
        return .setAside(names, from: path, doing: doing, cause: cause, remedy: format.afterSettingAside)
    }
}
