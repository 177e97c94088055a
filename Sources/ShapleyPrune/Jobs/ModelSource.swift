import Support
import Tensor
import Tokenizer
import Transformer

/// A model directory, opened and checked, whose weights are not read yet.
///
///     let source = try ModelSource("opt-125m")
///     let model = try source.load()
public struct ModelSource: Sendable {
  /// The path of the directory.
  public let path: String
  /// The directory.
  public let directory: ModelDirectory

  /// Opens a directory in Hugging Face's layout.
  ///
  /// Throws `ModelError`.
  public init(_ path: String) throws {
    self.path = path
    directory = try ModelDirectory(path: path)
  }

  /// Reads the weights; where `use` tells what the model is for, linears with enough zeros leave them out.
  ///
  /// Throws `ModelError`.
  public func load(for use: ProductUse? = nil, events: any JobEvents = SilentEvents()) throws -> any CausalLM {
    for note in directory.notes { events.note(note) }
    let model = try events.during("reading \(path)", unit: "blocks") { try directory.loadModel(for: use, progress: $0) }
    events.note(
      "\(path): \(directory.architecture.rawValue), \(Quantity.count(model.parameterCount)) parameters in "
        + "\(model.blocks.count) blocks; kernel \(Kernel.current.rawValue), \(Parallel.threadCount) threads")
    if let use { tellForms(of: model, use, events) }
    return model
  }

  /// Says how many linears leave out their zeros, and from which fraction on they do.
  private func tellForms(of model: any CausalLM, _ use: ProductUse, _ events: any JobEvents) {
    let weights = model.linears
    let compressed = weights.filter(\.isCompressed)
    guard let type = compressed.first?.elementType else { return tellExpanded(use, events) }
    let bytes = compressed.reduce((dense: 0, resident: 0)) {
      ($0.dense + $1.byteCount, $0.resident + $1.residentByteCount)
    }
    events.note(
      "\(compressed.count) of \(weights.count) linears are multiplied without their zeros, which is faster from "
        + "\(Quantity.percent(StoredMatrix.breakEven(type, for: use))) zeros on; they take "
        + "\(Quantity.bytes(bytes.resident)) instead of \(Quantity.bytes(bytes.dense))")
  }

  /// Says that packed linears have their zeros again, where one token at a time would leave them out.
  private func tellExpanded(_ use: ProductUse, _ events: any JobEvents) {
    guard directory.checkpoint.isPacked else { return }
    let bytes = [use, .oneToken].map { directory.shape(for: $0).weightBytes }
    guard bytes[0] > bytes[1] else { return }
    events.note(
      "the linears are multiplied with their zeros, which is faster for so many tokens at a time; the weights take "
        + "\(Quantity.bytes(bytes[0])) instead of \(Quantity.bytes(bytes[1]))")
  }

  /// Throws `ModelError`, which names `text`, where a token of it is not in the vocabulary: its tokenizer may be another model's.
  package func check(_ ids: some Sequence<Int>, of text: String) throws(ModelError) {
    let size = directory.vocabularySize
    for (position, id) in ids.enumerated() where id < 0 || id >= size {
      throw .tokens(
        source: text, reason: "id \(id) at position \(position) is not in the model's vocabulary of \(size)")
    }
  }

  /// Throws `ModelError` where a token of some windows or samples is not in the vocabulary, which the model's functions demand.
  public func check(_ tokens: TokenBatch) throws(ModelError) { try check(tokens.tokens, of: "the tokens") }

  /// The tokenizer beside the weights.
  ///
  /// Throws `TokenizerError`.
  public func tokenizer() throws -> BPETokenizer { try BPETokenizer(directory: path) }

  /// Tokens of a window where nobody says: all positions, at most 2,048, as in the papers.
  public var defaultLength: Int { min(directory.maximumPositions, 2048) }
}

extension ModelSource {
  /// Writes a model that was made of this one, such as by `ModelPruner`, as a directory in the same layout: everything or nothing.
  ///
  /// The blocks' linears are the model's; all other tensors, the configuration and the tokenizer are copied from this directory.
  ///
  ///     let source = try ModelSource("opt-125m")
  ///     var model = try source.load()
  ///     try ModelPruner(.magnitude).prune(&model, patterns: patterns, calibration: samples)
  ///     try source.save(model, to: "opt-125m-pruned")
  ///
  /// Throws where this directory cannot be read any more, a linear has another shape or type than it had, or the folder cannot be
  /// written, or is there and may not be replaced.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - path: a folder that is not there yet.
  ///   - replacing: whether a model that is there may be replaced.
  ///   - events: is told of progress.
  public func save(
    _ model: any CausalLM, to path: String, replacing: Bool = false, events: any JobEvents = SilentEvents()
  ) throws {
    let output = try OutputFolder(path, inputs: [self.path], replacing: replacing)
    try output.checkSpace(for: directory)
    try output.commit(write(model, to: output, events: events), events)
  }

  /// Writes a model into a folder that others can be added to before it is committed.
  func write(_ model: any CausalLM, to output: OutputFolder, events: any JobEvents) throws -> DirectoryWriter {
    for note in directory.companions.notes { events.note("\(path): \(note)") }
    let folder = try DirectoryWriter(target: output.path, replacing: output.isReplaced)
    try events.duringBytes("saving \(output.path)", total: directory.byteCount()) {
      try directory.write(model, to: folder, progress: $0)
    }
    return folder
  }
}
