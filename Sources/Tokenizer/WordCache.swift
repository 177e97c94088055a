/// Remembers the ids of words that were encoded before: bounded, and emptied when full.
///
/// It never changes a result, only the time it takes.
struct WordCache: Sendable {
  /// Longer words are rare and are encoded afresh.
  static let longestWord = 64

  private struct Slot: Sendable {
    /// 0 where the slot is empty.
    var hash: UInt64 = 0
    var key: UInt32 = 0
    var value: UInt32 = 0
    var keyCount: UInt16 = 0
    var valueCount: UInt16 = 0
  }

  private static let slotCount = 1 << 16
  private static let limit = slotCount / 2

  private var slots = [Slot](repeating: Slot(), count: slotCount)
  private var keys: [UInt8] = []
  private var values: [Int32] = []
  private var count = 0

  /// Appends the word's ids and returns true, or returns false where the word is not known.
  @inline(__always)
  func append(_ word: UnsafeBufferPointer<UInt8>, hash: UInt64, to output: inout [Int]) -> Bool {
    var i = Int(truncatingIfNeeded: hash >> 32) & (Self.slotCount - 1)
    return slots.withUnsafeBufferPointer { slots in
      while slots[i].hash != 0 {
        let slot = slots[i]
        if slot.hash == hash, Int(slot.keyCount) == word.count,
          keys.withUnsafeBytes({ ByteHash.equal(word, $0, at: Int(slot.key)) })
        {
          let start = Int(slot.value)
          for k in start..<start + Int(slot.valueCount) { output.append(Int(values[k])) }
          return true
        }
        i = (i + 1) & (Self.slotCount - 1)
      }
      return false
    }
  }

  /// Remembers a word that is not yet known.
  mutating func insert(_ word: UnsafeBufferPointer<UInt8>, hash: UInt64, ids: [Int32]) {
    guard word.count <= Self.longestWord, ids.count <= Int(UInt16.max) else { return }
    if count >= Self.limit { removeAll() }
    var i = Int(truncatingIfNeeded: hash >> 32) & (Self.slotCount - 1)
    while slots[i].hash != 0 { i = (i + 1) & (Self.slotCount - 1) }
    // At most limit * longestWord bytes and a few times as many ids: far below what 32 bits can address.
    slots[i] = Slot(
      hash: hash, key: UInt32(keys.count), value: UInt32(values.count), keyCount: UInt16(word.count),
      valueCount: UInt16(ids.count))
    keys.append(contentsOf: word)
    values.append(contentsOf: ids)
    count += 1
  }

  private mutating func removeAll() {
    for i in slots.indices { slots[i].hash = 0 }
    keys.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    count = 0
  }
}
