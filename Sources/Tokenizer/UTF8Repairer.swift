/// Bytes that arrive in any portions, made valid UTF-8: the last ones wait while they may be the beginning of a character.
struct UTF8Repairer: Sendable {
  private let repair: UTF8Scalar.Repair
  /// At most three bytes: the beginning of a well-formed sequence.
  private var pending: [UInt8] = []

  init(_ repair: UTF8Scalar.Repair) { self.repair = repair }

  /// Appends all of the text that is certain.
  mutating func append(_ bytes: [UInt8], to text: inout [UInt8]) {
    var bytes = pending.isEmpty ? bytes : pending + bytes
    let count = UTF8Scalar.unfinishedCount(bytes)
    pending = Array(bytes.suffix(count))
    bytes.removeLast(count)
    text.append(contentsOf: UTF8Scalar.repaired(bytes, repair))
  }

  /// Appends what waited, as the ill-formed part that it is.
  mutating func finish(to text: inout [UInt8]) {
    text.append(contentsOf: UTF8Scalar.repaired(pending, repair))
    pending = []
  }
}
