// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSystemCalls
import CBackgroundLinux
import Glibc

/// The name of the network file system that holds this directory; nil for a local one, or when it cannot be told.
package func networkFileSystem(holding path: String) -> String? {
    let descriptor = systemCall(.open, path, retrying: true) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return nil }
    defer { closeDescriptor(descriptor) }
    return networkFileSystem(ofType: systemCall(.statfs, path) { cbackground_filesystem_type(descriptor) })
}

/// The types are those of statfs(2) and linux/magic.h. FUSE counts: its type does not tell sshfs from a local disk, and
/// few of its file systems share memory between processes as the write-ahead log needs.
package func networkFileSystem(ofType type: Int) -> String? {
    // On some machines f_type is signed, and CIFS has its highest bit set.
    switch UInt32(truncatingIfNeeded: type) {
    case 0x6969: "NFS"
    case 0x517B, 0xFE53_4D42: "SMB"
    case 0xFF53_4D42: "CIFS"
    case 0x0102_1997: "9p"
    case 0x6573_5546: "FUSE"
    case 0x00C3_6400: "Ceph"
    case 0x5346_414F, 0x6B41_4653: "AFS"
    case 0x7375_7245: "Coda"
    case 0x564C: "NCP"
    case 0x0BD0_0BD0: "Lustre"
    case 0x0116_1970: "GFS2"
    case 0x7461_636F: "OCFS2"
    case 0x786F_4256: "a VirtualBox shared folder"
    default: nil
    }
}
#endif
