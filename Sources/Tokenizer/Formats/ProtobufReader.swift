import Support

/// Reads the wire format of protocol buffers: a sequence of numbered fields.
struct ProtobufReader {
  /// A field's contents.
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// Offsets of the bytes in the whole file.
    case bytes(Range<Int>)
  }

  let file: TokenizerFile
  private var position: Int
  private let end: Int

  /// Reads the message in `range`; the whole file where none is given.
  init(_ file: TokenizerFile, range: Range<Int>? = nil) {
    self.file = file
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? file.bytes.count
  }

  /// The next field, its value and the offset of its tag, or nil at the end of the message.
  mutating func next() throws(TokenizerError) -> (field: Int, value: Value, offset: Int)? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 <= 536_870_911 else { throw malformed("no field has this number", at: start) }
    let field = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (field, .varint(try varint()), start)
    case 1: return (field, .fixed64(try fixed(8)), start)
    case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))), start)
    case 2:
      let lengthStart = position
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw malformed("a length of \(length) bytes where \(end - position) are left", at: lengthStart)
      }
      let range = position..<position + Int(length)
      position = range.upperBound
      return (field, .bytes(range), start)
    default:
      throw malformed("wire type \(tag & 7) is not supported", at: start)
    }
  }

  /// An error at an offset.
  func malformed(_ reason: String, at offset: Int) -> TokenizerError {
    TokenizerError(file.path, reason: "not a valid protocol buffer at byte \(offset): \(reason)")
  }

  private mutating func varint() throws(TokenizerError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for k in 0..<10 {
      guard position < end else { throw malformed("a number breaks off", at: start) }
      let byte = file.bytes[position]
      position += 1
      // The tenth byte holds bit 63 and nothing else.
      if k == 9, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << UInt64(7 * k)
      if byte < 0x80 { return value }
    }
    throw malformed("a number of more than 64 bits", at: start)
  }

  private mutating func fixed(_ count: Int) throws(TokenizerError) -> UInt64 {
    guard end - position >= count else { throw malformed("a fixed-size number breaks off", at: position) }
    var value: UInt64 = 0
    for k in 0..<count { value |= UInt64(file.bytes[position + k]) << UInt64(8 * k) }
    position += count
    return value
  }
}
