// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

/// What this package adds, as a program uses it.
struct Studio {
    let uploader = Uploader(sessionConfiguration: .background(withIdentifier: "org.example.studio"))
    let downloader = Downloader(sessionConfiguration: .background(withIdentifier: "org.example.studio"))

    func publish(_ film: URL, to url: URL) async throws {
        try uploader.authorize("studio") { request in
            .bearer(request.isRefresh ? "fresh" : "kept")
        }
        var options = TransferOptions.tus
        options.authorizer = "studio"
        options.retry = .upTo(20)
        options.redirects = .sameOrigin
        options.trust = TransferTrust(pins: ["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])
        options.source = .snapshot
        options.bytesPerSecond = 1 << 20
        await uploader.beginUpload(of: film, with: URLRequest(url: url), identifier: "film", options: options) {
            _, result in
            if case .failure(let error as URLError) = result, error.transferFailure?.code == .sourceChanged {
                print("the file was changed")
            }
        }
        for await progress in uploader.progress(of: "film") {
            print(progress.fractionCompleted, progress.bytesPerSecond ?? 0)
        }
    }

    func send(_ files: [URL], to url: URL) async {
        var form = UploadForm()
        form.append("holiday", name: "title")
        for file in files { form.append(file: file, name: "photo", contentType: "image/jpeg") }
        await uploader.beginUpload(of: form, with: URLRequest(url: url), identifier: "album") { print($0, $1) }
    }

    func loadAll(_ urls: [URL], into folder: URL) async {
        let orders = urls.map { url in
            DownloadOrder(
                of: URLRequest(url: url), identifier: url.lastPathComponent,
                options: .to(folder.appendingPathComponent(url.lastPathComponent), replacingExisting: true))
        }
        await downloader.begin(contentsOf: orders) { print($0, $1) }
    }

    func look() async throws {
        for transfer in try await downloader.transfers() {
            switch transfer.state {
            case .running: print(transfer.identifier, transfer.completedBytes, transfer.totalBytes ?? 0)
            case .waiting(let reason, let until):
                print(transfer.identifier, "waits for", reason, until ?? .distantFuture)
            case .paused: try await downloader.resume(transfer.identifier)
            case .ended: break
            }
        }
        try await downloader.pause("film")
        if let data = try await downloader.resumeData(of: "film") {
            await downloader.beginDownload(withResumeData: data) { print($0, $1) }
        }
        try await uploader.cancel("album")
        let progress = try downloader.foundationProgress(of: "film")
        print(progress.fractionCompleted)
    }
}
