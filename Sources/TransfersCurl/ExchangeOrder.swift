// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
internal import TransfersCore

/// What `start` was given.
struct ExchangeOrder: Sendable {
    var exchange: Exchange
    var sources: [any OpenFile]
    var sink: (any OpenFile)?
    var observer: any ExchangeObserver

    /// Why it cannot be sent at all: nothing that would break out of its place in the request reaches the wire.
    var refusal: ExchangeFailure? {
        if let reason = exchange.unsendable { return ExchangeFailure(.unsupported, detail: reason) }
        for piece in exchange.body {
            if case .file(let source, let range) = piece, !sources.indices.contains(source) || range.lowerBound < 0 {
                return ExchangeFailure(.unsupported, detail: "a piece of the body lies in no source")
            }
        }
        return nil
    }
}

extension Exchange {
    fileprivate var unsendable: String? {
        if method.isEmpty || !method.utf8.allSatisfy(HeaderFields.isTokenByte) || method == "CONNECT" {
            return "this method cannot be sent"
        }
        if method == "HEAD", !body.isEmpty { return "a HEAD request has no body" }
        // The rest of the URL is libcurl's to judge.
        guard let rest = Self.schemes.lazy.compactMap({ url.dropping(prefix: $0) }).first else {
            return "only http and https are spoken"
        }
        guard let first = rest.first, !"/?#:".contains(first) else { return "the URL has no host" }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return "the URL has a blank or a control character"
        }
        for field in fields.all {
            if field.name.isEmpty || !field.name.utf8.allSatisfy(HeaderFields.isTokenByte) {
                return "a field has a name that cannot be sent"
            }
            if field.value.utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) {
                return "the field \(field.name) has a line break or a NUL in its value"
            }
        }
        return nil
    }

    private static let schemes = ["http://", "https://"]
}

extension String {
    /// What follows an ASCII prefix, without regard to case; nil if it does not begin so.
    fileprivate func dropping(prefix: String) -> Substring? {
        let start = utf8.prefix(prefix.utf8.count)
        guard HeaderFields.same(String(Substring(start)), prefix) else { return nil }
        return self[start.endIndex...]
    }
}

extension [Exchange.Piece] {
    /// The pieces as C takes them; what they point to lives as long as the call.
    func withPieces<Result>(
        _ sources: [any OpenFile], _ body: (UnsafeBufferPointer<ctransfer_piece>) -> Result
    ) -> Result {
        let literals = flatMap { piece -> [UInt8] in if case .bytes(let bytes) = piece { bytes } else { [] } }
        return literals.withUnsafeBytes { memory in
            var used = 0
            let pieces = map { piece -> ctransfer_piece in
                switch piece {
                case .bytes(let bytes):
                    defer { used += bytes.count }
                    // An empty array has no memory; its piece moves no bytes wherever it points.
                    let start = bytes.isEmpty ? nil : memory.baseAddress.map { $0 + used }
                    return ctransfer_piece(bytes: start, descriptor: -1, offset: 0, count: Int64(bytes.count))
                case .file(let source, let range):
                    return ctransfer_piece(
                        bytes: nil, descriptor: sources[source].descriptor, offset: range.lowerBound, count: piece.count
                    )
                }
            }
            return pieces.withUnsafeBufferPointer(body)
        }
    }
}
