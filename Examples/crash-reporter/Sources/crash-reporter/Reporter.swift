// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation
import FoundationNetworking

/// Sends every report in a folder to a server, and deletes what the server has judged.
struct Reporter {
    let uploader = Uploader(sessionConfiguration: .background(withIdentifier: "reports"))

    /// Begins an upload for each report that is not on its way yet. Its name in the session is that of its file.
    func sweep() async throws {
        let settings = try Settings.read()
        let known = Set(try await uploader.transfers().map(\.identifier))
        for name in try FileManager.default.contentsOfDirectory(atPath: settings.folder.path).sorted()
        where !name.hasPrefix(".") && !known.contains(name) {
            var request = URLRequest(url: settings.server.appendingPathComponent("reports"))
            request.httpMethod = "POST"
            request.setValue("text/plain", forHTTPHeaderField: "Content-Type")
            let report = settings.folder.appendingPathComponent(name)
            await uploader.beginUpload(of: report, with: request, identifier: name, options: Reporter.patience) {
                judged($0, NetworkResponse($1))
            }
        }
    }

    /// Hears the ends of what is on its way, without beginning anything.
    func attach() async throws {
        for transfer in try await uploader.transfers() {
            await uploader.attach(to: transfer.identifier) { judged($0, NetworkResponse($1)) }
        }
    }

    /// A server that is away or busy is asked again, later and later but at least once an hour, for a week; if it says when
    /// to come back (`Retry-After`), then. No process waits for that: systemd starts one when it is time.
    private static let patience = TransferOptions {
        $0.retry = TransferRetryPolicy(maximumAttempts: 200, base: 2, longest: 3600)
        $0.lifetime = 7 * 86_400
    }

    /// The end is on the books until this has returned: if the program dies in here, the next launch hears it again.
    private func judged(_ name: String, _ response: NetworkResponse<Void>) {
        say("\(name): \(response)")
        switch response {
        case .success, .rejected:
            // The server has it, or never wants to see it again.
            guard let folder = try? Settings.read().folder else { return }
            try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        case .retry, .failed:
            // Out of patience, or something is wrong here. The report stays, and the next sweep begins it anew.
            break
        }
    }
}

/// Writes a line at once, for the journal: what is printed to a pipe waits until the program ends.
func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
