import Support
import Tensor

/// Token ids from a file: a stream, or rows that are windows or samples as they stand.
public enum TokenFile: Sendable, Equatable {
  /// One dimension: a text's ids.
  case stream([Int])
  /// Two dimensions: a row each.
  case rows(TokenBatch)

  /// Whether a path names a file of ids rather than a text.
  public static func isTokenFile(_ path: String) -> Bool { path.hasSuffix(".npy") || path.hasSuffix(".safetensors") }

  /// Reads `.npy` (NumPy's format, versions 1 to 3) or `.safetensors` with a tensor `input_ids`; 32- or 64-bit integers.
  ///
  /// Throws `ModelError` where the file cannot be read or holds something else.
  public init(path: String) throws(ModelError) {
    let (bytes, width, shape) = path.hasSuffix(".npy") ? try Self.numpy(path) : try Self.safetensors(path)
    guard shape.count == 1 || shape.count == 2 else {
      throw .tokens(source: path, reason: "ids must have one or two dimensions, not \(shape.count)")
    }
    let ids: [Int] = bytes.withUnsafeBytes { raw in
      (0..<raw.count / width).map { i in
        width == 8
          ? Int(truncatingIfNeeded: Int64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * i, as: Int64.self)))
          : Int(Int32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self)))
      }
    }
    if shape.count == 1 {
      self = .stream(ids)
    } else {
      guard shape[0] > 0, shape[1] > 0 else {
        throw .tokens(source: path, reason: "there are no ids in shape \(shape)")
      }
      self = .rows(TokenBatch(tokens: ids, length: shape[1]))
    }
  }

  private static func safetensors(_ path: String) throws(ModelError) -> ([UInt8], width: Int, shape: [Int]) {
    do throws(CheckpointError) {
      let file = try SafetensorsFile(path: path)
      guard let entry = file.entry("input_ids") else { throw CheckpointError(path, missing: "input_ids") }
      guard let width = ["I64": 8, "I32": 4][entry.type] else {
        throw CheckpointError(
          path, tensor: "input_ids", field: "dtype", reason: "ids must be I64 or I32, not \(entry.type)")
      }
      return (try file.bytes(of: entry.name), width, entry.shape)
    } catch { throw .checkpoint(error) }
  }

  /// Reads NumPy's format: the magic number, a version, a header that is a Python literal, the data.
  private static func numpy(_ path: String) throws(ModelError) -> ([UInt8], width: Int, shape: [Int]) {
    func malformed(_ reason: String) -> ModelError { .tokens(source: path, reason: reason) }
    let bytes: [UInt8]
    do throws(FileError) { bytes = try File.contents(of: path) } catch { throw ModelError(error) }
    guard bytes.count >= 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw malformed("this is not a .npy file: it does not begin with NumPy's magic number")
    }
    guard (1...3).contains(bytes[6]) else {
      throw malformed("version \(bytes[6]) of NumPy's format is not supported; supported are 1 to 3")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes + length
    guard start <= bytes.count else { throw malformed("the header ends at byte \(start), the file at \(bytes.count)") }
    let header = String(decoding: bytes[8 + lengthBytes..<start], as: UTF8.self)
    guard let type = value(of: "descr", in: header), let order = value(of: "fortran_order", in: header),
      let dimensions = value(of: "shape", in: header)
    else { throw malformed("the header lacks 'descr', 'fortran_order' or 'shape'") }
    guard let width = ["'<i8'": 8, "'<i4'": 4][type] else {
      throw malformed("descr: ids must be '<i8' or '<i4', not \(type)")
    }
    guard order == "False" else { throw malformed("fortran_order: rows must lie one behind the other") }
    var shape: [Int] = []
    var count = 1
    for text in dimensions.dropFirst().dropLast().split(separator: ",") {
      let text = text.filter { $0 != " " }
      if text.isEmpty { continue }
      guard let size = Int(text), size >= 0 else { throw malformed("shape: '\(text)' is not a whole number") }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw malformed("shape: the product overflows") }
      (count, shape) = (product, shape + [size])
    }
    let (size, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, bytes.count - start == size else {
      throw malformed(
        "shape \(shape) needs \(count) ids of \(width) bytes; \(bytes.count - start) bytes follow the header")
    }
    return (Array(bytes[start...]), width, shape)
  }

  /// The value behind a key of the header's dictionary: a quoted word, a plain word, or a tuple.
  private static func value(of key: String, in header: String) -> String? {
    guard let found = header.firstRange(of: "'\(key)':") else { return nil }
    let rest = header[found.upperBound...].drop { $0 == " " }
    if rest.first == "(" { return rest.firstIndex(of: ")").map { String(rest[...$0]) } }
    return String(rest.prefix { $0 != "," && $0 != "}" && $0 != " " })
  }
}
