import Support
import Tensor

/// Rows of the vocabulary whose logits exist at one time, and tokens they exist for: 4,096 × 1,024 floats are 16 MiB.
private let vocabularyChunk = 4096
let tokenChunk = 1024

/// Sees e^(logit - largest so far) of some rows of the vocabulary, (tokens, range.count), and by what such numbers of earlier ones must
/// be multiplied to be relative to the same.
typealias PowerObserver = (_ powers: Matrix, _ range: Range<Int>, _ corrections: [Double]) -> Void

extension TokenBatch {
  /// Calls `body` with the tokens in chunks, and the target of each: the next token; the last of a sequence has none.
  func forEachChunk(_ body: (_ rows: Range<Int>, _ targets: [Int?]) -> Void) {
    for start in stride(from: 0, to: tokens.count, by: tokenChunk) {
      let range = start..<min(tokens.count, start + tokenChunk)
      body(range, range.map { ($0 + 1) % length == 0 ? nil : tokens[$0 + 1] })
    }
  }
}

extension MemoryForecast {
  /// Logits, the head's inputs and the hidden states of a chunk.
  package func loss(_ windows: BatchShape) -> Footprint.Part {
    let rows = min(strip(windows).rows, Double(tokenChunk))
    let logits = Double(min(shape.vocabularySize, vocabularyChunk))
    let product = ProductShape(rows: rows, columns: logits, depth: Double(shape.embeddingSize))
    return Footprint.Part("logits", 4 * rows * (2 * hidden + logits) + ProductShape.footprint(of: [product]))
  }
}

extension CausalLM {
  /// The negative log-likelihood of every token but the first of each sequence, in nats: sequences · (length - 1) numbers.
  ///
  /// Head, log-softmax and loss run over chunks of tokens and vocabulary; the sum over the vocabulary is kept in Double.
  ///
  /// - Parameters:
  ///   - hidden: the last block's outputs for `tokens`, (sequences · length, hidden size).
  ///   - tokens: the sequences; each token is the target of the one in front of it.
  public func negativeLogLikelihoods(_ hidden: Matrix, of tokens: TokenBatch) -> [Double] {
    precondition(hidden.rows == tokens.tokens.count, "one row of hidden states for each token")
    var result: [Double] = []
    result.reserveCapacity(hidden.rows)
    tokens.forEachChunk { range, targets in
      let losses = losses(headInputs(hidden.rows(range)), targets).losses
      for (loss, target) in zip(losses, targets) where target != nil { result.append(loss) }
    }
    return result
  }

  /// log Σ e^logits - logit of the target, for every row, and Σ e^(logit - largest).
  func losses(
    _ inputs: Matrix, _ targets: [Int?], observing observer: PowerObserver? = nil
  ) -> (losses: [Double], sums: [Double]) {
    var sums = [RunningLogSumExp](repeating: RunningLogSumExp(), count: inputs.rows)
    var targetLogits = [Double](repeating: 0, count: inputs.rows)
    var corrections = targetLogits
    let instructions = Kernel.current.instructions
    var logits = Matrix(rows: 0, columns: 0)
    for start in stride(from: 0, to: vocabularySize, by: vocabularyChunk) {
      let range = start..<min(vocabularySize, start + vocabularyChunk)
      if logits.columns != range.count { logits = Matrix(uninitializedRows: inputs.rows, columns: range.count) }
      logits.setProduct(inputs, transposed: head, rows: range)
      logits.withMutableElements { logits in
        sums.withUnsafeMutableBufferPointer { sums in
          targetLogits.withUnsafeMutableBufferPointer { targetLogits in
            corrections.withUnsafeMutableBufferPointer { corrections in
              Parallel.forEachRange(inputs.rows, grain: 16) { rows in
                for i in rows {
                  let row = logits + i * range.count
                  if let target = targets[i], range.contains(target) { targetLogits[i] = Double(row[target - start]) }
                  corrections[i] = sums[i].add(overwriting: row, count: range.count, with: instructions)
                }
              }
            }
          }
        }
      }
      observer?(logits, range, corrections)
    }
    return (zip(sums, targetLogits).map { $0.value - $1 }, sums.map(\.sum))
  }
}
