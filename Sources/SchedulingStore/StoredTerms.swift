// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

/// The terms of a request as the store keeps them: JSON, so that people can read them with the `sqlite3` shell.
package enum StoredTerms {
    /// Nil for plain terms.
    package static func encode(_ terms: RequestTerms) throws(SchedulingFailure) -> String? {
        if terms.isPlain { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(terms), as: UTF8.self)
        } catch {
            throw SchedulingFailure(
                .invalidArgument, doing: "keep the terms of a request", subject: "\(terms)", cause: "\(error)",
                remedy: "Use plain numbers and texts.")
        }
    }

    /// Nil if the text is no such JSON, or says what no request can say.
    package static func decode(_ text: String) -> RequestTerms? {
        guard let terms = try? JSONDecoder().decode(RequestTerms.self, from: Data(text.utf8)),
            (try? terms.validate()) != nil
        else { return nil }
        return terms
    }
}
