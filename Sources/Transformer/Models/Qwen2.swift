import Support

extension ModelDirectory.Architecture {
  /// Qwen2 and Qwen2.5: LLaMA's blocks with biases of query, key and value.
  ///
  /// Yang et al., "Qwen2 Technical Report" (2024).
  public static let qwen2 = Self(rawValue: "qwen2") { json throws(ModelError) in
    var configuration = try Llama.Configuration(
      json, positions: 32_768, keyValueHeads: 32, biased: [.query, .key, .value])
    try configuration.limitPositions(toWindowsOf: json)
    return configuration
  }
}

extension Llama.Configuration {
  /// Makes no sequence longer than the attention's window, where some block has one.
  mutating func limitPositions(toWindowsOf json: Configuration) throws(ModelError) {
    if try Self.hasWindow(json, blockCount: blockCount) { try limitPositions(toWindowOf: json) }
  }

  /// Whether the attention of some block looks back over a window only: of those that `layer_types` names, or of all from
  /// `max_window_layers` on.
  private static func hasWindow(_ json: Configuration, blockCount: Int) throws(ModelError) -> Bool {
    guard try json.flag("use_sliding_window", default: false) else { return false }
    guard let types = json["layer_types"] else {
      // The number may be 0, which no size is.
      guard let first = json["max_window_layers"] else { return 28 < blockCount }
      guard let first = first.integer, first >= 0 else {
        throw json.invalid("max_window_layers", "a whole number that is not negative must stand here")
      }
      return first < blockCount
    }
    guard let types = types.array else { throw json.invalid("layer_types", "an array must stand here") }
    for type in types where type.text != "full_attention" && type.text != "sliding_attention" {
      let found = type.text.map { "'\($0)'" } ?? type.kind
      throw json.unsupported("layer_types", found, supported: "full_attention, sliding_attention")
    }
    return types.contains { $0.text == "sliding_attention" }
  }
}
