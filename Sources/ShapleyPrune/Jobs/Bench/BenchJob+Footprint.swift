import Tensor
import Transformer

extension BenchJob {
  /// What the job holds from phase to phase.
  ///
  /// - Parameters:
  ///   - sizes: the checkpoint's, with its zeros and packed.
  ///   - prompt: tokens of the prompt.
  ///   - text: the windows that are measured; nil for none.
  func footprint(
    _ forecast: MemoryForecast, _ sizes: Checkpoint.PackedSizes, prompt: Int, text: BatchShape?
  ) -> [Footprint] {
    let compressed = Self.compressed(forecast.shape, sizes)
    var phases = [
      MachineLimits.footprint,
      forecast.generation(of: [prompt + tokens], prompt: prompt, .f32).beside([compressed]),
    ]
    if let text { phases.append(Perplexity.footprint(forecast, text).beside([compressed])) }
    if measuresBreakEven {
      phases.append(BreakEvenCurve.footprint(forecast).beside([forecast.weights, compressed]))
    }
    return phases
  }

  /// The linears that leave out their zeros, beside the dense ones: at most, since only how many zeros there are in all is known.
  private static func compressed(_ shape: ModelShape, _ sizes: Checkpoint.PackedSizes) -> Footprint.Part {
    let isFaster = shape.linears.contains { linear in
      [ProductUse.oneToken, .manyTokens].contains {
        StoredMatrix.isLargeEnough(Int(linear.count), for: $0, modelBytes: shape.linearBytes)
      }
    }
    let saved = sizes.denseBytes - sizes.storedBytes
    let stored = max(0, shape.linearBytes - saved)
    // A linear with so few zeros as hardly to gain by them, four of ten, takes up to twice what it saves.
    return Footprint.Part("linears without zeros", isFaster ? Double(min(stored, 2 * saved)) : 0)
  }
}

extension MachineLimits {
  /// Bytes that are read to find out how fast memory is.
  static let readByteCount = 1 << 28

  static var footprint: Footprint {
    Footprint("the machine's measurement", [Footprint.Part("memory that is read", Double(readByteCount))])
  }
}

extension BreakEvenCurve {
  /// What measuring products of a model's largest linear takes.
  static func footprint(_ forecast: MemoryForecast) -> Footprint {
    let shape = forecast.shape
    let largest = shape.linears.max { $0.count < $1.count }
    let (count, width) = (largest?.count ?? 0, Double(shape.storedByteCount))
    let dense = Double(copies(weightBytes: Int(count * width), modelBytes: shape.linearBytes)) * count * width
    // A bit for each element, and what the smallest fraction of zeros leaves.
    let kept = 1 - (fractions.first ?? 0) + 1 / (8 * width)
    let columns = Double((largest?.inputs ?? 0) + (largest?.outputs ?? 0))
    return Footprint(
      "the products' measurement",
      [
        // The elements in Float, and a matrix of them.
        Footprint.Part("a linear in Float", 8 * count), Footprint.Part("linears with random zeros", (1 + kept) * dense),
        Footprint.Part("activations", 4 * Double(promptTokens) * columns),
      ])
  }
}
