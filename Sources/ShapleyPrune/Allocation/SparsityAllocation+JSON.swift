import Support

extension SparsityAllocation {
  /// The allocation as `{"blocks": [...]}`.
  package var json: JSON { ["blocks": JSON(sparsities)] }

  /// Reads a file that holds an object with one sparsity in [0, 1] for each block: `{"blocks": [0.7, 0.65]}`.
  ///
  /// Members of other names are left alone. Throws `AllocationError.file`.
  ///
  /// - Parameter source: The file's path, for messages.
  package init(parsing bytes: [UInt8], source: String, blockCount: Int) throws(AllocationError) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw .file(source, field: "the document", reason: error.description)
    }
    try self.init(json: json, source: source, blockCount: blockCount)
  }

  /// Reads an object with one sparsity in [0, 1] for each block: `{"blocks": [0.7, 0.65]}`.
  ///
  /// Members of other names are left alone. Throws `AllocationError.file`.
  ///
  /// - Parameter source: The file's path, for messages.
  package init(json: JSON, source: String, blockCount: Int) throws(AllocationError) {
    guard json.object != nil else {
      throw .file(source, field: "the document", reason: "it is \(json.kind), not an object")
    }
    guard let member = json["blocks"] else {
      throw .file(source, field: "blocks", reason: "it is missing; one sparsity for each block is expected")
    }
    guard let elements = member.array else {
      throw .file(source, field: "blocks", reason: "it is \(member.kind), not an array")
    }
    guard elements.count == blockCount else {
      let reason = "it has \(elements.count) numbers; the model has \(blockCount) blocks"
      throw .file(source, field: "blocks", reason: reason)
    }
    var sparsities: [Double] = []
    for (block, element) in elements.enumerated() {
      let field = "blocks[\(block)]"
      guard let sparsity = element.double else {
        throw .file(source, field: field, reason: "it is \(element.kind), not a number")
      }
      guard (0...1).contains(sparsity) else {
        throw .file(source, field: field, reason: "\(sparsity) is not between 0 and 1")
      }
      sparsities.append(sparsity)
    }
    try self.init(sparsities)
  }
}
