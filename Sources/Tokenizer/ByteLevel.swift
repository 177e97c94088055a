/// The alphabet in which byte-level vocabularies spell bytes.
///
/// From Radford and others, "Language Models are Unsupervised Multitask Learners", 2019: printable Latin-1 stands for itself, every other byte for the next free scalar from U+0100 on.
enum ByteLevel {
  /// The scalar that spells a byte.
  static let scalars: [UInt32] = {
    var scalars = [UInt32](repeating: 0, count: 256)
    var next: UInt32 = 0x100
    for byte in 0..<256 {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
        scalars[byte] = UInt32(byte)
      default:
        scalars[byte] = next
        next += 1
      }
    }
    return scalars
  }()

  /// The byte that a scalar below U+0144 spells, or -1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The bytes that a token spells, or nil where it has a scalar outside the alphabet.
  static func decode(_ token: ArraySlice<UInt8>) -> [UInt8]? {
    token.withUnsafeBufferPointer { token in
      var result: [UInt8] = []
      result.reserveCapacity(token.count)
      var i = 0
      while i < token.count {
        let (scalar, length) = UTF8Scalar.decode(token, at: i)
        guard scalar < bytes.count, bytes[Int(scalar)] >= 0 else { return nil }
        result.append(UInt8(bytes[Int(scalar)]))
        i += length
      }
      return result
    }
  }

  /// The spelling of one byte.
  static func spelling(of byte: UInt8) -> [UInt8] { UTF8Scalar.encode(scalars[Int(byte)]) }

  /// Whether a byte can occur in well-formed UTF-8.
  static func occursInUTF8(_ byte: Int) -> Bool { byte != 0xC0 && byte != 0xC1 && byte < 0xF5 }
}
