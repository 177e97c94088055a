import Support

extension RotaryEmbedding {
  /// The embedding that a configuration asks for, by the rules of transformers 5.
  ///
  /// Its settings stand in `rope_scaling` and `rope_theta`, or in `rope_parameters`. No text is longer than `positions`, the
  /// configuration's `max_position_embeddings`.
  package init(_ json: FieldReader, headDimension: Int, positions: Int) throws(DocumentError) {
    guard headDimension % 2 == 0 else {
      throw json.failure("\(headDimension) is odd; rotary embedding turns columns in pairs", at: "head_dim")
    }
    let object = try RotaryObject(json)
    for reader in [json, object?.members] {
      // All columns of a head are turned.
      if let share = reader?.optional("partial_rotary_factor"), share.json.double != 1 {
        throw share.unsupported(share.json.double.map { "\($0)" } ?? share.json.kind, supported: "1")
      }
    }
    let theta = try (object?.members.optional("rope_theta") ?? json.optional("rope_theta"))?.positive() ?? 10000
    self.init(
      headDimension: headDimension, theta: theta,
      scaling: try object?.scaling(positions: positions, theta: theta) ?? .none)
  }

  /// Says which of two objects does not count, where they differ.
  static func note(_ json: FieldReader) -> String? {
    let objects = RotaryObject.filled(json).map(\.json)
    guard objects.count == 2, objects[0].encoded() != objects[1].encoded() else { return nil }
    return "rope_parameters is not read: rope_scaling is there as well and counts, as in transformers 5"
  }
}

/// The values of `rope_type`.
private enum RotaryKind: String, CaseIterable {
  case unscaled = "default"
  case linear, dynamic, yarn, llama3

  /// The members that only some kinds have.
  var members: [String] {
    switch self {
    case .unscaled: []
    case .linear, .dynamic: ["factor"]
    case .yarn: ["factor", "attention_factor", "mscale", "mscale_all_dim", "beta_fast", "beta_slow", "truncate"]
    case .llama3: ["factor", "low_freq_factor", "high_freq_factor"]
    }
  }

  /// The members that every kind may have.
  ///
  /// Two of them change nothing: `finetuned` tells how the model was trained, and the original length counts for YaRN
  /// and LLaMA 3 alone. `type` is the old name of `rope_type`.
  static let commonMembers = [
    "rope_type", "type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings", "finetuned",
  ]
}

/// The object of `config.json` that tells about the rotary embedding.
private struct RotaryObject {
  /// The whole configuration.
  let json: FieldReader
  let members: FieldReader

  /// The object that counts, or nil where there is none: an empty `rope_scaling` gives way to `rope_parameters`.
  init?(_ json: FieldReader) throws(DocumentError) {
    for object in Self.names.compactMap(json.optional) { _ = try object.object() }
    guard let members = Self.filled(json).first else { return nil }
    self.json = json
    self.members = members
  }

  private static let names = ["rope_scaling", "rope_parameters"]

  /// The objects that are there and not empty; the first one counts.
  static func filled(_ json: FieldReader) -> [FieldReader] {
    names.compactMap(json.optional).filter { $0.json.object?.members.isEmpty == false }
  }

  private func positive(_ name: String, default fallback: Double? = nil) throws(DocumentError) -> Double {
    if let value = try members.optional(name)?.positive() ?? fallback { return value }
    throw members.failure("it is missing", at: name)
  }

  /// Throws where a member is not read, because ignoring it could give wrong numbers.
  private func requireKnownMembers(_ kind: RotaryKind) throws(DocumentError) {
    let known = RotaryKind.commonMembers + kind.members
    for (name, value) in try members.members() where !value.json.isNull && !known.contains(name) {
      // As JSON writes it, so that the message stays one line.
      let spelled = String(decoding: JSON(name).encoded().dropFirst().dropLast(), as: UTF8.self)
      guard value.json.object == nil else {
        throw members.failure("a rotary embedding for each type of layer is not supported", at: spelled)
      }
      let own = kind.members.isEmpty ? "" : "; it has \(kind.members.joined(separator: ", "))"
      throw members.failure("a rotary embedding of the type '\(kind.rawValue)' has no such setting\(own)", at: spelled)
    }
  }

  private func kind() throws(DocumentError) -> RotaryKind {
    guard let type = members.optional("rope_type") ?? members.optional("type") else {
      // A factor without a type asks for some scaling, and nobody can tell which.
      guard members.optional("factor") == nil else { throw members.failure("it is missing", at: "rope_type") }
      return .unscaled
    }
    let text = type.json.text ?? ""
    if let kind = RotaryKind(rawValue: text) { return kind }
    let outgrows =
      ["longrope", "su"].contains(text)
      ? ", whose frequencies are others for a text that outgrows the original length," : ""
    let kinds = RotaryKind.allCases.map(\.rawValue).joined(separator: ", ")
    throw type.unsupported(type.quoted + outgrows, supported: kinds)
  }

  /// The scaling of texts of at most `positions` tokens.
  func scaling(positions: Int, theta: Double) throws(DocumentError) -> RotaryEmbedding.Scaling {
    let kind = try kind()
    try requireKnownMembers(kind)
    switch kind {
    case .unscaled:
      return .none
    case .linear:
      return .linear(factor: try positive("factor"))
    case .dynamic:
      // The base grows with a text that is longer than max_position_embeddings, and up to that length it is `theta`.
      // A model takes no longer text, so that the factor never counts.
      _ = try positive("factor")
      return .none
    case .yarn:
      return .yarn(try yarn(positions: positions, theta: theta))
    case .llama3:
      let original = try originalPositions(default: positions)
      let low = try positive("low_freq_factor")
      let high = try positive("high_freq_factor")
      guard low < high else {
        throw members.failure("\(high) must exceed low_freq_factor \(low)", at: "high_freq_factor")
      }
      let factor = try positive("factor")
      return .llama3(factor: factor, lowFrequency: low, highFrequency: high, originalPositions: original)
    }
  }

  private func yarn(positions: Int, theta: Double) throws(DocumentError) -> RotaryEmbedding.YaRN {
    guard theta > 1 else { throw json.failure("\(theta) must exceed 1 for YaRN", at: "rope_theta") }
    let original = try originalPositions(default: positions)
    // Null stands for the ratio of the two lengths; nothing at all is an error.
    let isRatio = members.json["factor"]?.isNull == true
    let factor = isRatio ? Double(positions) / Double(original) : try positive("factor")
    let (fast, slow) = (try positive("beta_fast", default: 32), try positive("beta_slow", default: 1))
    guard slow <= fast else {
      throw members.failure("\(fast) must not be less than beta_slow \(slow)", at: "beta_fast")
    }
    let isTruncated = members.json["truncate"] == nil ? true : try members.member("truncate").bool()
    let attentionFactor = try positive("attention_factor", default: try recommendedAttentionFactor(factor))
    return RotaryEmbedding.YaRN(
      factor: factor, attentionFactor: attentionFactor, fastTurns: fast, slowTurns: slow, originalPositions: original,
      isTruncated: isTruncated)
  }

  /// The attention factor where none is given: the ratio of two where both `mscale` and `mscale_all_dim` are there.
  private func recommendedAttentionFactor(_ factor: Double) throws(DocumentError) -> Double {
    func weight(_ name: String) throws(DocumentError) -> Double? {
      // Zero is how DeepSeek's configurations write that there is none.
      guard let field = members.optional(name), field.json.double != 0 else { return nil }
      return try field.positive()
    }
    let (own, shared) = (try weight("mscale"), try weight("mscale_all_dim"))
    guard let own, let shared else { return RotaryEmbedding.YaRN.attentionFactor(for: factor) }
    return RotaryEmbedding.YaRN.attentionFactor(for: factor, weight: own)
      / RotaryEmbedding.YaRN.attentionFactor(for: factor, weight: shared)
  }

  /// Tokens of the texts before scaling: a field beside the object comes first, then its member, then `positions`.
  private func originalPositions(default positions: Int) throws(DocumentError) -> Int {
    let name = "original_max_position_embeddings"
    if let size = try json.optionalSize(name, limit: 1 << 31) { return size }
    let number = try positive(name, default: Double(positions))
    guard let original = Int(exactly: number) else { throw members.failure("it is not a whole number", at: name) }
    return original
  }
}
