import Support

/// Why a checkpoint cannot be read or written: the file, and the rule of its format that it breaks.
public struct CheckpointError: Error, Equatable, Sendable {
  /// The rules, one a case.
  public enum Problem: Equatable, Sendable {
    /// The file cannot be opened, read or written; the text is the system's.
    case file(String)
    /// A Git LFS pointer stands where the file should be.
    case largeFilePointer
    /// Fewer than the 8 bytes that hold the header's length.
    case noHeaderLength(fileSize: Int)
    /// The header is said to be longer than 100,000,000 bytes, or than the file.
    case headerTooLong(length: UInt64, fileSize: Int)
    /// The header is not UTF-8 JSON that begins with `{`.
    case headerNotJSON(offset: Int, reason: String)
    /// `__metadata__` is not an object of strings.
    case metadataNotStrings(key: String)
    /// A tensor's entry lacks a field, or the field has the wrong form.
    case malformedEntry(tensor: String, field: String, reason: String)
    /// The element type is none of the format's.
    case unknownElementType(tensor: String, type: String)
    /// The byte range does not have the length that shape and type ask for.
    case sizeMismatch(tensor: String, expected: Int, found: Int)
    /// The tensor's bytes begin before those of the tensor in front of it end; the offset counts from the header's end.
    case overlap(tensor: String, other: String, offset: Int)
    /// Bytes that belong to no tensor; the offset counts from the header's end.
    case hole(tensor: String, offset: Int)
    /// The tensors end before or after the file does; both counts are of bytes behind the header.
    case wrongFileSize(expected: Int, found: Int)
    /// There is no tensor of this name.
    case missingTensor(String)
    /// All names have something in front, as of a model that was saved inside another module.
    case wrappedTensor(String, found: String)
    /// A tensor has another shape than the configuration asks for.
    case wrongShape(tensor: String, expected: [Int], found: [Int])
    /// A tensor has a type that cannot be used here.
    case unsupportedElementType(tensor: String, type: String)
    /// The shard index is malformed.
    case malformedIndex(field: String, reason: String)
    /// The index names a file outside the folder.
    case unsafeShardPath(String)
    /// A tensor stands in two shards.
    case duplicateTensor(String, otherFile: String)
    /// One file of a checkpoint is packed, and this one is not.
    case mixedForms(packedFile: String)
    /// A tensor is not in the shard that the index names.
    case notInShard(tensor: String, shard: String)
    /// The file changed while it was in use.
    case replaced
  }

  /// Path of the file.
  public let file: String
  /// The rule it breaks.
  public let problem: Problem
  let status: FailureKind

  init(_ file: String, _ problem: Problem) { self.init(file: file, problem: problem, status: .badData) }

  private init(file: String, problem: Problem, status: FailureKind) {
    self.file = file
    self.problem = problem
    self.status = status
  }

  /// The same of what is written under another name first.
  func about(_ file: String) -> CheckpointError { CheckpointError(file: file, problem: problem, status: status) }

  package init(_ file: String, missing tensor: String) { self.init(file, .missingTensor(tensor)) }

  package init(_ file: String, tensor: String, field: String, reason: String) {
    self.init(file, .malformedEntry(tensor: tensor, field: field, reason: reason))
  }

  package init(_ error: FileError) {
    file = error.path
    problem = .file("cannot \(error.operation): \(error.reason)")
    status = error.failureKind
  }

  /// Does what may fail as a call to the file system does.
  static func wrap<R>(_ body: () throws(FileError) -> R) throws(CheckpointError) -> R {
    do throws(FileError) { return try body() } catch { throw CheckpointError(error) }
  }
}

extension CheckpointError: Diagnostic {
  package var failureKind: FailureKind { status }

  /// One line: file, tensor or field, offset, and what to do where that can be said.
  public var description: String { "\(file): \(reason)" }

  /// The same without the file.
  var reason: String {
    switch problem {
    case .file(let reason): reason
    case .largeFilePointer: LargeFilePointer.reason
    case .noHeaderLength(let size): "\(size) bytes are too few for a safetensors file; is the download complete?"
    case .headerTooLong(let length, let size):
      "the header is said to be \(length) bytes long; the file has \(size) and the format allows 100000000"
    case .headerNotJSON(let offset, let reason): "the header is not valid JSON at byte \(offset): \(reason)"
    case .metadataNotStrings(let key): "__metadata__: the value of '\(key)' must be a string"
    case .malformedEntry(let tensor, let field, let reason): "tensor '\(tensor)': \(field): \(reason)"
    case .unknownElementType(let tensor, let type): "tensor '\(tensor)': dtype: '\(type)' is not a type of safetensors"
    case .sizeMismatch(let tensor, let expected, let found):
      "tensor '\(tensor)': data_offsets: shape and dtype need \(expected) bytes, the range has \(found)"
    case .overlap(let tensor, let other, let offset):
      "tensor '\(tensor)': data_offsets: byte \(offset) of the data already belongs to '\(other)'"
    case .hole(let tensor, let offset):
      "tensor '\(tensor)': data_offsets: the data's bytes from \(offset) on belong to no tensor"
    case .wrongFileSize(let expected, let found):
      "the tensors have \(expected) bytes, the file \(found) behind its header; is the download complete?"
    case .missingTensor(let name): "there is no tensor '\(name)'"
    case .wrappedTensor(let name, let found):
      "there is no tensor '\(name)', but '\(found)': take '\(found.dropLast(name.count))' off the names, "
        + "which torch.compile, DataParallel and other wrappers put there"
    case .wrongShape(let tensor, let expected, let found):
      "tensor '\(tensor)': shape: the configuration asks for \(expected), the file has \(found)"
    case .unsupportedElementType(let tensor, let type):
      "tensor '\(tensor)': dtype: weights must be F32, F16 or BF16, not \(type)"
    case .malformedIndex(let field, let reason): "\(field): \(reason)"
    case .unsafeShardPath(let path): "weight_map: '\(path)' is not a plain file name in the same folder"
    case .duplicateTensor(let tensor, let other): "tensor '\(tensor)': it is also in \(other)"
    case .mixedForms(let packed): "it is dense, but \(packed) is packed; take all files of one form"
    case .notInShard(let tensor, let shard): "weight_map: tensor '\(tensor)' is not in \(shard)"
    case .replaced: "the file was replaced or changed while it was in use; start again"
    }
  }
}
