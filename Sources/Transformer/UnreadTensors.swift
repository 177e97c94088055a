import Support
import Tensor

/// The tensors of a checkpoint that a model does not read.
struct UnreadTensors {
  private let names: [[Substring]]
  /// What the model reads whole: its blocks, and the modules of the other tensors.
  private let parts: Set<[Substring]>

  init(_ checkpoint: Checkpoint, read: Set<TensorName>) {
    let all = checkpoint.shards.flatMap { $0.entries.map(\.name) }
    names = all.filter { !read.contains($0) }.map { Self.components("\($0)") }
    parts = Set(read.map { Self.part(Self.components("\($0)")) })
  }

  private static func components(_ name: String) -> [Substring] {
    name.split(separator: ".", omittingEmptySubsequences: false)
  }

  /// The block that a tensor is in: its name as far as the number; outside of blocks the tensor's module.
  private static func part(_ name: [Substring]) -> [Substring] {
    let number = name.firstIndex { $0.allSatisfy(\.isNumber) && !$0.isEmpty }
    return number.map { Array(name[...$0]) } ?? name.dropLast()
  }

  /// What a model computes from its configuration rather than reads: the frequencies that older files store.
  private static func isComputed(_ name: [Substring]) -> Bool { name.suffix(2) == ["rotary_emb", "inv_freq"] }

  /// Throws where a part that the model reads has more than it knows of: a bias, a norm, an adapter, or a quantised form, without
  /// which the part would compute something else.
  func check(_ checkpoint: Checkpoint) throws(ModelError) {
    for name in names where !Self.isComputed(name) && isInPart(name) {
      let tensor = name.joined(separator: ".")
      throw .document(
        DocumentError(
          checkpoint.shard(of: TensorName(tensor))?.path ?? "", field: "tensor '\(tensor)'",
          reason: "config.json announces no such tensor, and a model without it computes something else; "
            + "is model_type right, or is an adapter or a quantised form to be merged first?"))
    }
  }

  private func isInPart(_ name: [Substring]) -> Bool {
    (1..<max(1, name.count)).contains { parts.contains(Array(name[..<$0])) }
  }

  /// The tensors by block or name, with how many there are of each; nil where every tensor is read.
  var note: String? {
    guard !names.isEmpty else { return nil }
    var counts: [String: Int] = [:]
    for name in names {
      let part = Self.part(name)
      let isBlock = part.last?.allSatisfy(\.isNumber) == true && !Self.isComputed(name)
      let label = isBlock ? part : name.map { $0.allSatisfy(\.isNumber) ? "*" : $0 }
      counts[label.joined(separator: "."), default: 0] += 1
    }
    let labels = counts.keys.sorted().map { counts[$0] == 1 ? $0 : "\($0) (\(counts[$0] ?? 0))" }
    return "tensors that the model of config.json does not have are not read: \(labels.firstNames)"
  }
}
