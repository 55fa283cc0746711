// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore

/// What names a paused transfer to whoever goes on with it. The bytes it has, and how it was begun, stay in the store.
struct ResumeData: Codable {
    var version = 1
    var session: String
    var identifier: String

    init(session: String, identifier: String) { (self.session, self.identifier) = (session, identifier) }

    init?(_ data: Data) {
        guard let read = try? JSONDecoder().decode(ResumeData.self, from: data), read.version == 1 else { return nil }
        self = read
    }

    var data: Data? { try? JSONEncoder().encode(self) }
}

extension TransferTaskState {
    /// Pauses the transfer; nil if there is none any more.
    func resumeData() -> Data? {
        guard let session = self[\.session], session.pause(identifier) else { return nil }
        return ResumeData(session: session.identifier, identifier: identifier).data
    }
}
