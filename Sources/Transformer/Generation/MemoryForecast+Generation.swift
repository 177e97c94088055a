import Tensor

extension MemoryForecast {
  /// The keys and values of some tokens in all blocks.
  package func keysAndValues(tokens: Double, _ precision: KeyValueCache.Precision = .f32) -> Footprint.Part {
    let columns = Double(shape.attention.keyValueHeads) * Double(shape.attention.headDimension)
    return Footprint.Part(
      "keys and values",
      2 * Double(shape.blockCount) * columns * Double(precision.elementType.byteCount) * tokens)
  }

  /// Scores of the next token for some texts at a time; of one text as a sampler changes them: as they are, as weights in Double, and sorted.
  private func scores(texts: Int) -> Footprint.Part {
    Footprint.Part("scores", Double(shape.vocabularySize) * (4 * Double(texts) + 4 + 8 + 8))
  }

  /// The keys and values of one block as floats, which a prompt's attention reads.
  private func widened(_ prompt: Int, _ precision: KeyValueCache.Precision) -> Footprint.Part {
    let floats = keysAndValues(tokens: Double(prompt)).bytes / Double(shape.blockCount)
    return Footprint.Part("widened keys and values", precision == .f32 ? 0 : floats)
  }

  /// What it takes to continue some texts at a time, of so many tokens each in the end, while a prompt passes the model beside them.
  ///
  /// - Parameter prompt: tokens of the longest prompt.
  package func generation(
    of lengths: [Int], prompt: Int, _ precision: KeyValueCache.Precision
  ) -> Footprint {
    let tokens = lengths.reduce(0) { $0 + Double($1) }
    return Footprint(
      "generation",
      [weights, keysAndValues(tokens: tokens, precision), scores(texts: lengths.count), widened(prompt, precision)]
        + block(BatchShape(sequences: 1, length: max(prompt, lengths.count))))
  }

  /// What it takes to score continuations, so many tokens in one pass.
  package func scoring(tokens: Int) -> Footprint {
    let pass = BatchShape(sequences: 1, length: tokens)
    return Footprint("evaluation", [weights, keysAndValues(tokens: Double(tokens)), loss(pass)] + block(pass))
  }
}
