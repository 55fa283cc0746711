// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
import CTransferLibcurl
internal import TransfersCore

extension Exchange {
    /// Says to libcurl what this exchange is.
    func configure(_ transfer: OpaquePointer) -> ExchangeFailure? {
        guard let raw = ctransfer_exchange_easy(transfer) else { return nil }
        var easy = EasyHandle(raw)
        setManners(&easy)
        setRequest(&easy)
        setTrust(&easy)
        guard setFields(transfer) else { return ExchangeFailure(.engine(Int32(CURLE_OUT_OF_MEMORY.rawValue))) }
        guard let refused = easy.refused else { return nil }
        return ExchangeFailure(
            .unsupported, detail: "libcurl cannot do this: " + String(cString: curl_easy_strerror(refused)))
    }

    /// What is the same for all of them.
    private func setManners(_ easy: inout EasyHandle) {
        easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
        easy.set(CURLOPT_NOSIGNAL, 1)
        easy.set(CURLOPT_FOLLOWLOCATION, 0)
        easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        easy.set(CURLOPT_HTTP09_ALLOWED, 0)
        easy.set(CURLOPT_PATH_AS_IS, 1)  // a signature covers the path as it was given
        easy.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        easy.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)  // a proxy's own answer is no answer of the server
        easy.set(CURLOPT_TCP_KEEPALIVE, 1)
        // No time limit for the whole: it takes as long as bytes flow.
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, max(limits.connect, 1) * 1000)
    }

    private func setRequest(_ easy: inout EasyHandle) {
        easy.set(CURLOPT_URL, url)
        if method == "HEAD" {
            easy.set(CURLOPT_NOBODY, 1)
        } else if hasBody {
            easy.set(CURLOPT_UPLOAD, 1)
            easy.set(CURLOPT_INFILESIZE_LARGE, size: bodyCount)
            easy.set(CURLOPT_CUSTOMREQUEST, method)
        } else if method != "GET" {
            easy.set(CURLOPT_CUSTOMREQUEST, method)
        }
    }

    /// RFC 9110, section 8.6: a method that means something by its body says that the body is empty.
    private var hasBody: Bool { !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) }

    private func setTrust(_ easy: inout EasyHandle) {
        if let authorities = trust.authorities {
            easy.set(CURLOPT_CAINFO, authorities)
            easy.set(CURLOPT_CAPATH, nil)
        }
        if !trust.pins.isEmpty { easy.set(CURLOPT_PINNEDPUBLICKEY, trust.pins.joined(separator: ";")) }
        if let certificate = trust.certificate { easy.set(CURLOPT_SSLCERT, certificate) }
        if let key = trust.key { easy.set(CURLOPT_SSLKEY, key) }
    }

    /// How a request is framed is ours to say.
    private static let framing = ["Content-Length", "Transfer-Encoding", "Expect"]

    private func setFields(_ transfer: OpaquePointer) -> Bool {
        var lines = fields.all.filter { field in !Self.framing.contains { HeaderFields.same($0, field.name) } }
            // With a colon and nothing behind it libcurl would leave its own field of that name out (CURLOPT_HTTPHEADER(3)).
            .map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if fields["Accept-Encoding"] == nil { lines.append("Accept-Encoding: identity") }
        if !expectsContinue { lines.append("Expect:") }
        return lines.allSatisfy { ctransfer_exchange_add_field(transfer, $0) == 0 }
            && ctransfer_exchange_set_fields(transfer) == 0
    }
}
