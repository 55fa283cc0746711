// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation
import FoundationNetworking

/// Carries movies and pictures between here and the farm, however many launches that takes.
struct Carrier {
    let uploader: Uploader
    let downloader: Downloader

    init() {
        // One session for both. Its identifier names what is on the books, in every launch.
        let configuration = URLSessionConfiguration.background(withIdentifier: "videofarm")
        uploader = Uploader(sessionConfiguration: configuration)
        downloader = Downloader(sessionConfiguration: configuration)
    }

    /// Sends a movie. When this returns, the upload is on the books, whatever becomes of this process.
    func send(_ file: URL, to address: URL, as identifier: String) async {
        // The farm speaks tus, so an upload goes on where it stopped.
        await uploader.beginUpload(of: file, with: URLRequest(url: address), identifier: identifier, options: .tus) {
            told($0, NetworkResponse($1))
        }
    }

    /// Fetches a movie or a picture. The file gets its name when it is whole; until then it lies beside it under another one.
    func fetch(_ address: URL, to file: URL, as identifier: String) async {
        await downloader.beginDownload(
            of: URLRequest(url: address), identifier: identifier, options: .to(file, replacingExisting: true)
        ) { told($0, NetworkResponse($1)) }
    }

    /// Hears the ends of what earlier launches began, without beginning anything.
    func attach() async throws {
        for transfer in try await uploader.transfers() {
            switch transfer.kind {
            case .upload: await uploader.attach(to: transfer.identifier) { told($0, NetworkResponse($1)) }
            case .download: await downloader.attach(to: transfer.identifier) { told($0, NetworkResponse($1)) }
            }
        }
    }
}

/// The end of a transfer. If the program dies in here, the next launch hears it again; then it is off the books.
private func told<Value>(_ identifier: String, _ response: NetworkResponse<Value>) {
    say("\(identifier): \(response)")
}

/// Writes a line at once, for the journal: what is printed to a pipe waits until the program ends.
func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
