// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// What tells one version of a resource from another, as far as bytes of both may stand in one file.
package struct Validators: Sendable, Equatable {
    /// A strong entity tag, quoted as it came (RFC 9110, section 8.8.3); weak ones are none.
    package var entityTag: String?
    /// A date of change that is strong: clearly older than the answer that it stood in (section 8.8.2.2).
    package var lastModified: String?

    package init(entityTag: String? = nil, lastModified: String? = nil) {
        self.entityTag = entityTag
        self.lastModified = lastModified
    }

    package init(_ fields: HeaderFields, now: WallTime) {
        entityTag = fields["ETag"].flatMap(Self.strong)
        guard let changed = fields["Last-Modified"]?.trimmed, let date = fields["Date"]?.trimmed,
            let changedAt = HTTPDate.parse(changed, now: now), let answeredAt = HTTPDate.parse(date, now: now)
        else { return }
        if changedAt.distance(to: answeredAt) >= .seconds(60) { lastModified = changed }
    }

    package var isEmpty: Bool { entityTag == nil && lastModified == nil }

    static func strong(_ value: String) -> String? {
        let text = value.trimmed
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, bytes.count <= 1024, bytes.first == 0x22, bytes.last == 0x22 else { return nil }
        let inside = bytes.dropFirst().dropLast()
        return inside.allSatisfy { $0 == 0x21 || (0x23...0x7e).contains($0) || $0 >= 0x80 } ? text : nil
    }
}
