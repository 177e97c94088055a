import Support

extension RotaryEmbedding {
  /// The base and the scaling that a configuration asks for, by the rules of transformers 5.
  ///
  /// They stand in `rope_scaling` and `rope_theta`, or in `rope_parameters`. No text is longer than `positions`, the
  /// configuration's `max_position_embeddings`.
  static func settings(
    _ json: Configuration, positions: Int
  ) throws(ModelError) -> (theta: Double, scaling: Scaling) {
    try requireWholeHeads(json["partial_rotary_factor"], "partial_rotary_factor", json)
    let outer = try json.positive("rope_theta", default: 10000)
    guard let object = try RotaryObject(json) else { return (outer, .none) }
    try requireWholeHeads(object.members["partial_rotary_factor"], "\(object.field).partial_rotary_factor", json)
    let theta = try object.positive("rope_theta", default: outer)
    return (theta, try object.scaling(positions: positions, theta: theta))
  }

  /// Throws unless all columns of a head are turned.
  private static func requireWholeHeads(_ share: JSON?, _ field: String, _ json: Configuration) throws(ModelError) {
    guard let share, !share.isNull else { return }
    guard share.double == 1 else {
      throw json.unsupported(field, share.double.map { "\($0)" } ?? share.kind, supported: "1")
    }
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
  let json: Configuration
  /// Its name.
  let field: String
  let members: JSONObject

  /// The object that counts, or nil where there is none: an empty `rope_scaling` gives way to `rope_parameters`.
  init?(_ json: Configuration) throws(ModelError) {
    let present = ["rope_scaling", "rope_parameters"].filter { json[$0] != nil }
    for name in present where json[name]?.object == nil { throw json.invalid(name, "an object must stand here") }
    let filled = present.first { json[$0]?.object?.members.isEmpty == false }
    guard let field = filled, let members = json[field]?.object else { return nil }
    self.json = json
    self.field = field
    self.members = members
  }

  /// A member's value, or nil where it is missing or null.
  private subscript(_ name: String) -> JSON? {
    guard let value = members[name], !value.isNull else { return nil }
    return value
  }

  func positive(_ name: String, default fallback: Double? = nil) throws(ModelError) -> Double {
    try json.positive(name, in: members, named: field, default: fallback)
  }

  func invalid(_ name: String, _ reason: String) -> ModelError { json.invalid("\(field).\(name)", reason) }

  /// Throws where a member is not read, because ignoring it could give wrong numbers.
  private func requireKnownMembers(_ kind: RotaryKind) throws(ModelError) {
    let known = (RotaryKind.commonMembers + kind.members).map { Array($0.utf8) }
    for (key, value) in members.members where !value.isNull && !known.contains(key) {
      // As JSON writes it, so that the message stays one line.
      let name = String(decoding: JSON.string(key).encoded().dropFirst().dropLast(), as: UTF8.self)
      guard value.object == nil else {
        throw invalid(name, "a rotary embedding for each type of layer is not supported")
      }
      let own = kind.members.isEmpty ? "" : "; it has \(kind.members.joined(separator: ", "))"
      throw invalid(name, "a rotary embedding of the type '\(kind.rawValue)' has no such setting\(own)")
    }
  }

  private func kind() throws(ModelError) -> RotaryKind {
    guard let type = self["rope_type"] ?? self["type"] else {
      // A factor without a type asks for some scaling, and nobody can tell which.
      guard self["factor"] == nil else { throw invalid("rope_type", "this field is missing") }
      return .unscaled
    }
    let text = type.text ?? ""
    if let kind = RotaryKind(rawValue: text) { return kind }
    var found = type.text.map { "'\($0)'" } ?? type.kind
    if ["longrope", "su"].contains(text) {
      found += ", whose frequencies are others for a text that outgrows the original length,"
    }
    let kinds = RotaryKind.allCases.map(\.rawValue).joined(separator: ", ")
    throw json.unsupported("\(field).rope_type", found, supported: kinds)
  }

  /// The scaling of texts of at most `positions` tokens.
  func scaling(positions: Int, theta: Double) throws(ModelError) -> RotaryEmbedding.Scaling {
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
      guard low < high else { throw invalid("high_freq_factor", "\(high) must exceed low_freq_factor \(low)") }
      let factor = try positive("factor")
      return .llama3(factor: factor, lowFrequency: low, highFrequency: high, originalPositions: original)
    }
  }

  private func yarn(positions: Int, theta: Double) throws(ModelError) -> RotaryEmbedding.YaRN {
    guard theta > 1 else { throw json.invalid("rope_theta", "\(theta) must exceed 1 for YaRN") }
    let original = try originalPositions(default: positions)
    // Null stands for the ratio of the two lengths; nothing at all is an error.
    let isRatio = members["factor"]?.isNull == true
    let factor = isRatio ? Double(positions) / Double(original) : try positive("factor")
    let (fast, slow) = (try positive("beta_fast", default: 32), try positive("beta_slow", default: 1))
    guard slow <= fast else { throw invalid("beta_fast", "\(fast) must not be less than beta_slow \(slow)") }
    guard let isTruncated = (members["truncate"] ?? true).bool else {
      throw invalid("truncate", "true or false must stand here")
    }
    let attentionFactor = try positive("attention_factor", default: try recommendedAttentionFactor(factor))
    return RotaryEmbedding.YaRN(
      factor: factor, attentionFactor: attentionFactor, fastTurns: fast, slowTurns: slow, originalPositions: original,
      isTruncated: isTruncated)
  }

  /// The attention factor where none is given: the ratio of two where both `mscale` and `mscale_all_dim` are there.
  private func recommendedAttentionFactor(_ factor: Double) throws(ModelError) -> Double {
    func weight(_ name: String) throws(ModelError) -> Double? {
      // Zero is how DeepSeek's configurations write that there is none.
      try self[name] == nil || self[name]?.double == 0 ? nil : positive(name)
    }
    let (own, shared) = (try weight("mscale"), try weight("mscale_all_dim"))
    guard let own, let shared else { return RotaryEmbedding.YaRN.attentionFactor(for: factor) }
    return RotaryEmbedding.YaRN.attentionFactor(for: factor, weight: own)
      / RotaryEmbedding.YaRN.attentionFactor(for: factor, weight: shared)
  }

  /// Tokens of the texts before scaling: a field beside the object comes first, then its member, then `positions`.
  private func originalPositions(default positions: Int) throws(ModelError) -> Int {
    let name = "original_max_position_embeddings"
    if json[name] != nil { return try json.size(name, limit: 1 << 31) }
    let number = try positive(name, default: Double(positions))
    guard let original = Int(exactly: number) else { throw invalid(name, "a whole number must stand here") }
    return original
  }
}
