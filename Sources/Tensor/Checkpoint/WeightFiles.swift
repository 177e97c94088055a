import Support

/// The files of a model directory that hold its weights, by the names that Hugging Face gives them.
enum WeightFiles {
  /// One file, dense or packed.
  case single(String)
  /// The shards that an index lists, dense or packed.
  case indexed(String)
  /// Shards that no index lists, in the order of their numbers.
  case numbered([String])

  static let singleFile = "model.safetensors"
  static let indexFile = "model.safetensors.index.json"

  /// The files that transformers would take: the single file before an index, then their packed forms, and, where there is none of
  /// these, numbered shards of which none is missing.
  ///
  /// Throws `CheckpointError` where there is none of these; the error names what is there instead, and the remedy.
  init(in directory: String) throws(CheckpointError) {
    if let known = Self.known.first(where: { FileSystem.isListed(Path.join(directory, $0)) }) {
      self = known.hasSuffix(".json") ? .indexed(known) : .single(known)
    } else {
      let names = (try? FileSystem.list(directory)) ?? []
      let shards = names.compactMap(ShardName.init).sorted { $0.index < $1.index }
      guard
        let whole = [false, true].lazy.map({ isPacked in shards.filter { $0.isPacked == isPacked } }).first(
          where: Self.isWhole)
      else {
        throw CheckpointError(
          FileError(directory, "find weights", reason: Self.reason(directory, names, shards), failureKind: .noInput))
      }
      self = .numbered(whole.map(\.name))
    }
  }

  private static let files = [singleFile, indexFile]
  /// In the order in which they count.
  private static let known = files + files.map(PackedFormat.packedName)

  /// What a reader of the weights should know about the choice.
  func notes(_ directory: String) -> [String] {
    switch self {
    case .single(let name), .indexed(let name):
      Self.known.drop { $0 != name }.dropFirst().map { Path.join(directory, $0) }.filter(FileSystem.isListed).map {
        "\($0): it is not read, because \(name) is there, which counts"
      }
    case .numbered(let names):
      ["\(directory): there is no \(Self.indexFile); the \(names.count) shards are read, none of which is missing"]
        + names.map(PackedFormat.packedName).map { Path.join(directory, $0) }.filter(FileSystem.isListed).map {
          "\($0): it is not read, because the dense shards are there and go before it"
        }
    }
  }

  /// The number of a shard and of all shards in a name such as `model-00002-of-00005.safetensors`.
  private struct ShardName {
    let name: String
    let index: Int
    let count: Int
    let isPacked: Bool

    init?(_ name: String) {
      let dense = PackedFormat.denseName(of: name)
      let parts = (dense ?? name).split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 4, parts[0] == "model", parts[2] == "of", parts[3].hasSuffix(".safetensors"),
        let index = Int(parts[1]), let count = Int(parts[3].dropLast(".safetensors".count)), count > 0
      else { return nil }
      (self.name, self.index, self.count, isPacked) = (name, index, count, dense != nil)
    }
  }

  /// Whether shards, in the order of their numbers, are all of one checkpoint.
  private static func isWhole(_ shards: [ShardName]) -> Bool {
    guard let count = shards.first?.count, shards.count == count else { return false }
    return shards.enumerated().allSatisfy { $1.index == $0 + 1 && $1.count == count }
  }

  private static func reason(_ directory: String, _ names: [String], _ shards: [ShardName]) -> String {
    if let shard = shards.first {
      let packed = shards.filter(\.isPacked)
      if !packed.isEmpty, packed.count < shards.count {
        return "\(shards.count - packed.count) dense and \(packed.count) packed shards are there, and no \(indexFile); "
          + "take all files of one form"
      }
      return "\(shards.count) of \(shard.count) shards are there, and no \(indexFile); complete the download"
    }
    let converted =
      "convert it with transformers: AutoModelForCausalLM.from_pretrained(\(directory.pythonText)).save_pretrained('NEW')"
    func first(_ isWanted: (String) -> Bool) -> String? { names.first(where: isWanted) }
    if names.contains("snapshots") {
      let found = (try? FileSystem.list(Path.join(directory, "snapshots")))?.first
      return "it is a folder of a download cache; name snapshots/\(found ?? "…") in it"
    }
    if let name = first({ $0.hasPrefix("adapter_model.") }) {
      return "there is \(name), an adapter; merge it into its model first (peft: merge_and_unload)"
    }
    if let name = first({ $0.hasSuffix(".gguf") }) {
      return "there is \(name), which is GGUF; convert it with transformers: "
        + "AutoModelForCausalLM.from_pretrained(\(directory.pythonText), gguf_file=\(name.pythonText)).save_pretrained('NEW')"
    }
    let pickled = [".bin", ".pt", ".pth", ".ckpt"]
    if let name = first({ name in pickled.contains { name.hasSuffix($0) } }) {
      return "there is \(name), which only PyTorch reads; \(converted)"
    }
    if let name = first({ $0.hasSuffix(".safetensors") }) {
      return "there is \(name), but neither \(singleFile) nor \(indexFile); rename it if it holds the whole model"
    }
    return "there is neither \(singleFile) nor \(indexFile)"
  }
}
