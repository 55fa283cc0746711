// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The rule for what can name a task.
package enum TaskIdentifier {
    /// Longer than any reverse-DNS name, short enough for an index.
    package static let maximumBytes = 255

    /// Throws what is wrong with the identifier, if anything is.
    ///
    /// Any text that people can read is allowed: it never becomes a file's or a unit's name, only a value in the store.
    package static func validate(_ identifier: String) throws(SchedulingFailure) {
        let cause: String
        if identifier.isEmpty {
            cause = "it is empty"
        } else if identifier.utf8.count > maximumBytes {
            cause = "it has \(identifier.utf8.count) bytes, and \(maximumBytes) is the limit"
        } else if identifier.unicodeScalars.contains(where: isControl) {
            cause = "it contains a control character"
        } else {
            return
        }
        throw SchedulingFailure(
            .invalidArgument, doing: "use the task identifier", subject: String(identifier.prefix(80)), cause: cause,
            remedy: "Use a short reverse-DNS name such as \"org.example.app.refresh\".")
    }

    /// Unicode's general category Cc, which never grows; asking for the category of each scalar takes longer than the rest
    /// of `submit` but for the disk.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }
}
