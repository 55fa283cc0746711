// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Why a transfer failed for good: what was being done, to what, the cause, and what to do next. No secret of the request is
/// ever in it: no query of a URL, no value of a header field.
public struct TransferFailure: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// The sort of failure, to be matched in a `catch`.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// The URL cannot be read, has no host, or credentials are in it.
        case badURL
        /// Neither http nor https.
        case unsupportedScheme
        /// A header field or the method is nothing that HTTP allows: a line end, a zero byte.
        case badField
        /// An identifier, of a session or a transfer, that is empty, too long, or has a zero byte.
        case badIdentifier
        /// The identifier lives with another request or another file.
        case identifierInUse
        /// There is no file to upload, not any more.
        case sourceMissing
        /// The file to upload may not or cannot be read.
        case sourceUnreadable
        /// What is to be uploaded is a directory.
        case sourceIsDirectory
        /// What is to be uploaded is a device, a pipe or a socket.
        case sourceIsSpecial
        /// The file to upload is another one, or was written to, since the transfer was begun.
        case sourceChanged
        /// Something has the name of the destination, and may not be replaced.
        case destinationExists
        /// The destination is a directory.
        case destinationIsDirectory
        /// The destination is a symbolic link.
        case destinationIsLink
        /// The destination's folder is not there.
        case destinationFolderMissing
        /// The destination or its folder may not or cannot be written.
        case destinationUnwritable
        /// The disk or the quota is full.
        case diskFull
        /// The file can never fit: it is larger than its disk, or than a file may be there.
        case fileTooLarge
        /// The host's name has no address.
        case cannotResolve
        /// No connection could be made.
        case cannotConnect
        /// The connection broke.
        case connectionLost
        /// Nothing came or went for too long.
        case timedOut
        /// Not done before its deadline.
        case deadlinePassed
        /// There is no network, and it was not to wait for one.
        case noNetwork
        /// No secure connection could be agreed on.
        case tls
        /// Nobody trusted signed the server's certificate.
        case certificateUntrusted
        /// The server's certificate is not valid any more, or not yet.
        case certificateExpired
        /// The server's certificate is for another host.
        case certificateWrongHost
        /// The server's key is none of those pinned.
        case pinMismatch
        /// The server wants another client certificate.
        case clientCertificate
        /// What came is no answer that makes sense.
        case badAnswer
        /// More redirects than are allowed.
        case tooManyRedirects
        /// A redirect that is not followed: to http, another scheme, another origin.
        case redirectRefused
        /// What came does not have the digest that it should have.
        case digestMismatch
        /// The server failed too often.
        case tooManyAttempts
        /// The hook failed.
        case authorization
        /// It was cancelled.
        case cancelled
        /// The store of transfers cannot be used.
        case storage
    }

    /// The sort of failure.
    public package(set) var code: Code
    /// What was being done.
    public package(set) var doing: String
    /// To what: a path, an identifier, a URL without its query.
    public package(set) var subject: String
    /// The cause, as it was told to us.
    public package(set) var cause: String
    /// What to do next.
    public package(set) var remedy: String

    package init(_ code: Code, doing: String, subject: String, cause: String, remedy: String) {
        self.code = code
        self.doing = doing
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
    }

    /// All of it in two sentences.
    public var description: String { "\(doing) \(subject) failed: \(cause). \(remedy)" }
}
