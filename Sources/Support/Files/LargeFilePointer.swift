/// What Git leaves in the place of a large file until it is fetched.
package enum LargeFilePointer {
  /// Why a file that begins with these bytes is not read; nil where it is no pointer.
  package static func reason(_ start: some Sequence<UInt8>) -> String? {
    start.starts(with: "version https://git-lfs".utf8) ? reason : nil
  }

  /// Why a pointer is not read.
  package static let reason = "this is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'"
}
