import ShapleyPrune
import Support
import Tensor
import Transformer

/// What `svnup.json` tells of a pruned model: everything that is needed to make it again, and what came of it.
struct PruningRecord {
  /// File name of the record in a saved directory.
  static let fileName = "svnup.json"

  var command: [String]
  var method: any Pruner
  /// What was asked for; nil where a file gives every block its own.
  var pattern: SparsityPattern?
  var allocation: AllocationPlan
  var seed: Int
  var calibration: TokenBatch?
  /// How the samples' hidden states were stored from block to block.
  var calibrationStates = ElementType.float32
  var blocks: [BlockReport]
  var dense: Perplexity?
  var pruned: Perplexity?
  /// SHA-256 of every input file by its role and name, and of the saved files once they are written.
  var hashes: [(String, JSON)]

  /// Zeros among the weights of the blocks' linears.
  var sparsity: Double {
    Double(blocks.reduce(0) { $0 + $1.zeros }) / Double(blocks.reduce(0) { $0 + $1.count })
  }

  var json: JSON {
    JSON(members: [
      ("svnup", JSON(Program.version)),
      ("command", .array(command.map { JSON($0) })),
      ("method", JSON(method.name)),
      ("pattern", patternName.map { JSON($0) } ?? .null),
      ("dampening", (method as? SparseGPTPruner).map { JSON($0.dampening) } ?? .null),
      ("blockSize", (method as? SparseGPTPruner).map { JSON($0.blockSize) } ?? .null),
      ("seed", JSON(seed)),
      ("calibrationSamples", calibration.map { JSON($0.sequences) } ?? .null),
      ("calibrationLength", calibration.map { JSON($0.length) } ?? .null),
      ("calibrationStates", calibration.map { _ in JSON(calibrationStates.rawValue) } ?? .null),
      ("kernel", JSON(Kernel.current.rawValue)),
      ("sparsity", JSON(sparsity)),
      ("densePerplexity", dense.map { JSON($0.perplexity) } ?? .null),
      ("prunedPerplexity", pruned.map { JSON($0.perplexity) } ?? .null),
      ("evaluation", evaluation),
      ("allocation", allocation.json),
      ("blocks", .array(blocks.map(Self.json))),
      ("sha256", JSON(members: hashes)),
    ])
  }

  /// `2:4` for a structured pattern.
  private var patternName: String? {
    if case .structured(let keep, let of) = pattern { "\(keep):\(of)" } else { nil }
  }

  private var evaluation: JSON {
    guard let pruned else { return .null }
    return [
      "tokens": JSON(pruned.tokens), "windows": JSON(pruned.windows), "sequenceLength": JSON(pruned.sequenceLength),
    ]
  }

  private static func json(_ block: BlockReport) -> JSON {
    [
      "sparsity": JSON(block.sparsity), "target": JSON(block.target),
      "linears": JSON(members: block.linears.map { (name(of: $0), json($0)) }),
    ]
  }

  private static func json(_ linear: LinearReport) -> JSON {
    JSON(members: [
      ("sparsity", JSON(linear.sparsity)), ("target", JSON(linear.pattern.sparsity)), ("zeros", JSON(linear.zeros)),
      ("count", JSON(linear.count)),
      ("tensor", JSON("\(linear.name)")), ("loss", linear.outcome.loss.map { JSON($0) } ?? .null),
      ("dampening", linear.outcome.dampening.map { JSON($0) } ?? .null),
      ("deadInputs", JSON(linear.outcome.deadInputs)),
    ])
  }

  /// A linear's name within its block: `model.layers.3.mlp.up_proj.weight` is `mlp.up_proj`.
  private static func name(of linear: LinearReport) -> String {
    let parts = "\(linear.name)".split(separator: ".")
    guard let layers = parts.firstIndex(of: "layers"), parts.count > layers + 3 else { return "\(linear.name)" }
    return parts[(layers + 2)...].dropLast().joined(separator: ".")
  }

  /// The result for people: a line a block, then the perplexities.
  var text: String {
    var table = Table([.number("block"), .number("target"), .number("zeros"), .number("loss"), .number("dead inputs")])
    for (index, block) in blocks.enumerated() {
      let losses = block.linears.compactMap(\.outcome.loss)
      table.append([
        String(index), Quantity.percent(block.target), Quantity.percent(block.sparsity),
        losses.isEmpty ? "" : losses.reduce(0, +).fixed(2),
        String(block.linears.reduce(0) { $0 + $1.outcome.deadInputs }),
      ])
    }
    var lines = [table.rendered, "", "sparsity \(Quantity.percent(sparsity)) of the blocks' linears"]
    if let dense, let pruned {
      lines.append(
        "perplexity \(dense.perplexity.fixed(4)) dense, \(pruned.perplexity.fixed(4)) pruned, on \(pruned.windows) windows "
          + "of \(pruned.sequenceLength) tokens")
    }
    return lines.joined(separator: "\n")
  }
}

extension PruningRecord {
  /// Hashes of the files that a run reads: the model's, its tokenizer's, and the texts by their roles.
  static func hashes(
    _ source: ModelSource, texts: [(role: String, path: String?)], console: Console
  ) throws -> [(String, JSON)] {
    let weights = source.directory.checkpoint
    let progress = console.byteProgress("hashing", total: weights.byteCount)
    var members = [("model", try hash(["config.json"] + weights.fileNames, in: source.path, progress))]
    // A model without a tokenizer is pruned with token ids.
    members.append(("tokenizer", try hash((try? source.tokenizer())?.definingFiles ?? [], in: source.path, progress)))
    for (role, path) in texts {
      guard let path else { continue }
      members.append((role, try hash([Path.name(of: path)], in: Path.parent(of: path), progress)))
    }
    return members
  }

  private static func hash(
    _ names: [String], in folder: String, _ progress: (Int) -> Void
  ) throws(FileError) -> JSON {
    var members: [(String, JSON)] = []
    for name in names {
      members.append((name, JSON(try SHA256.hexadecimal(ofFile: Path.join(folder, name), progress: progress))))
    }
    return JSON(members: members)
  }

  /// Writes the pruned model with this record beside it: everything or nothing.
  ///
  /// The record gets the hashes of the files that were written.
  mutating func save(
    _ model: any CausalLM, from source: ModelSource, to output: String, replacing: Bool, console: Console
  ) throws {
    let total = try source.directory.byteCount()
    let folder = try DirectoryWriter(target: output, replacing: replacing)
    try source.directory.write(model, to: folder, progress: console.byteProgress("saving \(output)", total: total))
    let hashing = console.byteProgress("hashing what was saved", total: total)
    hashes.append(("output", try Self.hash(folder.names, in: folder.temporary, hashing)))
    try folder.write(Self.fileName, Array(json.document.utf8))
    try folder.commit()
  }
}
