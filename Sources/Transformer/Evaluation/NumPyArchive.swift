import Support

/// `.npz`: a zip archive of `.npy` files, as `numpy.savez` writes it, without compression.
///
/// The layout is that of PKWARE's APPNOTE 6.3.3: a directory at the end names the members and where they begin.
enum NumPyArchive {
  /// The array of a name, or the only one there is, and the names of all others.
  ///
  /// Throws where there is none, where it is compressed, and where the archive is damaged.
  static func array(
    _ name: String, in bytes: ArraySlice<UInt8>, source: String
  ) throws(ModelError) -> (array: IntegerArray, others: [String]) {
    func malformed(_ reason: String) -> ModelError { .tokens(source: source, reason: reason) }
    guard let members = members(bytes) else { throw malformed("this is not a .npz file: its zip directory is damaged") }
    let names = members.map(\.name)
    guard let member = members.first(where: { $0.name == "\(name).npy" }) ?? (members.count == 1 ? members[0] : nil)
    else {
      throw malformed("there is no '\(name)' among its arrays: \(names.joined(separator: ", "))")
    }
    guard member.method == 0 else {
      let (array, target) = (String(member.name.dropLast(4)).pythonText, "\(source).npy".pythonText)
      let load = FileKind.python("import numpy as n; n.save(\(target), n.load(\(source.pythonText))[\(array)])")
      throw malformed("'\(member.name)' is compressed; convert it first: \(load)")
    }
    // The local header repeats name and extra field, whose lengths may differ from the directory's.
    guard let header = bytes.slice(member.offset, 30), header.word(0, 4) == 0x0403_4B50,
      let content = bytes.slice(member.offset + 30 + header.word(26, 2) + header.word(28, 2), member.size)
    else { throw malformed("'\(member.name)' ends behind the file") }
    guard CRC32.checksum(content) == UInt32(member.checksum) else {
      throw malformed("'\(member.name)' is damaged: its CRC-32 is not the one recorded")
    }
    let others = names.filter { $0 != member.name }.map { $0.hasSuffix(".npy") ? String($0.dropLast(4)) : $0 }
    return (try IntegerArray(numPy: content, source: "\(source): \(member.name)"), others)
  }

  private struct Member {
    let name: String
    /// 0 where the bytes are stored as they are.
    let method: Int
    let checksum: Int
    let size: Int
    /// Of the local header.
    let offset: Int
  }

  /// What the archive's directory lists; nil where it is damaged.
  private static func members(_ bytes: ArraySlice<UInt8>) -> [Member]? {
    // The end record is followed by a comment of at most 65,535 bytes.
    let earliest = max(0, bytes.count - 22 - 0xFFFF)
    guard bytes.count >= 22,
      let end = stride(from: bytes.count - 22, through: earliest, by: -1).first(where: {
        bytes.slice($0, 4)?.word(0, 4) == 0x0605_4B50
      }), let record = bytes.slice(end, 22)
    else { return nil }
    var position = record.word(16, 4)
    var members: [Member] = []
    for _ in 0..<record.word(10, 2) {
      guard let header = bytes.slice(position, 46), header.word(0, 4) == 0x0201_4B50,
        let name = bytes.slice(position + 46, header.word(28, 2))
      else { return nil }
      members.append(
        Member(
          name: String(decoding: name, as: UTF8.self), method: header.word(10, 2), checksum: header.word(16, 4),
          size: header.word(20, 4), offset: header.word(42, 4)))
      position += 46 + header.word(28, 2) + header.word(30, 2) + header.word(32, 2)
    }
    return members
  }
}

extension ArraySlice<UInt8> {
  /// Bytes from an offset on; nil where there are fewer.
  fileprivate func slice(_ offset: Int, _ count: Int) -> ArraySlice<UInt8>? {
    guard offset >= 0, count >= 0, offset <= self.count - count else { return nil }
    return self[startIndex + offset..<startIndex + offset + count]
  }

  /// A little-endian number of `size` bytes at an offset.
  fileprivate func word(_ offset: Int, _ size: Int) -> Int {
    (0..<size).reduce(0) { $0 | Int(self[startIndex + offset + $1]) << (8 * $1) }
  }
}

/// The checksum of zip archives: the polynomial 0xEDB88320, reflected.
private enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }

  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
  }
}
