import Support

extension ModelDirectory.Architecture {
  /// Qwen3, the dense models: LLaMA's blocks with heads of their own size, whose queries and keys are normalised.
  ///
  /// Yang et al., "Qwen3 Technical Report" (2025), section 2. Windows are those of Qwen2.
  public static let qwen3 = Self(rawValue: "qwen3") { json throws(DocumentError) in
    var configuration = try Llama.Configuration(
      json, positions: 32_768, keyValueHeads: 32, headDimension: 128, biased: biasedAttention(json))
    configuration.normalizesHeads = true
    try configuration.limitPositions(toWindowsOf: json)
    return configuration
  }
}
