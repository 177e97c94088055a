import Support

/// Integers of a file with their shape.
struct IntegerArray {
  let integers: [Int]
  let shape: [Int]

  /// The integers in bytes of a type as NumPy writes it; nil for a type that is no integer of ours, or too few bytes.
  init?(_ bytes: [UInt8], type: String, shape: [Int]) {
    func read<T: FixedWidthInteger>(_: T.Type) -> [Int] {
      bytes.withUnsafeBytes { raw in
        (0..<raw.count / MemoryLayout<T>.size).map {
          Int(
            truncatingIfNeeded: T(
              littleEndian: raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)))
        }
      }
    }
    switch type {
    case "<i8": integers = read(Int64.self)
    case "<i4": integers = read(Int32.self)
    case "<i2": integers = read(Int16.self)
    case "<u4": integers = read(UInt32.self)
    case "<u2": integers = read(UInt16.self)
    case "|u1": integers = read(UInt8.self)
    default: return nil
    }
    guard integers.count == shape.reduce(1, *) else { return nil }
    self.shape = shape
  }

  private static let widths = ["<i8": 8, "<i4": 4, "<i2": 2, "<u4": 4, "<u2": 2, "|u1": 1]

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
    let type = quoted.filter { $0 != "'" }
    guard let width = Self.widths[type] else {
      let known = Self.widths.keys.sorted().map { "'\($0)'" }.alternatives
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
    let (size, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, bytes.count - start == size,
      let array = IntegerArray(Array(bytes[start...]), type: type, shape: shape)
    else {
      throw malformed(
        "shape \(shape) needs \(count) ids of \(width) bytes; \(bytes.count - start) bytes follow the header")
    }
    self = array
  }

  /// The value behind a key of the header's dictionary: a quoted word, a plain word, or a tuple.
  private static func value(of key: String, in header: String) -> String? {
    guard let found = header.firstRange(of: "'\(key)':") else { return nil }
    let rest = header[found.upperBound...].drop { $0 == " " }
    if rest.first == "(" { return rest.firstIndex(of: ")").map { String(rest[...$0]) } }
    return String(rest.prefix { $0 != "," && $0 != "}" && $0 != " " })
  }
}
