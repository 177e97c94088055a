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
      let names = (try? FileSystem.list(directory))?.sorted() ?? []
      let shards = names.compactMap { name in ShardName(name).map { (name: name, number: $0) } }
      guard let count = shards.first?.number.count, shards.count == count,
        shards.enumerated().allSatisfy({ $1.number.index == $0 + 1 && $1.number.count == count })
      else {
        throw CheckpointError(
          FileError(
            directory, "find weights", reason: Self.reason(directory, names, shards.map(\.number)),
            failureKind: .noInput))
      }
      self = .numbered(shards.map(\.name))
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
    }
  }

  /// The number of a shard and of all shards in a name such as `model-00002-of-00005.safetensors`.
  private struct ShardName {
    let index: Int
    let count: Int

    init?(_ name: String) {
      let parts = name.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 4, parts[0] == "model", parts[2] == "of", parts[3].hasSuffix(".safetensors"),
        let index = Int(parts[1]), let count = Int(parts[3].dropLast(".safetensors".count)), count > 0
      else { return nil }
      (self.index, self.count) = (index, count)
    }
  }

  private static func reason(_ directory: String, _ names: [String], _ shards: [ShardName]) -> String {
    if let shard = shards.first {
      return "\(shards.count) of \(shard.count) shards are there, and no \(indexFile); complete the download"
    }
    let converted =
      "convert it with transformers: AutoModelForCausalLM.from_pretrained('\(directory)').save_pretrained('NEW')"
    func first(_ isWanted: (String) -> Bool) -> String? { names.first(where: isWanted) }
    if names.contains("snapshots") {
      let found = (try? FileSystem.list(Path.join(directory, "snapshots")))?.sorted().first
      return "it is a folder of a download cache; name snapshots/\(found ?? "…") in it"
    }
    if let name = first({ $0.hasPrefix("adapter_model.") }) {
      return "there is \(name), an adapter; merge it into its model first (peft: merge_and_unload)"
    }
    if let name = first({ $0.hasSuffix(".gguf") }) {
      return "there is \(name), which is GGUF; convert it with transformers: "
        + "AutoModelForCausalLM.from_pretrained('\(directory)', gguf_file='\(name)').save_pretrained('NEW')"
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
