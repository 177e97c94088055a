import Support
import Tensor

/// A model as Hugging Face lays it out: `config.json`, safetensors, tokenizer files.
public struct ModelDirectory: Sendable {
  /// Path of the folder.
  public let path: String
  /// What the configuration says the model is.
  public let architecture: Architecture
  /// The weights, opened and validated but not read.
  public let checkpoint: Checkpoint
  /// What a reader of the results should know: files, tensors and settings that do not count.
  public let notes: [String]
  /// The names of every block's linears.
  package let linearNames: [[TensorName]]
  /// Their roles.
  package let linearRoles: [[LinearRole]]
  private let configuration: any ModelConfiguration
  /// The tensors that the model holds.
  package let tensors: Set<TensorName>

  /// Opens a model directory: reads the configuration and the headers of the weights.
  ///
  /// Throws `ModelError` where a file is missing or malformed, the configuration is inconsistent, the architecture is not
  /// implemented, or the weights are not those that it asks for.
  public init(path: String) throws(ModelError) {
    try self.init(path: path, configurationFile: "config.json")
  }

  package init(path: String, configurationFile: String) throws(ModelError) {
    do throws(FileError) {
      if !FileSystem.exists(path), let advice = Self.advice(onMissing: path) {
        throw FileError(path, "open", reason: advice, failureKind: .noInput)
      }
      guard try FileSystem.status(path).kind == .directory else {
        throw FileError(path, "open", reason: "a model is a folder; this is not one", failureKind: .noInput)
      }
    } catch { throw ModelError(error) }
    self.path = path
    let unknown: [String]
    let rotaryNote: String?
    do throws(DocumentError) {
      try Self.checkPresence(of: configurationFile, in: path)
      try Self.checkLinks(in: path)
      let json = try FieldReader(file: Path.join(path, configurationFile), limit: 1 << 24, acceptsNonFinite: true)
      let type = try json.optional("model_type")?.text() ?? ""
      guard let known = Architecture(rawValue: type) else {
        let names = Architecture.allCases.map(\.rawValue)
        let supported = "\(names.dropLast().joined(separator: ", ")) and \(names.last ?? "")"
        if type.isEmpty { throw json.failure("it is missing; supported are \(supported)", at: "model_type") }
        throw json.failure("'\(type)' is not supported; supported are \(supported)", at: "model_type")
      }
      try ConfigurationKeys.check(json)
      architecture = known
      configuration = try known.configuration(json)
      unknown = ConfigurationKeys.unknown(json)
      rotaryNote = RotaryEmbedding.note(json)
    } catch { throw .document(error) }
    do throws(CheckpointError) { checkpoint = try Checkpoint(directory: path) } catch { throw .checkpoint(error) }
    // Every weight is looked up before the first one is read.
    let reader = WeightReader(checkpoint, isRehearsal: true)
    let model: any CausalLM
    do throws(ModelError) { model = try configuration.load(reader, nil) } catch {
      throw ForeignWeights.error(in: checkpoint) ?? error
    }
    linearNames = model.blocks.map { block in block.roles.map { block[$0].name } }
    linearRoles = model.blocks.map(\.roles)
    tensors = reader.names.subtracting(reader.copies)
    let unread = UnreadTensors(checkpoint, read: reader.names)
    try unread.check(checkpoint)
    var notes = reader.notes + [unread.note].compactMap(\.self)
    if !unknown.isEmpty {
      notes.append("\(configurationFile): keys without a known meaning: \(unknown.joined(separator: ", "))")
    }
    if let rotaryNote { notes.append("\(configurationFile): \(rotaryNote)") }
    if FileSystem.isListed(Path.join(path, "adapter_config.json")) {
      notes.append("the adapter of adapter_config.json is not applied; merge it into the weights if it is to count")
    }
    self.notes = checkpoint.notes + notes.map { "\(path): \($0)" }
  }

  /// What a path that does not exist may have been meant as.
  private static func advice(onMissing path: String) -> String? {
    if FileSystem.isListed(path) { return "it is a link to something that is missing" }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let owner = parts.first, !owner.isEmpty, !owner.hasPrefix("."),
      !FileSystem.exists(String(owner))
    else { return nil }
    return
      "there is no such folder, and nothing is downloaded; fetch it first, as with huggingface_hub: snapshot_download('\(path)')"
  }

  private static let reasonOfDeadLink = "it is a link that leads to no file; if a download is incomplete, repeat it"

  /// Throws where one of the defining files is a link to nothing: a reader would take another form of it, or none.
  private static func checkLinks(in path: String) throws(DocumentError) {
    for name in (try? FileSystem.list(path)) ?? [] where definingNames.contains(name) {
      let full = Path.join(path, name)
      if !FileSystem.exists(full) {
        throw DocumentError(full, reason: "cannot open: \(reasonOfDeadLink)", failureKind: .noInput)
      }
    }
  }

  /// Throws where there is no configuration; the error names what is there instead.
  private static func checkPresence(of file: String, in path: String) throws(DocumentError) {
    let full = Path.join(path, file)
    guard !FileSystem.exists(full) else { return }
    let names: [String]
    do throws(FileError) { names = try FileSystem.list(path) } catch { throw DocumentError(error) }
    func failure(_ reason: String) -> DocumentError {
      DocumentError(full, reason: "cannot open: \(reason)", failureKind: .noInput)
    }
    if FileSystem.isListed(full) {
      throw failure(Self.reasonOfDeadLink)
    }
    if let snapshot = (try? FileSystem.list(Path.join(path, "snapshots")))?.first {
      throw failure("it is missing, but there is snapshots/\(snapshot): this is a download cache; name that folder")
    }
    if names.contains("adapter_config.json") {
      throw failure(
        "it is missing; this is an adapter: merge it into its base model first, as with peft: merge_and_unload()")
    }
    if let name = names.first(where: { $0.hasSuffix(".gguf") }) {
      throw failure("it is missing; there is \(name), and GGUF must be converted to Hugging Face's layout first")
    }
    if names.contains("params.json") || names.contains("consolidated.00.pth") {
      throw failure(
        "it is missing; these are Meta's own files, which transformers' convert_llama_weights_to_hf.py converts")
    }
    throw failure("it is missing; a model is a folder with config.json and safetensors")
  }

  /// Number of blocks.
  public var blockCount: Int { configuration.sizes.blockCount }

  /// Columns of the hidden states.
  public var hiddenSize: Int { configuration.sizes.hiddenSize }

  /// Entries of the vocabulary.
  public var vocabularySize: Int { configuration.sizes.vocabularySize }

  /// Tokens that a sequence may have: never more than the attention's window, where it has one.
  public var maximumPositions: Int { configuration.sizes.maximumPositions }

  /// The sizes that tell what the model takes in memory.
  package var shape: ModelShape { ModelShape(configuration, checkpoint, read: tensors) }

  /// The same of the model that is loaded for a use: packed linears that are faster without their zeros take fewer bytes.
  package func shape(for use: ProductUse?) -> ModelShape {
    var shape = shape
    guard let use else { return shape }
    for name in linearNames.joined() {
      guard let shard = checkpoint.shard(of: name), let entry = shard.entry(name) else { continue }
      let bytes = shard.loadedByteCount(of: entry, for: use, modelBytes: shape.linearBytes)
      shape.weightBytes += bytes - entry.range.count
    }
    return shape
  }

  /// Reads the weights, each checked for its shape and for numbers that are not finite; `progress` is told the blocks read and
  /// their number.
  ///
  /// Where `use` tells what the model is for, each linear with enough zeros leaves them out. Without it all have theirs, as what prunes or
  /// differentiates a model wants them.
  ///
  /// Throws `ModelError` where a weight is missing, misshapen or not finite.
  public func loadModel(
    for use: ProductUse? = nil, progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(ModelError) -> any CausalLM {
    let shape = shape
    return try configuration.load(
      WeightReader(checkpoint, for: use.map { ($0, modelBytes: shape.linearBytes) }), progress)
  }

  /// Throws unless a linear's weight has the type and shape it has in the files.
  ///
  /// F16 and BF16 take the same number of bytes, so nothing else would notice that one stands for the other.
  private func checkReplacement(_ linear: Linear) throws(CheckpointError) {
    let (name, weight) = (linear.name, linear.weight)
    guard let shard = checkpoint.shard(of: name), let entry = shard.entry(name) else {
      throw CheckpointError(checkpoint.shards.first?.path ?? path, missing: "\(name)")
    }
    func mismatch(_ field: String, _ reason: String) -> CheckpointError {
      CheckpointError(shard.path, tensor: "\(name)", field: field, reason: reason)
    }
    guard entry.type == weight.elementType.rawValue else {
      throw mismatch("dtype", "the file has \(entry.type), the model \(weight.elementType.rawValue)")
    }
    guard entry.shape == [weight.rows, weight.columns] else {
      throw mismatch("shape", "the file has \(entry.shape), the model \([weight.rows, weight.columns])")
    }
  }

  /// Names of the files beside the weights that say what a model is.
  private static let definingNames = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
    "chat_template.json",
  ]

  /// Endings of weights, in any program's form.
  private static let weightEndings = [
    "safetensors", "bin", "pt", "pth", "ckpt", "h5", "msgpack", "gguf", "onnx",
  ]

  /// Whether a file holds weights, or a part of them, by its name.
  package static func isWeightFile(_ name: String) -> Bool { weightEndings.contains { name.hasSuffix(".\($0)") } }

  /// Whether a file of this name belongs to a model and can be nothing else.
  package static func isModelFile(_ name: String) -> Bool {
    definingNames.contains(name) || name == recordFile || isWeightFile(name) || name.hasSuffix(".index.json")
  }

  /// Those files, as far as they are there.
  private var definingFiles: [String] {
    Self.definingNames.filter { FileSystem.exists(Path.join(path, $0)) }
  }

  /// The files that a copy of the model must have.
  package var fileNames: [String] { definingFiles + checkpoint.fileNames }

  /// The same, packed weights by the names that they have with their zeros.
  package var denseFileNames: [String] { definingFiles + checkpoint.denseFileNames }

  /// Bytes of these files.
  package func byteCount() throws(ModelError) -> Int {
    do throws(FileError) {
      var sum = 0
      for name in companions.names + checkpoint.fileNames { sum += try FileSystem.status(Path.join(path, name)).size }
      return sum
    } catch { throw ModelError(error) }
  }

  /// Writes a complete directory with the weights of `model` in the type and sharding of this one.
  ///
  /// Every tensor but the blocks' linears, and every companion file, is copied byte for byte. `progress` is told the bytes of
  /// every step.
  ///
  /// Throws `ModelError` where this directory cannot be read any more or the new one cannot be written.
  package func write(
    _ model: any CausalLM, to folder: DirectoryWriter, progress: (Int) -> Void = { _ in }
  ) throws(ModelError) {
    let linears = model.blocks.flatMap { block in block.roles.map { block[$0] } }
    do throws(CheckpointError) {
      for linear in linears { try checkReplacement(linear) }
    } catch { throw .checkpoint(error) }
    do throws(FileError) {
      for name in companions.names { try folder.copy(Path.join(path, name), progress: progress) }
    } catch { throw ModelError(error) }
    let replacements = Dictionary(linears.map { ($0.name, $0.weight) }) { $1 }
    do throws(CheckpointError) {
      try checkpoint.write(to: folder, replacing: replacements, progress: progress)
    } catch { throw .checkpoint(error) }
  }
}

extension ModelDirectory {
  /// What writing a model holds: tensors that were not pruned are copied piece by piece.
  package static func footprint(_ forecast: MemoryForecast) -> Footprint {
    let piece = min(File.pieceSize, forecast.shape.weightBytes)
    return Footprint("saving", [forecast.weights, Footprint.Part("a piece of a file", Double(piece))])
  }
}
