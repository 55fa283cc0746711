// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension TransferFailure {
    /// Numbers of errors that Linux and Darwin share (errno(3)).
    private enum Errno {
        static let noSpace: Int32 = 28
        static let tooLarge: Int32 = 27
        static let readOnly: Int32 = 30
        static let denied: Int32 = 13
    }

    /// An exchange that ended without a whole answer, in the words of the transfer.
    init(_ failure: ExchangeFailure, doing: String, subject: String) {
        let detail = failure.detail.isEmpty ? "" : " (\(failure.detail))"
        let (code, cause, remedy): (Code, String, String) =
            switch failure.kind {
            case .cancelled, .stoppedByPlan: (.cancelled, "it was stopped", "Begin it again.")
            case .nameNotResolved:
                (.cannotResolve, "the name of the host has no address", "Check the URL and the network.")
            case .notConnected: (.cannotConnect, "no connection could be made", "Check the network and the server.")
            case .connectionLost: (.connectionLost, "the connection was lost", "Try again when the network is better.")
            case .stalled: (.timedOut, "no byte came or went for too long", "Try again, or allow a longer stall.")
            case .connectTimedOut: (.timedOut, "the connection took too long", "Check the network and the server.")
            case .tls(let fault): Self.words(fault)
            case .malformedAnswer: (.badAnswer, "what came is no answer of HTTP", "Check the server.")
            case .wrongLength: (.badAnswer, "the body is not as long as it said", "Check the server.")
            case .sourceEnded: (.sourceChanged, "the file became shorter while it was sent", "Send it again.")
            case .sourceUnreadable(let number):
                (.sourceUnreadable, "the file cannot be read (errno \(number))", "Check its permissions and disk.")
            case .sinkUnwritable(let number): Self.words(unwritable: number)
            case .unsupported: (.badURL, "the URL is nothing that can be asked", "Use an http or https URL.")
            case .engine(let number): (.connectionLost, "the network layer failed (\(number))", "Try again.")
            }
        self.init(code, doing: doing, subject: subject, cause: cause + detail, remedy: remedy)
    }

    private static func words(_ fault: ExchangeFailure.TLSFault) -> (Code, String, String) {
        switch fault {
        case .handshake: (.tls, "no secure connection could be agreed on", "Check the server's TLS settings.")
        case .expired: (.certificateExpired, "the server's certificate has expired", "Check the clock and the server.")
        case .untrusted: (.certificateUntrusted, "nobody trusted signed the certificate", "Name its authority.")
        case .wrongHost: (.certificateWrongHost, "the certificate is for another host", "Check the URL.")
        case .pinMismatch: (.pinMismatch, "the server's key is none of those pinned", "Check the pins.")
        case .clientCertificate:
            (.clientCertificate, "the server wants another client certificate", "Give the right one.")
        }
    }

    static func words(unwritable number: Int32) -> (Code, String, String) {
        switch number {
        case Errno.noSpace, 122: (.diskFull, "the disk or the quota is full", "Free some space, and begin again.")
        case Errno.tooLarge:
            (
                .fileTooLarge, "it is larger than its disk or quota, or than a file may be there",
                "Choose a disk with more space."
            )
        case Errno.readOnly, Errno.denied:
            (.destinationUnwritable, "the file may not be written (errno \(number))", "Choose another place.")
        default: (.destinationUnwritable, "the file cannot be written (errno \(number))", "Check the disk.")
        }
    }

    static func badAnswer(_ cause: String, doing: String, subject: String) -> TransferFailure {
        TransferFailure(.badAnswer, doing: doing, subject: subject, cause: cause, remedy: "Check the server.")
    }
}

extension ExchangeFailure.Kind {
    /// What fitted is as good as ever.
    package var isFullDisk: Bool {
        guard case .sinkUnwritable(let number) = self else { return false }
        return TransferFailure.words(unwritable: number).0 == .diskFull
    }

    /// Whether the same exchange may well succeed later.
    var isPassing: Bool {
        switch self {
        case .nameNotResolved, .notConnected, .connectionLost, .stalled, .connectTimedOut, .wrongLength, .engine: true
        case .tls(.handshake): true
        case .cancelled, .stoppedByPlan, .tls, .malformedAnswer, .sourceEnded, .sourceUnreadable, .sinkUnwritable,
            .unsupported:
            false
        }
    }
}
