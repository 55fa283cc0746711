// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// What an installed template unit says about its app: `ServiceUnit` read backwards.
package struct InstalledService: Hashable, Sendable {
    package let appIdentifier: String
    /// What the file starts, and where its app keeps its state; nil if the file is none of ours any more.
    package let specification: ServiceSpecification?
    /// Whether the file is word for word what the library writes for that.
    package let isAsWritten: Bool

    /// Nil for a file that is not called like one of our templates.
    package init?(fileName: String, text: String, systemWide: Bool) {
        guard fileName.hasSuffix("@.service"), let identifier = UnitName.appIdentifier(inUnit: fileName),
            UnitName.template(appIdentifier: identifier) == fileName
        else { return nil }
        appIdentifier = identifier
        let specification = InstalledService.specification(identifier, text)
        self.specification = specification
        let unit = specification.flatMap { try? ServiceUnit($0, systemWide: systemWide) }
        isAsWritten = unit?.text == text
    }

    private static func specification(_ identifier: String, _ text: String) -> ServiceSpecification? {
        var specification: ServiceSpecification?
        var place: String?
        var variables: [ServiceSpecification.Variable] = []
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = String(line[line.index(after: equals)...])
            switch line[..<equals] {
            case "ExecStart":
                guard value.hasPrefix(":"), let words = UnitText.words(String(value.dropFirst())),
                    let executable = words.first
                else { return nil }
                specification = ServiceSpecification(
                    appIdentifier: identifier, executable: executable, arguments: Array(words.dropFirst()),
                    stateDirectory: "")
            case "WorkingDirectory": place = UnitText.undoubled("%", in: value)
            case "Environment":
                for word in UnitText.words(value) ?? [] {
                    guard let equals = word.firstIndex(of: "=") else { continue }
                    variables.append(
                        .init(name: String(word[..<equals]), value: String(word[word.index(after: equals)...])))
                }
            default: break
            }
        }
        specification?.workingDirectory = place
        specification?.environment = variables.filter { !ours.contains($0.name) }
        // The last one wins (systemd.exec(5), "Environment=").
        guard let directory = variables.last(where: { $0.name == "BACKGROUND_STATE_DIRECTORY" })?.value,
            directory.hasPrefix("/")
        else { return nil }
        specification?.stateDirectory = directory
        return specification
    }

    private static let ours: Set = ["BACKGROUND_APP_ID", "BACKGROUND_STATE_DIRECTORY", "BACKGROUND_LAUNCH"]
}
