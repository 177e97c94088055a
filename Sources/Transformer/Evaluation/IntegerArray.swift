import Support
import Tensor

/// Types of integers that token ids are stored as, by the names of safetensors.
enum IntegerType: String, CaseIterable {
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"

  /// The name that NumPy writes.
  var numPy: String {
    switch self {
    case .int64: "<i8"
    case .int32: "<i4"
    case .int16: "<i2"
    case .uint32: "<u4"
    case .uint16: "<u2"
    case .uint8: "|u1"
    }
  }

  /// Bytes of one, which NumPy's name ends in.
  var byteCount: Int { numPy.last?.wholeNumberValue ?? 1 }

  /// The integers in bytes.
  func integers(_ bytes: ArraySlice<UInt8>) -> [Int] {
    switch self {
    case .int64: Self.read(bytes, Int64.self)
    case .int32: Self.read(bytes, Int32.self)
    case .int16: Self.read(bytes, Int16.self)
    case .uint32: Self.read(bytes, UInt32.self)
    case .uint16: Self.read(bytes, UInt16.self)
    case .uint8: Self.read(bytes, UInt8.self)
    }
  }

  private static func read<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, _: Number.Type) -> [Int] {
    let size = MemoryLayout<Number>.size
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / size).map {
        Int(truncatingIfNeeded: Number(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * size, as: Number.self)))
      }
    }
  }
}

/// Integers of a file with their shape.
struct IntegerArray {
  let integers: [Int]
  let shape: [Int]

  /// The tensor `input_ids` of a safetensors file; `others` gets the names of all others.
  ///
  /// Throws where there is none, or its elements are no integers.
  init(safetensors path: String, others: inout [String]) throws(CheckpointError) {
    let file = try SafetensorsFile(path: path)
    guard let entry = file.entry("input_ids") else { throw CheckpointError(path, missing: "input_ids") }
    guard let type = IntegerType(rawValue: entry.type) else {
      throw CheckpointError(
        path, tensor: "input_ids", field: "dtype",
        reason: "ids must be \(IntegerType.allCases.map(\.rawValue).alternatives), not \(entry.type)")
    }
    others = file.entries.filter { $0.name != entry.name }.map { "\($0.name)" }
    integers = type.integers(try file.bytes(of: entry.name)[...])
    shape = entry.shape
  }

  /// Reads NumPy's format: the magic number, a version, a header that is a Python literal, the data.
  ///
  /// Throws where it is something else, or its elements are no integers.
  init(numPy file: ArraySlice<UInt8>, source: String) throws(ModelError) {
    func malformed(_ reason: String) -> ModelError { .tokens(source: source, reason: reason) }
    let bytes = Array(file)
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
    guard let quoted = Self.value(of: "descr", in: header), let order = Self.value(of: "fortran_order", in: header),
      let dimensions = Self.value(of: "shape", in: header)
    else { throw malformed("the header lacks 'descr', 'fortran_order' or 'shape'") }
    guard let type = IntegerType.allCases.first(where: { "'\($0.numPy)'" == quoted }) else {
      let known = IntegerType.allCases.map { "'\($0.numPy)'" }.alternatives
      throw malformed("descr: ids must be \(known), not \(quoted)")
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
    let (size, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, bytes.count - start == size else {
      throw malformed(
        "shape \(shape) needs \(count) ids of \(type.byteCount) bytes; \(bytes.count - start) bytes follow the header")
    }
    (integers, self.shape) = (type.integers(bytes[start...]), shape)
  }

  /// The value behind a key of the header's dictionary: a quoted word, a plain word, or a tuple.
  private static func value(of key: String, in header: String) -> String? {
    let pieces = header.pieces(between: "'\(key)':")
    guard pieces.count > 1 else { return nil }
    let rest = pieces[1].drop { $0 == " " }
    if rest.first == "(" { return rest.firstIndex(of: ")").map { String(rest[...$0]) } }
    return String(rest.prefix { $0 != "," && $0 != "}" && $0 != " " })
  }
}
