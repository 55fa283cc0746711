// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

/// Who the program is, and what its `Info.plist` permits.
struct AppIdentity: Sendable {
    var identifier: String
    /// By the plist; without one, or without its key, everything is permitted.
    var permissions: Permissions
    /// What people should know: the identifier was guessed, the plist cannot be read.
    var warnings: [String]

    private static let largestPlist = 1 << 20

    init(configured: String?, environment: [String: String], executable: String) {
        let plist = AppIdentity.propertyList(beside: executable)
        var warnings: [String] = []
        if case .failure(let warning) = plist { warnings.append(warning.text) }
        let values = (try? plist.get()) ?? [:]
        if let configured {
            identifier = configured
        } else if let named = environment["BACKGROUND_APP_ID"], !named.isEmpty {
            identifier = named
        } else if let bundle = values["CFBundleIdentifier"] as? String, !bundle.isEmpty {
            identifier = bundle
        } else {
            identifier = String(executable.split(separator: "/").last ?? "program")
            warnings.append(
                "The app has no identifier of its own, so it is called \(identifier.debugDescription) after its executable. "
                    + "Set Configuration.appIdentifier, $BACKGROUND_APP_ID or an Info.plist beside the executable.")
        }
        permissions = Permissions(
            identifiers: values["BGTaskSchedulerPermittedIdentifiers"] as? [String],
            modes: values["UIBackgroundModes"] as? [String], appIdentifier: identifier)
        self.warnings = warnings + permissions.warnings
    }

    private struct Unreadable: Error { let text: String }

    /// The values of `Info.plist`, or `<executable>.plist`, beside the executable; empty if there is none.
    private static func propertyList(beside executable: String) -> Result<[String: Any], Unreadable> {
        let directory = String(executable[..<(executable.lastIndex(of: "/") ?? executable.startIndex)])
        for path in [directory + "/Info.plist", executable + ".plist"] {
            guard access(path, F_OK) == 0 else { continue }
            guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: largestPlist + 1)
            else {
                return .failure(Unreadable(text: "\(path) cannot be read, so it is not used: everything is permitted."))
            }
            guard data.count <= largestPlist,
                let values = try? PropertyListSerialization.propertyList(from: data, format: nil) as? [String: Any]
            else {
                return .failure(
                    Unreadable(
                        text:
                            "\(path) is no property list with a dictionary, so it is not used: everything is permitted."
                    ))
            }
            return .success(values)
        }
        return .success([:])
    }
}
