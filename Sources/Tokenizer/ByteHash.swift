/// Hashing and comparing short runs of bytes, eight at a time.
///
/// Not keyed: the tables that use it hold vocabularies and bounded caches.
enum ByteHash {
  /// A 64-bit hash of the bytes; never 0, so that 0 can mark an empty slot.
  @inline(__always)
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawBufferPointer(bytes)
    let count = raw.count
    var state = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    var i = 0
    while i &+ 8 <= count {
      state = mix(state ^ raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      i &+= 8
    }
    if i < count {
      var tail: UInt64 = 0
      if i &+ 4 <= count {
        tail = UInt64(raw.loadUnaligned(fromByteOffset: i, as: UInt32.self))
        i &+= 4
      }
      while i < count {
        tail = tail &<< 8 | UInt64(raw[i])
        i &+= 1
      }
      state = mix(state ^ tail)
    }
    return state | 1
  }

  /// Spreads a word: a widening multiplication, both halves folded together.
  @inline(__always)
  static func mix(_ word: UInt64) -> UInt64 {
    let product = (word ^ 0xE703_7ED1_A0B4_28DB).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    return product.high ^ product.low
  }

  /// Whether `bytes` equals the equally long run at `other`.
  @inline(__always)
  static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ other: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    let count = raw.count
    guard offset &+ count <= other.count else { return false }
    var i = 0
    while i &+ 8 <= count {
      let left = raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)
      if left != other.loadUnaligned(fromByteOffset: offset &+ i, as: UInt64.self) { return false }
      i &+= 8
    }
    while i < count {
      if raw[i] != other[offset &+ i] { return false }
      i &+= 1
    }
    return true
  }
}
