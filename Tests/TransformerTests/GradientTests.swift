import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Gradients of whole models: against PyTorch (Scripts/make-gradient-vectors.py), and against differences of the loss.
@Suite struct GradientTests {
  struct Vectors {
    let tokens: TokenBatch
    let loss: Double
    /// For every weight its ⟨gradient, direction⟩.
    let linears: [String: [Double]]

    init(_ name: String) throws {
      let json = try #require(try Fixtures.json(Fixtures.path("gradients.json"))[name])
      let rows = try #require(json["tokens"]?.array).map(\.integers)
      tokens = TokenBatch(tokens: rows.flatMap { $0 }, length: try #require(rows.first).count)
      loss = try #require(json["loss"]?.double)
      let members = try #require(json["linears"]?.object).members
      linears = Dictionary(
        uniqueKeysWithValues: members.map { (String(decoding: $0.key, as: UTF8.self), $0.value.doubles) })
    }
  }

  /// Minus the weight, and the weight times a pattern of its own.
  static let directions: [@Sendable (Int, Int) -> Double] = [{ _, _ in -1 }, { Double((7 * $0 + 3 * $1) % 5 - 2) }]

  /// Σ over tokens of ⟨G d, X⟩ for d = weight · factor of row and column, in Double.
  static func derivative(
    _ inputs: Matrix, _ gradient: Matrix, _ weight: Matrix, _ factor: (Int, Int) -> Double
  ) -> Double {
    let product = DoubleMatrix(gradient).transposed * DoubleMatrix(inputs)
    var sum = 0.0
    for row in 0..<weight.rows {
      for column in 0..<weight.columns {
        sum += product[row, column] * Double(weight[row, column]) * factor(row, column)
      }
    }
    return sum
  }

  /// The derivatives of the mean loss along both directions for every linear, and the mean loss.
  static func derivatives(
    _ model: any CausalLM, _ tokens: TokenBatch
  ) -> (linears: [String: [Double]], loss: Double) {
    let count = tokens.sequences * (tokens.length - 1)
    var linears: [String: [Double]] = [:]
    let losses = model.backward(tokens, scale: 1 / Double(count)) { block, role, inputs, gradient in
      let linear = model.blocks[block][role]
      let weight = linear.weight.widened()
      #expect(linears["\(linear.name)"] == nil, "every linear is seen once")
      linears["\(linear.name)"] = directions.map { derivative(inputs, gradient, weight, $0) }
    }
    #expect(losses.count == count)
    return (linears, losses.reduce(0, +) / Double(count))
  }

  static func check(_ name: String) throws {
    let vectors = try Vectors(name)
    let found = derivatives(try RandomModelTests.load(name), vectors.tokens)
    #expect(abs(found.loss - vectors.loss) <= 1e-5)
    #expect(found.linears.count == vectors.linears.count)
    let names = vectors.linears.keys.sorted()
    for i in 0..<directions.count {
      let wanted = names.map { vectors.linears[$0]?[i] ?? .nan }
      let difference = largestRelativeDifference(names.map { found.linears[$0]?[i] ?? .nan }, wanted)
      #expect(difference <= 1e-4, "\(name), direction \(i): \(difference)")
    }
  }

  @Test(arguments: RandomModelTests.models)
  func derivativesAgreeWithPyTorch(_ name: String) throws { try Self.check(name) }

  @Test(arguments: Kernel.allCases.filter(\.isAvailable), ["llama3-gqa", "opt-350m", "qwen3"])
  func everyKernelAgreesWithPyTorch(_ kernel: Kernel, _ name: String) throws {
    try Kernel.$current.withValue(kernel) { try Self.check(name) }
  }

  /// The mean loss with every linear's weight W replaced by W (1 - t).
  static func loss(_ model: any CausalLM, _ tokens: TokenBatch, _ t: Double) -> Double {
    var moved = model
    for block in model.blocks.indices {
      for role in model.blocks[block].roles {
        let weight = model.blocks[block][role].weight.widened()
        let elements = weight.elements.map { Float(Double($0) * (1 - t)) }
        moved.blocks[block][role].weight = StoredMatrix(
          Matrix(rows: weight.rows, columns: weight.columns, elements: elements), as: .float32)
      }
    }
    let losses = moved.negativeLogLikelihoods(moved.hiddenStates(tokens), of: tokens)
    return losses.reduce(0, +) / Double(losses.count)
  }

  /// All linears move together: the sum of their derivatives is that of the loss, here by five points of a line.
  ///
  /// The step h leaves h⁴ of truncation and some 2e-7 / h of what the losses' roundings do. With ReLU the loss has kinks, at more
  /// places than any step avoids, so that such models agree less closely.
  static func checkAlongLine(_ model: any CausalLM, _ tokens: TokenBatch) {
    let hasKinks = model.blocks.contains { $0.roles.contains(.fc1) }
    let h = hasKinks ? 0x1p-11 : 0x1p-9
    func difference(_ t: Double) -> Double { loss(model, tokens, t) - loss(model, tokens, -t) }
    let expected = (8 * difference(h) - difference(2 * h)) / (12 * h)
    let found = derivatives(model, tokens).linears.values.reduce(0) { $0 + $1[0] }
    let tolerance = (hasKinks ? 2e-2 : 2e-4) + 1e-3 * abs(expected)
    #expect(abs(found - expected) <= tolerance, "\(found), not \(expected)")
  }

  @Test(arguments: RandomModelTests.models)
  func sumOfDerivativesIsThatOfTheLoss(_ name: String) throws {
    let model = try RandomModelTests.load(name)
    // Short sequences, whose attention and products take other paths, and some that fill several tiles.
    Self.checkAlongLine(model, randomTokens(2, 5, below: 512))
    Self.checkAlongLine(model, randomTokens(3, 47, below: 512))
  }

  @Test func biasesAndHeadsOfEveryKind() throws {
    let tokens = randomTokens(3, 20, below: 512)
    Self.checkAlongLine(try BiasTests.biased(attention: true, mlp: true).load(), tokens)
    let opt = try TemporaryModel(copying: "opt-125m")
    try opt.set("_remove_final_layer_norm", true)
    try opt.change { $0.removeAll { $0.name.contains("decoder.final_layer_norm") } }
    Self.checkAlongLine(try opt.load(), tokens)
    for (name, width) in [("opt-125m", 64), ("opt-350m", 32)] {
      let untied = try TemporaryModel(copying: name)
      try untied.set("tie_word_embeddings", false)
      let head = Matrix.random(512, width, seed: 7, scale: 0.2)
      try untied.change { $0.append(TemporaryModel.Tensor("lm_head.weight", [512, width], head.elements)) }
      Self.checkAlongLine(try untied.load(), tokens)
      let plain = try TemporaryModel(copying: name)
      try plain.set("enable_bias", false)
      try plain.change { $0.removeAll { $0.name.hasSuffix(".bias") && !$0.name.contains("norm") } }
      Self.checkAlongLine(try plain.load(), tokens)
    }
  }

  /// What the observer sees, in order.
  struct Seen: Equatable {
    var block: Int
    var role: LinearRole
    var inputs: Matrix
    var gradient: Matrix
  }

  static func seen(_ model: any CausalLM, _ tokens: TokenBatch, scale: Double = 0.01) -> (
    seen: [Seen], losses: [Double]
  ) {
    var seen: [Seen] = []
    let losses = model.backward(tokens, scale: scale) {
      seen.append(Seen(block: $0, role: $1, inputs: $2, gradient: $3))
    }
    return (seen, losses)
  }

  @Test(arguments: RandomModelTests.models)
  func resultsDoNotDependOnThreadsOrNeighbours(_ name: String) throws {
    let model = try RandomModelTests.load(name)
    let tokens = randomTokens(3, 40, below: 512)
    let one = Parallel.$threadCount.withValue(1) { Self.seen(model, tokens) }
    #expect(one.losses == model.negativeLogLikelihoods(model.hiddenStates(tokens), of: tokens))
    for threads in [2, 5] {
      let many = Parallel.$threadCount.withValue(threads) { Self.seen(model, tokens) }
      #expect(many.seen == one.seen && many.losses == one.losses)
    }
    // Packed weights change nothing, and sequences do not meet.
    #expect(Self.seen(model.packed(within: .max), tokens).seen == one.seen)
    let alone = Self.seen(model, tokens[sequences: 1..<2])
    for (own, all) in zip(alone.seen, one.seen) {
      #expect(own.block == all.block && own.role == all.role)
      #expect(own.inputs == all.inputs.rows(40..<80) && own.gradient == all.gradient.rows(40..<80))
    }
  }

  @Test(arguments: RandomModelTests.models)
  func inputsAreThoseOfTheForwardPass(_ name: String) throws {
    let model = try RandomModelTests.load(name)
    let tokens = randomTokens(2, 30, below: 512)
    var expected: [LinearRole: Matrix] = [:]
    var hidden = model.embed(tokens)
    for block in model.blocks.dropLast() { block.apply(to: &hidden, sequences: 2) }
    let last = try #require(model.blocks.last)
    last.apply(to: &hidden, sequences: 2) { inputs, roles in for role in roles { expected[role] = inputs } }
    let seen = Self.seen(model, tokens).seen.filter { $0.block == model.blocks.count - 1 }
    #expect(seen.count == last.roles.count)
    for linear in seen {
      #expect(linear.inputs == expected[linear.role])
      #expect(linear.gradient.rows == 60 && linear.gradient.columns == last[linear.role].weight.rows)
    }
  }

  @Test func withoutAnythingToPredictThereIsNoGradient() throws {
    let (seen, losses) = Self.seen(try RandomModelTests.load("llama3-gqa"), randomTokens(3, 1, below: 512))
    #expect(losses.isEmpty)
    #expect(seen.allSatisfy { $0.gradient.elements.allSatisfy { $0 == 0 } })
  }

  @Test func headsInSeveralChunksOfTheVocabulary() throws {
    // 9,000 entries are three chunks of 4,096; the ids of the text are in all of them.
    let directory = try TemporaryModel(copying: "llama-v1")
    try directory.set("vocab_size", 9000)
    try directory.change { tensors in
      tensors.removeAll { $0.name == "lm_head.weight" || $0.name == "model.embed_tokens.weight" }
      for (seed, name) in [(1, "lm_head.weight"), (2, "model.embed_tokens.weight")] as [(UInt64, String)] {
        tensors.append(
          TemporaryModel.Tensor(name, [9000, 64], randomFloats(9000 * 64, seed: seed, scale: seed == 1 ? 0.3 : 1)))
      }
    }
    let model = try directory.load()
    // More than one chunk of 1,024 tokens.
    let tokens = randomTokens(10, 110, below: 9000)
    let hidden = model.hiddenStates(tokens)
    let (losses, gradient) = model.lossGradient(at: hidden, of: tokens, scale: 1)
    #expect(losses == model.negativeLogLikelihoods(hidden, of: tokens))
    let direction = Matrix.random(hidden.rows, hidden.columns, seed: 5, scale: 0.1)
    let found = zip(gradient.elements, direction.elements).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    func sum(_ t: Float) -> Double {
      let elements = zip(hidden.elements, direction.elements).map { $0 + t * $1 }
      let moved = Matrix(rows: hidden.rows, columns: hidden.columns, elements: elements)
      return model.negativeLogLikelihoods(moved, of: tokens).reduce(0, +)
    }
    let h: Float = 0x1p-4
    let expected = (8 * (sum(h) - sum(-h)) - (sum(2 * h) - sum(-2 * h))) / (12 * Double(h))
    #expect(abs(found - expected) <= 1e-3 * abs(expected), "\(found), not \(expected)")
  }

  @Test(arguments: [
    // Attention's inputs, heads' outputs, queries, keys and values, each with its gradient; the MLP's twice; that at the outputs:
    // 2 (64 + 64 + 3 · 64) + 4 · 56 + 64, 2 (64 + 64 + 3 · 64) + 2 · 160 + 64, 2 (16 + 32 + 64) + 48 + 4 · 40 + 16.
    ("llama-v1", 928), ("opt-350m", 1024), ("qwen3", 448),
  ])
  func columnsThatABlockAllocates(_ name: String, _ columns: Int) throws {
    let shape = try ModelDirectory(path: Fixtures.path("random-models/\(name)")).shape
    #expect(shape.gradientColumns.reduce(0, +) == columns)
    let forecast = MemoryForecast(shape, WorkingMemory(stripRows: 64))
    let parts = forecast.gradients(BatchShape(sequences: 8, length: 32))
    #expect(
      parts.first { $0.name == "inputs of blocks" }?.bytes == Double(4 * 64 * shape.hiddenSize * shape.blockCount))
    #expect(parts.first { $0.name == "gradients" }?.bytes == Double(4 * 64 * columns))
  }
}
