import Support

/// One tensor of a safetensors file: what it is and where its bytes are.
public struct TensorEntry: Equatable, Sendable {
  /// The tensor's name, byte for byte.
  public let name: TensorName
  /// The format's name of the element type, such as `BF16`.
  public let type: String
  /// Dimensions, outermost first; empty for a single number.
  public let shape: [Int]
  /// Bytes, counted from the end of the header.
  public let range: Range<Int>

  /// A tensor called `name` whose bytes are `range` of a file's data.
  public init(name: TensorName, type: String, shape: [Int], range: Range<Int>) {
    self.name = name
    self.type = type
    self.shape = shape
    self.range = range
  }
}

/// The name of a tensor.
///
/// Two names are equal where their bytes are: canonical equivalence of Unicode does not merge them.
public struct TensorName: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The name as UTF-8.
  public let bytes: [UInt8]

  /// The name with these bytes of UTF-8.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  /// The name with this text.
  public init(_ text: String) { bytes = Array(text.utf8) }
  /// The name with this text.
  public init(stringLiteral value: String) { self.init(value) }
  /// The name as text.
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}

/// What stands in front of a safetensors file's data, validated: every byte of the data belongs to exactly one tensor.
struct SafetensorsHeader: Sendable {
  /// Tensors in the order of their bytes.
  var entries: [TensorEntry]
  /// The strings of `__metadata__`, in the order of the file.
  var metadata: [(key: [UInt8], value: [UInt8])]

  /// The longest header that the format's own reader accepts.
  static let lengthLimit: UInt64 = 100_000_000

  /// Bits of an element, by the format's name of the type.
  static let bitCounts: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
  ]

  init(entries: [TensorEntry], metadata: [(key: [UInt8], value: [UInt8])] = []) {
    self.entries = entries
    self.metadata = metadata
  }

  /// The first string of a key of `__metadata__`.
  func metadata(_ key: String) -> [UInt8]? { metadata.first { $0.key.elementsEqual(key.utf8) }?.value }

  /// Reads and checks the header's text; `dataSize` bytes follow it in `file`, or as many as the tensors have, where it is nil.
  init(parsing bytes: [UInt8], dataSize: Int?, file: String) throws(CheckpointError) {
    func problem(_ problem: CheckpointError.Problem) -> CheckpointError { CheckpointError(file, problem) }
    guard bytes.first == UInt8(ascii: "{") else {
      throw problem(.headerNotJSON(offset: 8, reason: "it must begin with '{'"))
    }
    let root: JSON
    do { root = try JSON.parse(bytes) } catch {
      throw problem(.headerNotJSON(offset: 8 + error.offset, reason: error.reason))
    }
    self.init(entries: [])
    for (key, value) in root.object?.members ?? [] {
      if key == Array("__metadata__".utf8) {
        guard let object = value.object else { throw problem(.metadataNotStrings(key: "__metadata__")) }
        for member in object.members {
          guard let text = member.value.bytes else {
            throw problem(.metadataNotStrings(key: String(decoding: member.key, as: UTF8.self)))
          }
          metadata.append((member.key, text))
        }
      } else {
        entries.append(try Self.entry(TensorName(key), value, file))
      }
    }
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try checkOffsets(dataSize: dataSize, file: file)
    for entry in entries { try Self.checkSize(entry, file) }
  }

  private static func entry(_ name: TensorName, _ json: JSON, _ file: String) throws(CheckpointError) -> TensorEntry {
    func malformed(_ field: String, _ reason: String) -> CheckpointError {
      CheckpointError(file, .malformedEntry(tensor: "\(name)", field: field, reason: reason))
    }
    guard let type = json["dtype"]?.text else { throw malformed("dtype", "a string is missing here") }
    guard let dimensions = json["shape"]?.array else { throw malformed("shape", "an array is missing here") }
    var shape: [Int] = []
    for dimension in dimensions {
      guard let value = dimension.integer, value >= 0 else {
        throw malformed("shape", "dimensions are whole numbers from 0")
      }
      shape.append(value)
    }
    guard let offsets = json["data_offsets"]?.array, offsets.count == 2 else {
      throw malformed("data_offsets", "two numbers must stand here")
    }
    guard let begin = offsets[0].integer, let end = offsets[1].integer, begin >= 0, end >= 0 else {
      throw malformed("data_offsets", "offsets are whole numbers from 0")
    }
    guard begin <= end else { throw malformed("data_offsets", "the range begins at \(begin), after its end at \(end)") }
    return TensorEntry(name: name, type: type, shape: shape, range: begin..<end)
  }

  private func checkOffsets(dataSize: Int?, file: String) throws(CheckpointError) {
    var end = 0
    var previous = ""
    for entry in entries {
      if entry.range.lowerBound < end {
        let offset = entry.range.lowerBound
        throw CheckpointError(file, .overlap(tensor: "\(entry.name)", other: previous, offset: offset))
      }
      if entry.range.lowerBound > end { throw CheckpointError(file, .hole(tensor: "\(entry.name)", offset: end)) }
      end = entry.range.upperBound
      previous = "\(entry.name)"
    }
    if let dataSize, end != dataSize { throw CheckpointError(file, .wrongFileSize(expected: end, found: dataSize)) }
  }

  private static func checkSize(_ entry: TensorEntry, _ file: String) throws(CheckpointError) {
    guard let bits = bitCounts[entry.type] else {
      throw CheckpointError(file, .unknownElementType(tensor: "\(entry.name)", type: entry.type))
    }
    var size = bits / 8
    for dimension in entry.shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw CheckpointError(
          file,
          .malformedEntry(tensor: "\(entry.name)", field: "shape", reason: "the product of \(entry.shape) overflows"))
      }
      size = product
    }
    guard size == entry.range.count else {
      throw CheckpointError(file, .sizeMismatch(tensor: "\(entry.name)", expected: size, found: entry.range.count))
    }
  }

  /// The header as the file holds it: its length in 8 bytes, then JSON, padded with blanks so that the data are aligned.
  func encoded() -> [UInt8] {
    var members: [JSONObject.Member] = []
    if !metadata.isEmpty {
      let strings = metadata.map { (key: $0.key, value: JSON.string($0.value)) }
      members.append((Array("__metadata__".utf8), .object(JSONObject(strings))))
    }
    for entry in entries {
      let description: JSON = [
        "dtype": JSON(entry.type), "shape": JSON(entry.shape),
        "data_offsets": JSON([entry.range.lowerBound, entry.range.upperBound]),
      ]
      members.append((entry.name.bytes, description))
    }
    var text = JSON.object(JSONObject(members)).encoded()
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    return Self.encoded(text)
  }

  /// A header's text with its length in front of it.
  static func encoded(_ text: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }
}
