// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
internal import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The file that comes with the end of a download.
extension TransferEnd {
    typealias Download = Result<(URL, URLResponse), any Error>

    /// Tells a handler; what the server said instead of a file is one for as long as the handler runs.
    func tell(_ identifier: String, _ handler: Downloader.Handler) {
        let (download, leftover) = download
        handler(identifier, download)
        if let leftover { try? FileManager.default.removeItem(at: leftover) }
    }

    /// For somebody who will read it after the end was acknowledged: a file of ours gets a second name that stays.
    func handedOver() -> Download {
        guard case .ended(let stored, let result) = self, case .download(let target) = stored.intent.work,
            target.destination == nil, case .success((let file, let response)) = download.0, result.file != nil
        else { return download.0 }
        do {
            return .success((try file.handedOver(at: Date(timeIntervalSince1970: result.seconds)), response))
        } catch {
            return .failure(error)
        }
    }

    private var download: (Download, leftover: URL?) {
        let response: URLResponse
        switch answer {
        case .failure(let error): return (.failure(error), nil)
        case .success(let known): response = known
        }
        guard case .ended(_, let result) = self else { return (.failure(NetworkResponseError.noResponseOrError), nil) }
        if let file = result.file { return (.success((URL(fileURLWithPath: file, isDirectory: false), response)), nil) }
        let words = FileManager.default.temporaryDirectory.appendingPathComponent("download-" + UUID().uuidString)
        let isThere = FileManager.default.createFile(
            atPath: words.path, contents: Data(result.body), attributes: [.posixPermissions: 0o600])
        guard isThere else { return (.failure(NetworkResponseError.expectedContentMissing), nil) }
        return (.success((words, response)), words)
    }
}

extension TransferResult {
    fileprivate var seconds: Double { Double(ended.microseconds) / 1_000_000 }
}

extension URL {
    private static let daysKept = 7.0

    /// Beside the folder of partial files, on the same file system: nothing is copied.
    fileprivate func handedOver(at now: Date) throws -> URL {
        let files = FileManager.default
        let folder = deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("delivered")
        if !files.fileExists(atPath: folder.path) {
            try files.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        let old = now.addingTimeInterval(-Self.daysKept * 86_400)
        for name in (try? files.contentsOfDirectory(atPath: folder.path)) ?? [] {
            let path = folder.appendingPathComponent(name).path
            let changed = try? files.attributesOfItem(atPath: path)[.modificationDate] as? Date
            if let changed, changed < old { try? files.removeItem(atPath: path) }
        }
        let handed = folder.appendingPathComponent(UUID().uuidString)
        // A second name first: whatever dies now, the end on the books still has its file.
        if (try? files.linkItem(at: self, to: handed)) == nil { try files.moveItem(at: self, to: handed) }
        return handed
    }
}

/// What a download came to, between its telling and its acknowledgement.
final class KeptDownload: Sendable {
    private let kept = Mutex<TransferEnd.Download?>(nil)

    func put(_ result: TransferEnd.Download) { kept.withLock { $0 = result } }

    var result: TransferEnd.Download? { kept.withLock { $0 } }
}
