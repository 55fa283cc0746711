// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension TransferIntent {
    /// Host and port of the request's URL, by which servers are counted; empty if it has none.
    package var host: String { (try? HTTPAddress(url))?.authority ?? "" }

    /// Whether beginning the one while the other lives attaches to it: the same request, from or to the same file. When it
    /// was asked, how patiently and by which policy does not count.
    ///
    /// Both without secrets, so that a presigned URL of today attaches to the one of yesterday. A snapshot has lost its
    /// source's name, so its size stands for it.
    package func asksTheSame(as other: TransferIntent) -> Bool {
        session == other.session && identifier == other.identifier && httpMethod == other.httpMethod
            && url == other.url && fields == other.fields && isSameWork(as: other)
            && furtherSources.count == other.furtherSources.count
            && zip(furtherSources, other.furtherSources).allSatisfy { $0.isAskedAgain(by: $1) }
    }

    private func isSameWork(as other: TransferIntent) -> Bool {
        switch (work, other.work) {
        case (.upload(let source, let method), .upload(let otherSource, let otherMethod)):
            guard method.isAskedAgain(by: otherMethod) else { return false }
            return source.isAskedAgain(by: otherSource)
        case (.download(let target), .download(let otherTarget)):
            return target.destination == otherTarget.destination && target.digest == otherTarget.digest
                && target.replacesExisting == otherTarget.replacesExisting
        default: return false
        }
    }
}

extension UploadProtocol {
    /// A form that is described anew has another boundary.
    fileprivate func isAskedAgain(by other: UploadProtocol) -> Bool {
        if case .form(let form) = self, case .form(let otherForm) = other { return form.parts == otherForm.parts }
        return self == other
    }
}

extension SourceIdentity {
    fileprivate func isAskedAgain(by other: SourceIdentity) -> Bool {
        isSnapshot || other.isSnapshot ? size == other.size : path == other.path
    }
}
