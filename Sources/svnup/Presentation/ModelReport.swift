import ShapleyPrune
import Support
import Tensor
import Tokenizer
import Transformer

/// What `svnup info` tells of a model.
struct ModelReport {
  private let source: ModelSource
  private let model: any CausalLM
  /// Bytes that runs with the usual settings will need.
  private let memory: (perplexity: Int, prune: Int, sparseGPT: Int)
  private let storedTypes: [String]
  /// The tokenizer beside the weights, or why there is none.
  private let tokenizer: Result<BPETokenizer, any Error>

  /// Reads the model; the memory is forecast before.
  init(_ source: ModelSource) throws {
    let length = source.defaultLength
    let samples = BatchShape(sequences: Calibration.usualSamples, length: length)
    func predicted(by pruner: any Pruner) throws(SettingError) -> Int {
      let job = PruneJob(source, by: pruner, to: .unstructured(GameSettings.Probe.usualSparsity))
      return try MemoryBudget(source, length: length, storesStates: true) { job.footprint($0, samples: samples) }
        .predicted
    }
    memory = (
      try MemoryBudget(source, for: .manyTokens, length: length) { [Perplexity.footprint($0, samples)] }.predicted,
      try predicted(by: PruneRecipe.usualPruner), try predicted(by: .sparseGPT())
    )
    self.source = source
    tokenizer = Result { try source.tokenizer() }
    model = try source.load()
    storedTypes = Set(source.directory.checkpoint.shards.flatMap { $0.entries.map(\.type) }).sorted()
  }

  private var blocks: [any TransformerBlock] { model.blocks }
  private var prunable: Int { blocks.reduce(0) { $0 + $1.prunableParameters } }
  private var pruned: Int { blocks.reduce(0) { $0 + $1.prunedParameters } }

  var json: JSON {
    [
      "architecture": JSON(source.directory.architecture.rawValue), "parameters": JSON(model.parameterCount),
      "prunableParameters": JSON(prunable), "storedTypes": .array(storedTypes.map { JSON($0) }),
      "shards": JSON(source.directory.checkpoint.shards.count), "hiddenSize": JSON(model.hiddenSize),
      "vocabularySize": JSON(model.vocabularySize),
      "tokenizer": (try? tokenizer.get()).map {
        ["files": .array($0.definingFiles.map { JSON($0) }), "vocabularySize": JSON($0.vocabularySize)]
      } ?? .null, "positions": JSON(model.maximumPositions),
      "sparsity": JSON(Double(pruned) / Double(max(prunable, 1))),
      "blocks": .array(blocks.map { ["parameters": JSON($0.prunableParameters), "sparsity": JSON(sparsity($0))] }),
      "memory": [
        "perplexity": JSON(memory.perplexity), "prune": JSON(memory.prune), "sparsegpt": JSON(memory.sparseGPT),
      ],
      "kernel": JSON(Kernel.current.rawValue), "threads": JSON(Parallel.threadCount),
    ]
  }

  var text: String {
    var table = Table([.number("block"), .number("parameters"), .number("zeros")])
    for (index, block) in blocks.enumerated() {
      table.append([String(index), Quantity.count(block.prunableParameters), Quantity.percent(sparsity(block))])
    }
    let shards = source.directory.checkpoint.shards.count
    return """
      architecture  \(source.directory.architecture.rawValue), \(blocks.count) blocks, hidden size \(model.hiddenSize)
      parameters    \(Quantity.count(model.parameterCount)), of which prunable \(Quantity.count(prunable))
      stored as     \(storedTypes.joined(separator: ", ")) in \(shards) \(shards == 1 ? "file" : "files")
      vocabulary    \(model.vocabularySize)
      tokenizer     \(tokenizerText)
      positions     \(model.maximumPositions)
      memory        about \(Quantity.bytes(memory.perplexity)) for perplexity; to prune with \(Calibration.usualSamples) samples \
      \(Quantity.bytes(memory.prune)), by SparseGPT \(Quantity.bytes(memory.sparseGPT))
      kernel        \(Kernel.current.rawValue), \(Parallel.threadCount) threads

      \(table.rendered)
      """
  }

  private var tokenizerText: String {
    switch tokenizer {
    case .success(let found): "\(found.vocabularySize) tokens, from \(found.definingFiles.joined(separator: ", "))"
    case .failure(let error): "none that can be read: \(error)"
    }
  }

  private func sparsity(_ block: any TransformerBlock) -> Double {
    Double(block.prunedParameters) / Double(max(block.prunableParameters, 1))
  }
}
