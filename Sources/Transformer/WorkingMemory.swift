import Tensor

/// How much of a text is in memory at a time, and in which form.
public struct WorkingMemory: Sendable, Equatable {
  /// Tokens that go through the model at once, in whole sequences, at least one.
  ///
  /// The rows of a strip do not meet outside of their sequence, so results do not depend on the number; see Documentation/Memory.md
  /// for the two exceptions.
  public var stripRows: Int
  /// How the hidden states of calibration samples are stored from one block to the next.
  ///
  /// Anything but Float rounds them after every block and changes the results a little.
  public var calibrationStates: ElementType
  /// Bytes that packed weights may take beside the stored ones, where many products by the same weights follow one another: all
  /// blocks for a game or a long text, one block for calibration samples.
  ///
  /// What does not fit is packed for every product, which gives the same numbers to the bit.
  public var packedWeightBytes: Int
  /// Bytes that the pruned forms of a game's players may take where their zeros are left out, in games whose method only clears weights.
  ///
  /// What does not fit is made for every forward step, which gives the same numbers to the bit. They are smaller than the model, so that
  /// usually there is no limit.
  public var sparseFormBytes: Int

  /// 4,096 tokens are enough for the matrix products to run at full speed, and few enough that the activations of a large model
  /// stay small beside its weights; 64 MiB of packed weights are those of a small model, which gains most by them.
  public init(
    stripRows: Int = 4096, calibrationStates: ElementType = .float32, packedWeightBytes: Int = 64 << 20,
    sparseFormBytes: Int = .max
  ) {
    precondition(stripRows > 0, "a strip has at least one row")
    self.stripRows = stripRows
    self.calibrationStates = calibrationStates
    self.packedWeightBytes = packedWeightBytes
    self.sparseFormBytes = sparseFormBytes
  }
}
