import ShapleyPrune
import Support
import Tensor
import Transformer

// By what plans, shards and journals know each other.
extension ShapleyGame {
  /// Everything that decides about the values: games with equal identities have equal values, to the bit.
  func identity(_ memory: WorkingMemory) -> JSON {
    JSON(
      members: [("svnup", JSON(Program.version))] + settings.members + [
        ("windows", JSON(windows.sequences)), ("sequenceLength", JSON(windows.length)),
        ("windowTokens", JSON(windows.hash)), ("sampleTokens", calibration.map { JSON($0.hash) } ?? .null),
        // Sums differ in their last bits from one instruction set to another.
        ("kernel", JSON(Kernel.current.rawValue)),
        ("calibrationStates", JSON(memory.calibrationStates.rawValue)),
        ("stripRows", stripsShow ? JSON(memory.stripRows) : .null), ("sha256", hashes),
      ])
  }

  /// Whether the last bits depend on how the text is cut into strips: see Documentation/Memory.md.
  private var stripsShow: Bool {
    let lengths = [windows.length] + (settings.probe == nil ? [] : [calibration?.length ?? windows.length])
    if lengths.contains(where: { $0 <= PackingMemory.unpackedRows }) { return true }
    return settings.probe?.method == .sparsegpt && lengths.contains { $0 % 256 != 0 }
  }

  /// What a journal of these values begins with.
  func header(_ memory: WorkingMemory, playerCount: Int) -> JournalContents.Header {
    JournalContents.Header(plan: identity(memory).sha256, players: playerCount, windows: windows.sequences)
  }
}

extension JSON {
  /// The SHA-256 of the compact form, in hexadecimal digits.
  var sha256: String {
    var hash = SHA256()
    hash.update(encoded())
    return hash.hexadecimal()
  }
}

extension TokenBatch {
  /// SHA-256 of the ids, eight bytes each.
  fileprivate var hash: String {
    var hash = SHA256()
    for id in tokens { withUnsafeBytes(of: UInt64(id).littleEndian) { hash.update($0) } }
    return hash.hexadecimal()
  }
}
