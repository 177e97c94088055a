import Support

/// Tokens by id and ids by token, where a token is its bytes and nothing else.
///
/// All spellings lie one after the other in a single array; a table with open addressing finds them. Ids may have gaps.
struct Vocabulary: Sendable {
  /// The largest id that is accepted, so that a file cannot ask for unbounded memory.
  static let largestID = 1 << 24 - 1

  private var bytes: [UInt8] = []
  /// Where the token of an id starts in `bytes`; its length is -1 where there is no such token.
  private var starts: [Int] = []
  private var counts: [Int32] = []
  /// Ids by hash; -1 marks an empty slot.
  ///
  /// The number of slots is a power of two, at least twice the number of tokens.
  private var slots: [Int32]

  /// Tokens in the vocabulary.
  private(set) var count = 0

  /// Space for about this many tokens; it grows where there are more.
  init(capacity: Int = 0) {
    slots = [Int32](repeating: -1, count: Self.slotCount(for: capacity))
    starts.reserveCapacity(capacity)
    counts.reserveCapacity(capacity)
  }

  private static func slotCount(for capacity: Int) -> Int {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    return size
  }

  /// One more than the largest id.
  var size: Int { starts.count }

  /// The bytes of a token, or nil where no token has this id.
  subscript(id: Int) -> ArraySlice<UInt8>? {
    guard id >= 0, id < starts.count, counts[id] >= 0 else { return nil }
    return bytes[starts[id]..<starts[id] + Int(counts[id])]
  }

  /// The id of exactly these bytes.
  func id(of token: UnsafeBufferPointer<UInt8>) -> Int? {
    let found = slots[slot(of: token)]
    return found < 0 ? nil : Int(found)
  }

  /// The id of exactly these bytes.
  func id(of token: [UInt8]) -> Int? { token.withUnsafeBufferPointer { id(of: $0) } }

  /// The slot that holds the token, or the empty one where it would go.
  private func slot(of token: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var i = Int(truncatingIfNeeded: ByteHash.hash(token)) & mask
    return bytes.withUnsafeBytes { all in
      while slots[i] >= 0 {
        let id = Int(slots[i])
        if Int(counts[id]) == token.count, ByteHash.equal(token, all, at: starts[id]) { return i }
        i = (i + 1) & mask
      }
      return i
    }
  }

  /// Adds a token, which stands at a place of a file.
  mutating func add(_ token: [UInt8], id: Int, at place: FieldReader) throws(TokenizerError) {
    if (count + 1) * 2 > slots.count { grow() }
    let slot = token.withUnsafeBufferPointer { self.slot(of: $0) }
    guard id >= 0, id <= Self.largestID, token.count <= Int(Int32.max), self[id] == nil, slots[slot] < 0 else {
      throw conflict(token, id, at: place)
    }
    if id >= starts.count {
      starts.append(contentsOf: repeatElement(0, count: id + 1 - starts.count))
      counts.append(contentsOf: repeatElement(-1, count: id + 1 - counts.count))
    }
    slots[slot] = Int32(id)
    starts[id] = bytes.count
    counts[id] = Int32(token.count)
    bytes.append(contentsOf: token)
    count += 1
  }

  /// What keeps a token from having an id.
  func conflict(_ token: [UInt8], _ id: Int, at place: FieldReader) -> TokenizerError {
    let name = String(decoding: token, as: UTF8.self)
    guard id >= 0, id <= Self.largestID else {
      return place.failure("the id of \"\(name)\" must be an integer from 0 to \(Self.largestID)")
    }
    guard let other = self[id] else { return place.failure("the token \"\(name)\" has two ids") }
    return place.failure("id \(id) belongs to both \"\(String(decoding: other, as: UTF8.self))\" and \"\(name)\"")
  }

  private mutating func grow() {
    let ids = slots.filter { $0 >= 0 }
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for id in ids {
      guard let token = self[Int(id)] else { continue }
      let slot = token.withUnsafeBufferPointer { self.slot(of: $0) }
      slots[slot] = id
    }
  }
}
