import Support

/// `config.json` with accessors that either give a value of the right form or throw an error that names the field.
struct Configuration: Sendable {
  let file: String
  let root: JSONObject

  /// Reads a configuration file; at most 16 MiB.
  init(file: String) throws(ModelError) {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try File.contents(of: file, limit: 1 << 24) } catch { throw ModelError(error) }
    guard !bytes.starts(with: Array("version https://git-lfs".utf8)) else {
      throw .configuration(
        file: file, field: "the file",
        reason: "this is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'")
    }
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw .configuration(file: file, field: "the file", reason: "\(error)")
    }
    guard let object = json.object else {
      throw .configuration(file: file, field: "the file", reason: "an object must stand here, not \(json.kind)")
    }
    self.file = file
    root = object
  }

  /// The value of a field; null counts as absent.
  subscript(_ field: String) -> JSON? {
    guard let value = root[field], !value.isNull else { return nil }
    return value
  }

  func invalid(_ field: String, _ reason: String) -> ModelError {
    .configuration(file: file, field: field, reason: reason)
  }

  func unsupported(_ field: String, _ found: String, supported: String) -> ModelError {
    .unsupportedSetting(file: file, field: field, found: found, supported: supported)
  }

  /// A size: a whole number from 1 to `limit`.
  ///
  /// The limits keep the products of two sizes within 64 bits.
  func size(_ field: String, default fallback: Int? = nil, limit: Int = 1 << 24) throws(ModelError) -> Int {
    guard let value = self[field] else {
      guard let fallback else { throw invalid(field, "this field is missing") }
      return fallback
    }
    guard let size = value.integer, size >= 1, size <= limit else {
      throw invalid(field, "a whole number from 1 to \(limit) must stand here")
    }
    return size
  }

  func flag(_ field: String, default fallback: Bool) throws(ModelError) -> Bool {
    guard let value = self[field] else { return fallback }
    guard let flag = value.bool else { throw invalid(field, "true or false must stand here") }
    return flag
  }

  /// A number greater than 0, in this object or in one of its objects.
  func positive(
    _ field: String, in object: JSONObject? = nil, named path: String? = nil, default fallback: Double? = nil
  )
    throws(ModelError) -> Double
  {
    let name = path.map { "\($0).\(field)" } ?? field
    guard let value = (object ?? root)[field], !value.isNull else {
      guard let fallback else { throw invalid(name, "this field is missing") }
      return fallback
    }
    guard let number = value.double, number > 0, number.isFinite else {
      throw invalid(name, "a number greater than 0 must stand here")
    }
    return number
  }

  func text(_ field: String) throws(ModelError) -> String? {
    guard let value = self[field] else { return nil }
    guard let text = value.text else { throw invalid(field, "a string must stand here") }
    return text
  }

  /// Throws unless `field`, where present, has the only value that is implemented.
  func require(_ field: String, _ supported: String) throws(ModelError) {
    if let found = try text(field), found != supported {
      throw unsupported(field, "'\(found)'", supported: supported)
    }
  }
}
