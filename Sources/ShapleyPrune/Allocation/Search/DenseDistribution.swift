import Support
import Tensor
import Transformer

/// What the dense model expects at every token of some windows: the probabilities of the likeliest next tokens, and that of all others
/// together.
///
/// The Kullback-Leibler divergence of a model from it is over these outcomes. For vocabularies up to the limit it is that of the whole
/// vocabulary; for others it is at most that, because outcomes that are put together can differ no more.
package struct DenseDistribution: Sendable {
  /// Likeliest tokens that are kept where nobody says how many.
  package static let usualLimit = 512
  /// Tokens whose logits are held at a time.
  private static let chunk = 256

  /// The windows.
  package let windows: TokenBatch
  /// Outcomes of a token that are kept.
  private let width: Int
  /// Ids of the likeliest tokens, `width` for each token of the windows.
  private var ids: [UInt32] = []
  /// Their probabilities.
  private var probabilities: [Float] = []
  /// The probability of all other ids, one a token; empty where there are no others.
  private var rests: [Double] = []
  /// Σ p log p over the outcomes of each token.
  private var entropies: [Double] = []

  /// Passes the windows through the dense model; `progress` is told the windows done and their number.
  ///
  /// Throws `StopRequested` where the token says stop.
  package init(
    of model: any CausalLM, on windows: TokenBatch, limit: Int = usualLimit, memory: WorkingMemory = WorkingMemory(),
    stop: StopToken = StopToken(), progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(StopRequested) {
    self.windows = windows
    width = min(limit, model.vocabularySize)
    let hasRest = width < model.vocabularySize
    let strips = windows.strips(ofRows: memory.stripRows)
    ids.reserveCapacity(windows.tokens.count * width)
    probabilities.reserveCapacity(windows.tokens.count * width)
    var done = 0
    // Asked for here: other threads do not know what the caller has chosen.
    let kernel = Kernel.current
    for strip in strips {
      try stop.check()
      let hidden = model.hiddenStates(strip)
      Self.forEachChunk(model, hidden) { _, logits in
        let rows = Self.rows(&logits) { row, columns in Outcomes(row, columns, width: width, kernel) }
        for row in rows {
          ids += row.ids
          probabilities += row.probabilities
          entropies.append(row.entropy)
          if hasRest { rests.append(row.rest) }
        }
      }
      done += strip.sequences
      progress?(done, windows.sequences)
    }
  }

  /// What is kept of so many windows, and what is held while a strip of them is compared.
  static func footprint(_ forecast: MemoryForecast, _ windows: BatchShape) -> [Footprint.Part] {
    let width = Double(min(usualLimit, forecast.shape.vocabularySize))
    let vocabulary = Double(forecast.shape.vocabularySize)
    let rows = min(forecast.strip(windows).rows, Double(chunk))
    let head = ProductShape(rows: rows, columns: vocabulary, depth: Double(forecast.shape.embeddingSize))
    return [
      Footprint.Part("the dense model's probabilities", windows.rows * (8 * width + 32)),
      Footprint.Part("logits", 4 * rows * (2 * forecast.hidden + vocabulary) + ProductShape.footprint(of: [head])),
    ]
  }

  /// The sum over tokens of the divergences of a model from the dense one, in nats, on some sequences of `windows`.
  ///
  /// O(tokens · vocabulary), beside the product with the head.
  ///
  /// - Parameters:
  ///   - hidden: the model's last hidden states, (indices.count · length, hidden size).
  ///   - indices: the windows.
  package func divergence(of model: any CausalLM, _ hidden: Matrix, windows indices: [Int]) -> Double {
    var sum = 0.0
    let length = windows.length
    let kernel = Kernel.current
    Self.forEachChunk(model, hidden) { first, logits in
      let rows = logits.rows
      let columns = logits.columns
      let divergences = logits.withMutableElements { x in
        Parallel.map(rows) { row in
          let position = first + row
          let token = indices[position / length] * length + position % length
          return divergence(at: token, x + row * columns, columns, kernel)
        }
      }
      sum += divergences.reduce(0, +)
    }
    return sum
  }

  /// The divergence at a token of the windows, Σ p log p - Σ p log q.
  ///
  /// Overwrites the logits.
  private func divergence(
    at token: Int, _ logits: UnsafeMutablePointer<Float>, _ count: Int, _ kernel: Kernel
  ) -> Double {
    var expected = 0.0
    var mass = 0.0
    let range = token * width..<(token + 1) * width
    for i in range {
      let probability = Double(probabilities[i])
      expected += probability * Double(logits[Int(ids[i])])
      mass += probability
    }
    var total = RunningLogSumExp()
    total.add(overwriting: logits, count: count, with: kernel.instructions)
    var divergence = entropies[token] - (expected - mass * total.value)
    if !rests.isEmpty {
      // Cleared rather than subtracted: a small rest would be lost in the difference.
      for i in range { logits[Int(ids[i])] = 0 }
      let rest = (0..<count).reduce(0.0) { $0 + Double(logits[$1]) } / total.sum
      divergence -= rests[token] * Math.log(max(rest, .leastNormalMagnitude))
    }
    return divergence
  }

  /// Calls `body` with the logits of some tokens at a time, and the first of these tokens.
  private static func forEachChunk(
    _ model: any CausalLM, _ hidden: Matrix, _ body: (_ first: Int, _ logits: inout Matrix) -> Void
  ) {
    for first in stride(from: 0, to: hidden.rows, by: chunk) {
      var logits = model.logits(hidden.rows(first..<min(hidden.rows, first + chunk)))
      body(first, &logits)
    }
  }

  /// What `body` makes of every row, in their order.
  private static func rows<Result>(
    _ logits: inout Matrix, _ body: (_ row: UnsafeMutablePointer<Float>, _ columns: Int) -> Result
  ) -> [Result] {
    let (rows, columns) = (logits.rows, logits.columns)
    return logits.withMutableElements { x in Parallel.map(rows) { body(x + $0 * columns, columns) } }
  }
}

/// The outcomes of one token.
private struct Outcomes {
  let ids: [UInt32]
  let probabilities: [Float]
  let rest: Double
  let entropy: Double

  /// The `width` largest of so many logits, the first of those that are equal; overwrites them.
  init(
    _ logits: UnsafeMutablePointer<Float>, _ count: Int, width: Int, _ kernel: Kernel
  ) {
    ids = Self.largest(width, of: logits, count)
    var total = RunningLogSumExp()
    total.add(overwriting: logits, count: count, with: kernel.instructions)
    probabilities = ids.map { Float(Double(logits[Int($0)]) / total.sum) }
    for id in ids { logits[Int(id)] = 0 }
    rest = (0..<count).reduce(0.0) { $0 + Double(logits[$1]) } / total.sum
    // Of the probabilities as they are kept, so that a model's divergence from itself is zero but for rounding in Double.
    func term(_ p: Double) -> Double { p > 0 ? p * Math.log(p) : 0 }
    entropy = probabilities.reduce(term(rest)) { $0 + term(Double($1)) }
  }

  private static func largest(_ width: Int, of logits: UnsafeMutablePointer<Float>, _ count: Int) -> [UInt32] {
    guard width < count else { return (0..<count).map(UInt32.init) }
    // Ascending as the logits are, and descending as the ids are among equal ones.
    func key(_ id: Int) -> UInt64 {
      let bits = logits[id].bitPattern
      let ordered = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
      return UInt64(ordered) << 32 | UInt64(UInt32.max - UInt32(id))
    }
    // Twice as many as are wanted are collected, then the lesser half goes and sets what counts from then on.
    var kept: [UInt64] = []
    kept.reserveCapacity(2 * width)
    var least: UInt64 = 0
    for id in 0..<count {
      let key = key(id)
      guard key > least else { continue }
      kept.append(key)
      if kept.count == 2 * width {
        kept.sort(by: >)
        kept.removeLast(width)
        least = kept[width - 1]
      }
    }
    kept.sort(by: >)
    return kept.prefix(width).map { UInt32.max - UInt32(truncatingIfNeeded: $0) }
  }
}
