import Support

/// One Unicode scalar at a time, from bytes and to bytes.
enum UTF8Scalar {
  /// The scalar that starts at `i` and its length in bytes.
  ///
  /// The bytes should be valid UTF-8. Where they are not, a stray byte reads as U+FFFD of length 1; nothing beyond the buffer
  /// is touched.
  @inline(__always)
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>, at i: Int) -> (scalar: UInt32, length: Int) {
    let first = bytes[i]
    if first < 0x80 { return (UInt32(first), 1) }
    return decodeMultibyte(bytes, at: i, first: first)
  }

  /// The scalar that ends before `end`, which must not be 0, and its length in bytes.
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>, before end: Int) -> (scalar: UInt32, length: Int) {
    var start = end - 1
    while start > 0, end - start < 4, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    let (scalar, length) = decode(bytes, at: start)
    return start + length == end ? (scalar, length) : (0xFFFD, 1)
  }

  /// The same, but a byte that belongs to no well-formed sequence reads as U+110000 and the byte, which is no scalar.
  @inline(__always)
  static func decodeStrictly(_ bytes: UnsafeBufferPointer<UInt8>, at i: Int) -> (scalar: UInt32, length: Int) {
    if bytes[i] < 0x80 { return (UInt32(bytes[i]), 1) }
    return UTF8Validation.sequenceLength(in: bytes, at: i) > 0 ? decode(bytes, at: i) : (0x110000 + UInt32(bytes[i]), 1)
  }

  private static func decodeMultibyte(_ bytes: UnsafeBufferPointer<UInt8>, at i: Int, first: UInt8) -> (UInt32, Int) {
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1
    guard length > 1, i + length <= bytes.count else { return (0xFFFD, 1) }
    var scalar = UInt32(first & (length == 2 ? 0x1F : length == 3 ? 0x0F : 0x07))
    for k in 1..<length {
      let unit = bytes[i + k]
      guard unit & 0xC0 == 0x80 else { return (0xFFFD, 1) }
      scalar = scalar << 6 | UInt32(unit & 0x3F)
    }
    return scalar <= 0x10FFFF ? (scalar, length) : (0xFFFD, 1)
  }

  /// The UTF-8 of a scalar; of U+FFFD for a number that is none.
  static func encode(_ scalar: UInt32) -> [UInt8] {
    Array(String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
  }

  /// Appends the UTF-8 of a scalar, or the byte that `decodeStrictly` has read for want of one.
  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    if scalar < 0x80 || scalar >= 0x110000 {
      bytes.append(UInt8(truncatingIfNeeded: scalar))
    } else {
      guard let scalar = Unicode.Scalar(scalar), let units = Unicode.UTF8.encode(scalar) else {
        return bytes.append(contentsOf: replacement)
      }
      bytes.append(contentsOf: units)
    }
  }

  /// U+FFFD as UTF-8.
  static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// How many characters these bytes are, which should be valid UTF-8.
  static func count(_ bytes: [UInt8]) -> Int { bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }

  /// How many bytes at the end begin a well-formed sequence that more bytes could complete.
  static func unfinishedCount(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      for count in stride(from: min(3, bytes.count), to: 0, by: -1) {
        let start = bytes.count - count
        // A lead byte that is the last one is a beginning by itself.
        let isBeginning = count == 1 ? 0xC2...0xF4 ~= bytes[start] : subpartLength(bytes, at: start) == count
        if isBeginning, UTF8Validation.sequenceLength(in: bytes, at: start) == 0 { return count }
      }
      return 0
    }
  }

  /// How ill-formed bytes are replaced.
  enum Repair {
    /// One U+FFFD for each longest prefix of a well-formed sequence (Unicode, section 3.9; as Rust and the Web do).
    case maximalSubparts
    /// One U+FFFD for each byte.
    case everyByte
  }

  /// The bytes with every ill-formed part replaced by U+FFFD.
  static func repaired(_ bytes: [UInt8], _ repair: Repair) -> [UInt8] {
    bytes.withUnsafeBufferPointer { buffer in
      guard var bad = UTF8Validation.firstInvalidOffset(in: buffer) else { return bytes }
      var result = Array(buffer[..<bad])
      while bad < buffer.count {
        let length = UTF8Validation.sequenceLength(in: buffer, at: bad)
        if length > 0 {
          result.append(contentsOf: buffer[bad..<bad + length])
          bad += length
        } else {
          result.append(contentsOf: replacement)
          bad += repair == .everyByte ? 1 : subpartLength(buffer, at: bad)
        }
      }
      return result
    }
  }

  /// Bytes of the longest prefix of a well-formed sequence at `i`, at least 1.
  ///
  /// No such sequence starts there in full.
  private static func subpartLength(_ bytes: UnsafeBufferPointer<UInt8>, at i: Int) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes[i...].makeIterator()
    guard case .error(let length) = parser.parseScalar(from: &rest) else { return 1 }
    return length
  }
}
