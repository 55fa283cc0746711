// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// The files of this repository, read once.
enum Repository {
    /// Two folders above this one.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What tools leave behind, and git itself.
    private static let skipped: Set<String> = [".git", ".swiftpm", "DerivedData"]

    static let files: [SourceFile] = {
        let prefix = root.standardizedFileURL.path + "/"
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var files: [SourceFile] = []
        for case let path as String in walk {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let type = walk.fileAttributes?[.type] as? FileAttributeType
            if skipped.contains(name) || name.hasPrefix(".build") {
                if type == .typeDirectory { walk.skipDescendants() }
                continue
            }
            // Whatever is not text (a picture, an object file) is judged by none of the rules.
            if type == .typeRegular, let text = try? String(contentsOfFile: prefix + path, encoding: .utf8) {
                files.append(SourceFile(path: path, text: text))
            }
        }
        return files.sorted { $0.path < $1.path }
    }()
}
