// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Rules on the tree and on every file in it.
enum TreeRules {
    static let map = "Documentation/Architecture.md"

    static let everyFolderIsOnTheMap = HouseRule("every folder of Sources, Tests and Examples has a line on the map") {
        files in
        let lines = files.first { $0.path == map }?.lines ?? []
        var folders: [String: SourceFile] = [:]
        for file in files where ["Sources", "Tests", "Examples"].contains(file.components[0]) {
            if let folder = file.topFolder, folders[folder] == nil { folders[folder] = file }
        }
        return folders.sorted { $0.key < $1.key }
            .filter { folder, _ in !lines.contains { $0.contains("`\(folder)/`") } }
            .map { folder, file in Violation(file, 1, "`\(folder)/` has no line in \(map)") }
    }

    static let everyFileIsLicensed = HouseRule("every source file begins with the two-line SPDX header") { file in
        let kinds = [".swift", ".c", ".h", ".sh", ".py"]
        // A script may have no ending.
        guard kinds.contains(where: { file.path.hasSuffix($0) }) || file.text.hasPrefix("#!") else { return [] }
        let head = file.lines.prefix(4)
        let isThere = zip(head, head.dropFirst()).contains { first, second in
            first.hasSuffix(" SPDX-License-Identifier: Apache-2.0")
                && second.hasSuffix(" the swift-background authors") && second.contains(" Copyright (c) ")
        }
        return isThere ? [] : [Violation(file, 1, "no SPDX header")]
    }

    static let emptyNames: Set<String> = [
        "Util", "Utils", "Helper", "Helpers", "Manager", "Managers", "Common", "Misc",
    ]

    static let everyNameSays = HouseRule("a file's name says what is in it") { file in
        let words = words(of: file.name)
        guard let empty = words.first(where: emptyNames.contains) else { return [] }
        // systemd's manager is a thing of the field.
        let isOfSystemd = file.path.contains("Systemd") || file.isBelow("Tests/Host")
        if empty.hasPrefix("Manager"), isOfSystemd { return [] }
        return [Violation(file, 1, "\(empty) in a name")]
    }

    /// "SystemUtils+Linux.swift": System, Utils, Linux, Swift.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var previous: Character = " "
        for character in name {
            if !character.isLetter {
                previous = " "
                continue
            }
            if previous == " " || (character.isUppercase && previous.isLowercase) || words.isEmpty {
                words.append(character.uppercased())
            } else {
                words[words.count - 1].append(character)
            }
            previous = character
        }
        return words
    }

    /// What must not be in the repository; each in pieces, so that this file does not hold it.
    static let forbidden: [String] = [
        ["/wo", "rk/"], ["/opt", "/swift"], ["../sh", "ared"], ["pypi", ".org"], ["files.python", "hosted.org"],
        ["deb.deb", "ian.org"], ["crates", ".io"], ["npm", "js"],
    ].map { $0.joined() }

    static let nothingOfTheMachine = HouseRule("no file knows the machine that it was written on") { file in
        file.lines.enumerated().flatMap { number, line in
            forbidden.filter { occurs($0, in: line) }.map { Violation(file, number + 1, $0) }
        }
    }

    /// A path counts where it begins: "/usr/work/" is another one.
    private static func occurs(_ word: String, in line: Substring) -> Bool {
        line.ranges(of: word).contains { range in
            guard word.hasPrefix("/"), range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || "._-)}".contains(before))
        }
    }
}
