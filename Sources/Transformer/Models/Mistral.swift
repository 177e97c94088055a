import Support

extension ModelDirectory.Architecture {
  /// Mistral: LLaMA's blocks, in which a token looks back over a window.
  ///
  /// Jiang et al., "Mistral 7B" (2023).
  public static let mistral = Self(rawValue: "mistral") { json throws(DocumentError) in
    var configuration = try Llama.Configuration(json, positions: 131_072, keyValueHeads: 8, biased: [])
    try configuration.limitPositions(toWindowOf: json)
    return configuration
  }
}

extension Llama.Configuration {
  /// Makes no sequence longer than the attention's `sliding_window`: 4,096 tokens where the field is absent, none where it is
  /// null.
  ///
  /// A token sees itself and the window - 1 tokens in front of it. Up to that length these are all there are, so that plain
  /// attention is exact.
  mutating func limitPositions(toWindowOf json: FieldReader) throws(DocumentError) {
    if json.json["sliding_window"]?.isNull == true { return }
    let window = try json.size("sliding_window", default: 4096, limit: 1 << 31)
    sizes.maximumPositions = min(sizes.maximumPositions, window)
  }
}
