// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
import CTransferLibcurl
import Glibc
internal import TransfersCore

/// What libcurl says of an exchange that ended (libcurl-errors(3)), in our words.
struct EasyOutcome {
    let code: CURLcode
    let fault: ctransfer_fault
    let number: Int32
    /// What it said in words. It may name the host and the port, and what OpenSSL calls its errors.
    let message: String
    let certificate: Int
    let systemNumber: Int32
    let proxyStatus: Int
    /// The request has gone out.
    let wasConnected: Bool

    init(_ code: CURLcode, of transfer: OpaquePointer) {
        var number: Int32 = 0
        fault = ctransfer_exchange_fault(transfer, &number)
        self.code = code
        self.number = number
        message = String(cString: ctransfer_exchange_message(transfer))
        let easy = ctransfer_exchange_easy(transfer)
        func value(_ info: CURLINFO) -> Int {
            var value = 0
            _ = ctransfer_get_long(easy, Int32(info.rawValue), &value)
            return value
        }
        certificate = value(CURLINFO_SSL_VERIFYRESULT)
        systemNumber = Int32(truncatingIfNeeded: value(CURLINFO_OS_ERRNO))
        proxyStatus = value(CURLINFO_HTTP_CONNECTCODE)
        var before: Int64 = 0
        _ = ctransfer_get_size(easy, Int32(CURLINFO_PRETRANSFER_TIME_T.rawValue), &before)
        wasConnected = before > 0
    }

    var failure: ExchangeFailure? {
        if let kind = ownKind { return ExchangeFailure(kind.0, detail: kind.1) }
        guard code != CURLE_OK else { return nil }
        return ExchangeFailure(kind, detail: detail)
    }

    /// The callbacks' reasons; libcurl then only says that one of them ended it.
    private var ownKind: (ExchangeFailure.Kind, String)? {
        switch fault {
        case CTRANSFER_SOURCE_ENDED: (.sourceEnded, "the source ended before its announced length")
        case CTRANSFER_SOURCE_UNREADABLE: (.sourceUnreadable(number), systemText(number))
        case CTRANSFER_SINK_UNWRITABLE: (.sinkUnwritable(number), systemText(number))
        case CTRANSFER_BODY_TOO_LONG: (.wrongLength, "the body is longer than expected")
        case CTRANSFER_HEAD_TOO_LONG: (.malformedAnswer, "the head is too long")
        case CTRANSFER_STALLED: (.stalled, "no byte moved for too long")
        case CTRANSFER_UNCLEAN: (.malformedAnswer, "the server spoke before it was asked")
        case CTRANSFER_CUT: (.connectionLost, "TLS ended without close_notify")
        case CTRANSFER_NO_MEMORY: (.engine(Int32(CURLE_OUT_OF_MEMORY.rawValue)), "no memory")
        default: nil
        }
    }

    /// Never the URL, its query or a field: only these codes come with words that cannot hold them.
    private var detail: String {
        let general = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_PARTIAL_FILE:
            return message.isEmpty ? general : message
        default:
            return general
        }
    }

    private var kind: ExchangeFailure.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameNotResolved
        case CURLE_COULDNT_CONNECT, CURLE_NO_CONNECTION_AVAILABLE, CURLE_PROXY: .notConnected
        case CURLE_OPERATION_TIMEDOUT: .connectTimedOut
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_AGAIN:
            .connectionLost
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR: brokenConnection
        case CURLE_SSL_CONNECT_ERROR: brokenHandshake
        case CURLE_PEER_FAILED_VERIFICATION: .tls(refusedCertificate)
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH: .tls(.pinMismatch)
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CLIENTCERT: .tls(.clientCertificate)
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tls(.untrusted)
        case CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_ENGINE_INITFAILED:
            .tls(.handshake)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_FILESIZE_EXCEEDED: .malformedAnswer
        // HTTP/0.9 and a version that nobody speaks; before that, the scheme.
        case CURLE_UNSUPPORTED_PROTOCOL: wasConnected ? .malformedAnswer : .unsupported
        // A single line beyond libcurl's own limit.
        case CURLE_OUT_OF_MEMORY where wasConnected: .malformedAnswer
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED: .unsupported
        default: .engine(Int32(bitPattern: code.rawValue))
        }
    }

    /// libcurl has one code for all that goes wrong on a connection, and only words for the rest.
    private var brokenConnection: ExchangeFailure.Kind {
        if message.contains("certificate required") || message.contains("alert bad certificate")
            || message.contains("alert unknown ca")
        {
            return .tls(.clientCertificate)
        }
        if message.contains("chunk") || message.contains("oo large response header") { return .malformedAnswer }
        return proxyStatus >= 300 && !wasConnected ? .notConnected : .connectionLost
    }

    private var brokenHandshake: ExchangeFailure.Kind {
        if [ECONNRESET, EPIPE, ECONNABORTED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH].contains(systemNumber)
            || message.contains("SSL_ERROR_SYSCALL") || message.contains("reset by peer")
            || message.contains("unexpected eof")
        {
            return .connectionLost
        }
        let aboutOurs = ["certificate required", "alert bad certificate", "alert unknown ca"]
        return .tls(aboutOurs.contains { message.contains($0) } ? .clientCertificate : .handshake)
    }

    /// X509_V_ERR_… of OpenSSL (X509_STORE_CTX_get_error(3)). libcurl looks at the name first, while this is still unset.
    private var refusedCertificate: ExchangeFailure.TLSFault {
        switch certificate {
        case 9, 10, 13, 14: .expired
        case 0, 1, 62, 64: .wrongHost
        default: .untrusted
        }
    }
}

func systemText(_ number: Int32) -> String {
    guard let text = strerror(number) else { return "error \(number)" }
    return String(cString: text)
}
