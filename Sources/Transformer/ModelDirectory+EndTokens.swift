import Support

extension ModelDirectory {
  /// The ids that end a text, from `generation_config.json`, and where that says nothing, from `config.json`.
  ///
  /// Throws `ModelError` where a file is malformed.
  public func endTokens() throws(ModelError) -> [Int] {
    for name in ["generation_config.json", "config.json"] {
      let file = Path.join(path, name)
      guard FileSystem.exists(file) else { continue }
      do throws(DocumentError) {
        let json = try FieldReader(file: file, limit: 1 << 24, acceptsNonFinite: true)
        guard let field = json.optional("eos_token_id") else { continue }
        guard field.json.array != nil else { return [try field.integer()] }
        var ids: [Int] = []
        for element in try field.elements() { ids.append(try element.integer()) }
        return ids
      } catch { throw .document(error) }
    }
    return []
  }
}
