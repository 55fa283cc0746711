// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension TransferIntent {
    /// What is wrong with it, before anything is tried; nil if nothing is.
    package var flaw: TransferFailure? {
        do {
            _ = try HTTPAddress(url)
        } catch {
            return error.failure(subject: identifier)
        }
        if let field = fields.all.first(where: { !$0.isWellFormed }) {
            return .badField(field.name, subject: identifier)
        }
        guard HeaderFields.isToken(httpMethod) else {
            return TransferFailure(
                .badField, doing: "Beginning", subject: identifier, cause: "the method is no word of HTTP",
                remedy: "Use GET, PUT or POST.")
        }
        if case .upload(let source, _) = work, ([source] + furtherSources).contains(where: { $0.size != $0.sendable }) {
            return TransferFailure(
                .sourceUnreadable, doing: "Beginning", subject: identifier, cause: "the size of the file is none",
                remedy: "Give a file that can be read.")
        }
        if case .download = work, fields["Range"] != nil {
            return TransferFailure(
                .badField, doing: "Beginning", subject: identifier,
                cause: "a download asks for ranges itself, so the request may not have a Range field",
                remedy: "Leave it out.")
        }
        if case .upload(let source, .form(let form)) = work,
            form.pieces(sizes: [source.size] + furtherSources.map(\.size)) == nil
        {
            return TransferFailure(
                .sourceMissing, doing: "Beginning", subject: identifier,
                cause: "the form names a file that is not given",
                remedy: "Give every file of the form.")
        }
        return nil
    }
}

extension TransferFailure {
    static func badField(_ name: String, subject: String) -> TransferFailure {
        // The value may be a secret, and the name may be anything: only what is plain is shown.
        let shown = HeaderFields.isToken(name) ? name : "(unprintable)"
        return TransferFailure(
            .badField, doing: "Beginning", subject: subject,
            cause: "the header field \(shown) has a name or value that HTTP does not allow",
            remedy: "Leave out line ends, zero bytes and other control characters.")
    }
}

extension AddressFault {
    func failure(subject: String) -> TransferFailure {
        let (code, cause, remedy): (TransferFailure.Code, String, String) =
            switch self {
            case .malformed: (.badURL, "the URL cannot be read", "Use an absolute http or https URL.")
            case .hostMissing: (.badURL, "the URL has no host", "Use an absolute http or https URL.")
            case .credentials:
                (.badURL, "the URL has a user name in it", "Give credentials in a header field or through a hook.")
            case .foreignScheme(let scheme):
                (.unsupportedScheme, "the scheme \(scheme.prefix(32)) is not spoken here", "Use http or https.")
            }
        return TransferFailure(code, doing: "Beginning", subject: subject, cause: cause, remedy: remedy)
    }
}

extension HeaderFields {
    /// A token of RFC 9110, section 5.6.2: what names of fields and methods are made of.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256 && text.utf8.allSatisfy(isTokenByte)
    }

    package static func isTokenByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

extension HeaderFields.Field {
    /// Nothing in it ends the line or the head (RFC 9110, section 5.5).
    package var isWellFormed: Bool {
        HeaderFields.isToken(name) && value.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7f) }
    }

    /// It tells who we are.
    var isSecret: Bool { isOne(of: ["Authorization", "Cookie", "Cookie2", "Proxy-Authorization"]) }

    /// The connection's own, or counted by the engine: never taken from a caller.
    var isConnections: Bool {
        isOne(of: [
            "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
            "Upgrade", "Expect",
        ])
    }

    /// It describes a body.
    var isOfBody: Bool {
        isOne(of: ["Content-Digest", "Repr-Digest", "Upload-Complete", "Upload-Length", "Upload-Offset"])
            || name.lowercased().hasPrefix("content-")
    }

    private func isOne(of names: [String]) -> Bool { names.contains { HeaderFields.same($0, name) } }
}
