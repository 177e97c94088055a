import Support
import Tensor

/// Token ids from a file: a stream, or rows that are windows or samples as they stand.
public enum TokenFile: Sendable, Equatable {
  /// One dimension: a text's ids.
  case stream([Int])
  /// Two dimensions: a row each.
  case rows(TokenBatch)

  /// Whether a path names a file of ids rather than a text.
  public static func isTokenFile(_ path: String) -> Bool {
    [".npy", ".npz", ".safetensors"].contains(where: path.hasSuffix)
  }

  /// Reads `.npy` (NumPy's format, versions 1 to 3), or `.npz` or `.safetensors` with an array `input_ids`; integers of up to
  /// 64 bits.
  ///
  /// Throws `ModelError` where the file cannot be read or holds something else.
  public init(path: String) throws(ModelError) {
    var others: [String] = []
    try self.init(path: path, others: &others)
  }

  /// The same; `others` gets the names of arrays in the file that are not read, such as masks.
  package init(path: String, others: inout [String]) throws(ModelError) {
    let array = try Self.array(path, &others)
    let shape = array.shape
    guard shape.count == 1 || shape.count == 2 else {
      throw .tokens(source: path, reason: "ids must have one or two dimensions, not \(shape.count)")
    }
    if shape.count == 1 {
      self = .stream(array.integers)
    } else {
      guard shape[0] > 0, shape[1] > 0 else {
        throw .tokens(source: path, reason: "there are no ids in shape \(shape)")
      }
      self = .rows(TokenBatch(tokens: array.integers, length: shape[1]))
    }
  }

  private static func array(_ path: String, _ others: inout [String]) throws(ModelError) -> IntegerArray {
    if path.hasSuffix(".safetensors") {
      do throws(CheckpointError) { return try IntegerArray(safetensors: path, others: &others) } catch {
        throw .checkpoint(error)
      }
    }
    let bytes: [UInt8]
    do throws(FileError) { bytes = try File.contents(of: path) } catch { throw ModelError(error) }
    guard path.hasSuffix(".npz") else { return try IntegerArray(numPy: bytes[...], source: path) }
    let found = try NumPyArchive.array("input_ids", in: bytes[...], source: path)
    others = found.others
    return found.array
  }
}
