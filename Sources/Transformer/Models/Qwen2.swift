import Support

extension ModelDirectory.Architecture {
  /// Qwen2 and Qwen2.5: LLaMA's blocks with biases of query, key and value.
  ///
  /// Yang et al., "Qwen2 Technical Report" (2024).
  public static let qwen2 = Self(rawValue: "qwen2") { json throws(DocumentError) in
    var configuration = try Llama.Configuration(
      json, positions: 32_768, keyValueHeads: 32, biased: [.query, .key, .value])
    try configuration.limitPositions(toWindowsOf: json)
    return configuration
  }
}

extension Llama.Configuration {
  /// Makes no sequence longer than the attention's window, where some block has one.
  mutating func limitPositions(toWindowsOf json: FieldReader) throws(DocumentError) {
    if try Self.hasWindow(json, blockCount: sizes.blockCount) { try limitPositions(toWindowOf: json) }
  }

  /// Whether the attention of some block looks back over a window only: of those that `layer_types` names, or of all from
  /// `max_window_layers` on.
  private static func hasWindow(_ json: FieldReader, blockCount: Int) throws(DocumentError) -> Bool {
    guard try json.flag("use_sliding_window", default: false) else { return false }
    guard let types = try json.optional("layer_types")?.elements() else {
      return try json.optional("max_window_layers")?.integer() ?? 28 < blockCount
    }
    return types.contains { $0.json.text == "sliding_attention" }
  }
}
