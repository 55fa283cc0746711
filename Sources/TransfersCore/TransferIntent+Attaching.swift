// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension TransferIntent {
    /// Host and port of the request's URL, by which servers are counted; empty if it has none.
    package var host: String {
        let isSecure = url.prefix(8).lowercased() == "https://"
        guard isSecure || url.prefix(7).lowercased() == "http://" else { return "" }
        let authority = url.dropFirst(isSecure ? 8 : 7).prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last?.lowercased() ?? ""
        let hasPort = host.last != "]" && host.contains(":") && !(host.hasPrefix("[") && !host.contains("]:"))
        return host.isEmpty || hasPort ? host : host + (isSecure ? ":443" : ":80")
    }

    /// Whether beginning the one while the other lives attaches to it: the same request, from or to the same file. When it
    /// was asked, how patiently and by which policy does not count.
    ///
    /// Both without secrets, so that a presigned URL of today attaches to the one of yesterday. A snapshot has lost its
    /// source's name, so its size stands for it.
    package func asksTheSame(as other: TransferIntent) -> Bool {
        session == other.session && identifier == other.identifier && httpMethod == other.httpMethod
            && url == other.url && fields == other.fields && isSameWork(as: other)
    }

    private func isSameWork(as other: TransferIntent) -> Bool {
        switch (work, other.work) {
        case (.upload(let source, let method), .upload(let otherSource, let otherMethod)):
            guard method == otherMethod else { return false }
            if source.isSnapshot || otherSource.isSnapshot { return source.size == otherSource.size }
            return source.path == otherSource.path
        case (.download(let target), .download(let otherTarget)):
            return target.destination == otherTarget.destination && target.digest == otherTarget.digest
                && target.replacesExisting == otherTarget.replacesExisting
        default: return false
        }
    }
}
