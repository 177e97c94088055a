import Foundation
import Support

/// A file system of a few kilobytes, for disks that are full.
package enum SmallDisk {
  /// Whether this process may mount one.
  package static let isPossible = (try? withDisk(kilobytes: 8) { _ in true }) ?? false

  private struct CannotMount: Error {}

  /// Runs the body with the folder where a file system of this size is mounted, for as long as the body runs.
  package static func withDisk<R>(kilobytes: Int, _ body: (String) throws -> R) throws -> R {
    try withTemporaryFolder { folder in
      guard shell("mount -t tmpfs -o size=\(kilobytes)k svnup-test '\(folder)'") == 0 else { throw CannotMount() }
      defer { _ = shell("umount -l '\(folder)'") }
      return try body(folder)
    }
  }

  private static func shell(_ line: String) -> Int32 {
    #if os(Linux)
      let process = Foundation.Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", line]
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return -1 }
      process.waitUntilExit()
      return process.terminationStatus
    #else
      return -1
    #endif
  }
}
