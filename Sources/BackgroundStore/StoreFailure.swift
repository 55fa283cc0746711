// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import BackgroundSQLite
import SchedulingCore

extension SchedulingFailure {
    /// What SQLite said, in the words of the scheduler.
    package init(_ error: SQLiteError, doing: String, path: String) {
        let code: Code
        let remedy: String
        if error.isBusy {
            code = .storeBusy
            remedy = "Find the process that holds the database open in a transaction, then try again."
        } else if error.isFull || error.systemError == ENOSPC || error.systemError == EDQUOT {
            code = .diskFull
            remedy = "Nothing was changed. Free some space, then try again."
        } else if error.isDamage {
            code = .storeCorrupt
            remedy = "Check the disk, and restore the file from a copy or remove it."
        } else if error.isAccess {
            code = .stateUnusable
            remedy = "Give this user write access to the file and its directory, or choose another state directory."
        } else {
            code = .storeFailed
            remedy = "Nothing was changed. Check the disk and the system's journal, then try again."
        }
        self.init(code, doing: doing, subject: path, cause: "\(error.message) (\(error.extendedCode))", remedy: remedy)
    }

    /// A damaged database that now has another name.
    static func setAside(
        _ names: [String], from path: String, doing: String, cause: String, remedy: String
    ) -> SchedulingFailure {
        SchedulingFailure(
            .storeCorrupt, doing: doing, subject: path,
            cause: cause + "; it was set aside as " + names.joined(separator: ", "),
            remedy: remedy + " (the next start begins with an empty store); keep the files set aside to recover them "
                + "with the sqlite3 tool.")
    }
}
