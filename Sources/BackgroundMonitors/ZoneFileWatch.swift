// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Dispatch
import Glibc

/// Watches /etc/localtime, a link, and the file behind it (inotify(7)); it ends with its last reference, or by `stop()`.
///
/// Both are replaced by renaming, which a watch of the file itself would not show: their directories are watched, and
/// only events with their names count.
final class ZoneFileWatch: ZoneWatch {
    /// Unsafe only to the compiler: Dispatch objects may be used on any thread (dispatch(3)).
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// Nil where inotify cannot be had: not in the kernel, or the user's limit of instances is used up.
    init?(_ path: String, onChange: @escaping @Sendable () -> Void) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        guard Self.watchDirectory(of: path, on: descriptor) else {
            close(descriptor)
            return nil
        }
        Self.watchTarget(of: path, on: descriptor)
        source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: DispatchQueue(label: "background.zone"))
        source.setEventHandler {
            let names = Self.names(on: descriptor)
            guard
                names.contains(Self.name(of: path))
                    || Self.target(of: path).map({ names.contains(Self.name(of: $0)) }) ?? false
            else { return }
            // A new link leads to another directory. Watches of old ones stay; they tell of nothing that counts.
            Self.watchTarget(of: path, on: descriptor)
            onChange()
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
    }

    deinit { source.cancel() }

    /// Ends it; a change that is being told meanwhile may still arrive.
    func stop() { source.cancel() }

    private static let events = UInt32(IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE)

    private static func watchDirectory(of path: String, on descriptor: Int32) -> Bool {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return inotify_add_watch(descriptor, directory.isEmpty ? "/" : directory, events) >= 0
    }

    /// Without it an update of tzdata is seen later, by `localIdentity()`.
    private static func watchTarget(of path: String, on descriptor: Int32) {
        if let target = target(of: path) { _ = watchDirectory(of: target, on: descriptor) }
    }

    private static func target(of path: String) -> String? {
        let target = realpath(path, nil)
        defer { free(target) }
        return target.map { String(cString: $0) }
    }

    private static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The names of the files that something happened to.
    private static func names(on descriptor: Int32) -> Set<String> {
        var names: Set<String> = []
        let header = MemoryLayout<inotify_event>.size
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var offset = 0
                while offset + header <= count {
                    let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let end = min(offset + header + Int(event.len), count)
                    let bytes = buffer[(offset + header)..<end].prefix { $0 != 0 }
                    names.insert(String(decoding: bytes, as: UTF8.self))
                    offset += header + Int(event.len)
                }
            }
        }
        return names
    }
}
#endif
