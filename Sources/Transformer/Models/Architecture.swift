import Support

extension ModelDirectory {
  /// An architecture that is implemented: what it reads of `config.json`, and the model that follows from it.
  ///
  /// A new one is a file in this folder and a line in `allCases`.
  public struct Architecture: RawRepresentable, Hashable, CaseIterable, Sendable {
    /// The architectures in the order in which messages list them.
    public static let allCases: [Architecture] = [.llama, .mistral, .qwen2, .qwen3, .opt]

    /// Its `model_type`, such as llama.
    public let rawValue: String
    /// Reads the configuration; throws where a field has the wrong form or asks for what is not implemented.
    let configuration: @Sendable (FieldReader) throws(DocumentError) -> any ModelConfiguration
  }
}

extension ModelDirectory.Architecture {
  /// The architecture of a `model_type`, or nil where it is not implemented.
  public init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }
}
