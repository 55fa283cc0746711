// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
public import TransfersCore

extension URLError {
    /// What went wrong with a transfer, with its cause and remedy; nil if the error is another's.
    public var transferFailure: TransferFailure? { userInfo[NSUnderlyingErrorKey] as? TransferFailure }

    /// A failure in the codes that programs for URL sessions know. The URL is told without its query.
    init(_ failure: TransferFailure, url: String? = nil) {
        var info: [String: Any] = [
            NSUnderlyingErrorKey: failure, NSLocalizedDescriptionKey: failure.description,
            NSLocalizedRecoverySuggestionErrorKey: failure.remedy,
        ]
        if let address = url.flatMap({ try? HTTPAddress($0) }) {
            info[NSURLErrorFailingURLErrorKey] = URL(string: address.location)
        }
        self.init(failure.code.urlErrorCode, userInfo: info)
    }
}

extension TransferFailure.Code {
    var urlErrorCode: URLError.Code {
        switch self {
        case .badURL: .badURL
        case .unsupportedScheme: .unsupportedURL
        case .cannotResolve: .cannotFindHost
        case .cannotConnect: .cannotConnectToHost
        case .connectionLost: .networkConnectionLost
        case .timedOut, .deadlinePassed: .timedOut
        case .noNetwork: .notConnectedToInternet
        case .tls: .secureConnectionFailed
        case .certificateUntrusted: .serverCertificateHasUnknownRoot
        case .certificateExpired: .serverCertificateHasBadDate
        case .certificateWrongHost, .pinMismatch: .serverCertificateUntrusted
        case .clientCertificate: .clientCertificateRejected
        case .tooManyRedirects: .httpTooManyRedirects
        case .redirectRefused: .redirectToNonExistentLocation
        case .badAnswer, .tooManyAttempts: .badServerResponse
        case .digestMismatch: .cannotDecodeContentData
        case .authorization: .userAuthenticationRequired
        case .cancelled: .cancelled
        case .sourceMissing: .fileDoesNotExist
        case .sourceIsDirectory: .fileIsDirectory
        case .sourceUnreadable, .sourceIsSpecial: .noPermissionsToReadFile
        case .sourceChanged: .requestBodyStreamExhausted
        case .destinationExists, .destinationIsDirectory, .destinationIsLink, .destinationFolderMissing:
            .cannotCreateFile
        case .destinationUnwritable, .diskFull, .fileTooLarge: .cannotWriteToFile
        case .badField, .badIdentifier, .identifierInUse, .storage: .unknown
        }
    }
}
