import Support

extension ModelDirectory {
  /// The ids that end a text, from `generation_config.json`, and where that says nothing, from `config.json`.
  ///
  /// Some of them may be none of the model's tokens: -1 is written for none.
  ///
  /// Throws `ModelError` where a file is malformed.
  public func endTokens() throws(ModelError) -> [Int] {
    for name in ["generation_config.json", "config.json"] {
      let file = Path.join(path, name)
      guard FileSystem.exists(file) else { continue }
      do throws(DocumentError) {
        let json = try FieldReader(file: file, limit: 1 << 24, acceptsNonFinite: true)
        guard let field = json.optional("eos_token_id") else { continue }
        let every = Int.min...Int.max
        guard field.json.array != nil else { return [try field.integer(in: every)] }
        var ids: [Int] = []
        for element in try field.elements() { ids.append(try element.integer(in: every)) }
        return ids
      } catch { throw .document(error) }
    }
    return []
  }

  /// The settings of `generation_config.json`, or of `config.json` where that is missing, that change what transformers writes,
  /// and are not read, with that file.
  ///
  /// Whoever generates says how a token is chosen. Throws `ModelError` where the file is malformed.
  public func unreadGenerationSettings() throws(ModelError) -> (file: String, names: [String]) {
    let own = Path.join(path, "generation_config.json")
    let file = FileSystem.exists(own) ? own : Path.join(path, "config.json")
    do throws(DocumentError) {
      let json = try FieldReader(file: file, limit: 1 << 24, acceptsNonFinite: true)
      let names = Self.drawingSettings.filter { name, neutral in
        guard let value = json.optional(name)?.json, !value.isNull, value.array?.isEmpty != true else { return false }
        // 1 and 1.0 are one number.
        if let number = value.double, let neutral = neutral.double { return number != neutral }
        return value.encoded() != neutral.encoded()
      }.map(\.name)
      return (file, names)
    } catch { throw .document(error) }
  }

  /// Names in that file that change a text, each with the value that does not.
  private static let drawingSettings: [(name: String, neutral: JSON)] = [
    ("do_sample", false), ("temperature", 1), ("top_k", 50), ("top_p", 1), ("min_p", .null), ("typical_p", 1),
    ("epsilon_cutoff", 0), ("eta_cutoff", 0), ("repetition_penalty", 1), ("no_repeat_ngram_size", 0),
    ("encoder_no_repeat_ngram_size", 0), ("min_length", 0), ("min_new_tokens", .null), ("num_beams", 1),
    ("penalty_alpha", .null), ("guidance_scale", .null), ("suppress_tokens", .null), ("begin_suppress_tokens", .null),
    ("bad_words_ids", .null), ("forced_bos_token_id", .null), ("forced_eos_token_id", .null),
    ("sequence_bias", .null), ("stop_strings", .null), ("encoder_repetition_penalty", 1), ("diversity_penalty", 0),
    ("exponential_decay_length_penalty", .null), ("watermarking_config", .null), ("max_time", .null),
    ("top_h", .null), ("max_new_tokens", .null),
  ]
}
