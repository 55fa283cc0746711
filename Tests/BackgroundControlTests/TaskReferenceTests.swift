// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import Testing

@Suite("A task is found by what a person calls it")
struct TaskReferenceTests {
    private let known = [
        TaskReference(app: "reader", id: "refresh"), TaskReference(app: "photos", id: "refresh"),
        TaskReference(app: "photos", id: "export/all"), TaskReference(app: "a/b", id: "c"),
        TaskReference(app: "a", id: "b/c"),
    ]

    private func refusal(_ words: String) -> String {
        do throws(TaskReference.Unresolved) {
            return "found \(try TaskReference.resolve(words, among: known))"
        } catch {
            return error.description
        }
    }

    @Test("by its identifier where only one app has it, by app and identifier anywhere")
    func found() throws {
        #expect(try TaskReference.resolve("export/all", among: known).app == "photos")
        #expect(try TaskReference.resolve("photos/refresh", among: known).app == "photos")
        #expect(try TaskReference.resolve("reader/refresh", among: known + known).app == "reader")
    }

    @Test("what could be several is refused with all of them")
    func ambiguous() {
        #expect(refusal("refresh").contains("  photos/refresh\n  reader/refresh\n"))
        #expect(refusal("a/b/c").contains("may be one of several"))
    }

    @Test("what is unknown is refused with what was probably meant")
    func unknown() {
        #expect(refusal("refesh").contains("did you mean refresh?"))
        #expect(refusal("nothing like it").contains("there is no task nothing like it\n"))
        #expect(refusal("\u{1b}[2J").contains("\\u{1b}[2J"))
    }
}
