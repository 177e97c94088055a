import Support
import Tensor

/// What `svnup.json` says of the files beside it, as far as that can be checked again.
struct SavedRecord {
  /// A linear of a block.
  struct Linear {
    /// Where the record tells of it.
    let field: String
    let tensor: TensorName
    let zeros: Int
    let count: Int
    let sparsity: Double
  }

  /// A block with its linears, in the order of the modules.
  struct Block {
    let field: String
    let linears: [Linear]
    let sparsity: Double
  }

  /// Path of the record.
  let file: String
  let blocks: [Block]
  let sparsity: Double
  /// N:M, where every linear has it.
  let pattern: GroupPattern?
  /// SHA-256 of the other files; nil in a record of a version that did not know them.
  let hashes: [(name: String, hash: String)]?

  /// Reads the record of a saved directory.
  ///
  /// Throws `FileError` where there is none, `InputError` where a field is missing or has the wrong form.
  init(directory: String) throws {
    let file = Path.join(directory, PruningRecord.fileName)
    guard FileSystem.exists(file) else {
      let reason = "it is missing; verify needs a directory that svnup saved"
      throw FileError(file, "read", reason: reason, failureKind: .noInput)
    }
    let bytes = try File.contents(of: file, limit: 1 << 28)
    let root: JSON
    do { root = try JSON.parse(bytes) } catch { throw InputError(source: file, reason: "\(error)") }
    let fields = Fields(file: file)
    self.file = file
    sparsity = try fields.number(root, "", "sparsity")
    pattern = try fields.pattern(root)
    blocks = try fields.blocks(root)
    hashes = try fields.hashes(root)
  }
}

/// Looks up the record's fields by their paths, which errors name.
private struct Fields {
  let file: String

  func error(_ field: String, _ reason: String) -> InputError {
    InputError(source: file, reason: "\(field): \(reason)")
  }

  func number(_ json: JSON, _ field: String, _ key: String) throws(InputError) -> Double {
    guard let value = json[key]?.double else { throw error(field + key, "a number is missing here") }
    return value
  }

  func count(_ json: JSON, _ field: String, _ key: String) throws(InputError) -> Int {
    guard let value = json[key]?.integer, value >= 0 else { throw error(field + key, "a whole number is missing here") }
    return value
  }

  func pattern(_ root: JSON) throws(InputError) -> GroupPattern? {
    guard let member = root["pattern"], !member.isNull else { return nil }
    guard let text = member.text else { throw error("pattern", "it is \(member.kind), not a string") }
    do throws(InvalidValue) { return try ValueKind.pattern.parse(text) } catch {
      throw self.error("pattern", "'\(text)' \(error.requirement)")
    }
  }

  func blocks(_ root: JSON) throws(InputError) -> [SavedRecord.Block] {
    guard let array = root["blocks"]?.array else { throw error("blocks", "an array is missing here") }
    var blocks: [SavedRecord.Block] = []
    for (index, block) in array.enumerated() {
      let field = "blocks[\(index)]"
      guard let members = block["linears"]?.object?.members else {
        throw error("\(field).linears", "an object is missing here")
      }
      var linears: [SavedRecord.Linear] = []
      for (key, linear) in members {
        let field = "\(field).linears.\(String(decoding: key, as: UTF8.self))"
        guard let tensor = linear["tensor"]?.bytes else { throw error("\(field).tensor", "a string is missing here") }
        linears.append(
          SavedRecord.Linear(
            field: field, tensor: TensorName(tensor), zeros: try count(linear, field + ".", "zeros"),
            count: try count(linear, field + ".", "count"), sparsity: try number(linear, field + ".", "sparsity")))
      }
      blocks.append(
        SavedRecord.Block(field: field, linears: linears, sparsity: try number(block, field + ".", "sparsity")))
    }
    return blocks
  }

  func hashes(_ root: JSON) throws(InputError) -> [(name: String, hash: String)]? {
    guard let output = root["sha256"]?["output"] else { return nil }
    guard let members = output.object?.members else { throw error("sha256.output", "an object is missing here") }
    var hashes: [(name: String, hash: String)] = []
    for (key, value) in members {
      let name = String(decoding: key, as: UTF8.self)
      guard Path.isPlainName(name) else { throw error("sha256.output", "'\(name)' is not a plain file name") }
      guard let hash = value.text else { throw error("sha256.output.\(name)", "it is \(value.kind), not a string") }
      hashes.append((name, hash))
    }
    return hashes
  }
}
