import Foundation
import Support
import Tensor
import TestSupport
import Testing

/// The models, ids and texts that the end-to-end tests give to the executable.
enum Inputs {
  /// Four blocks with grouped-query attention, stored as BF16 in four files.
  static let llama3 = model("llama3-gqa")
  /// Four blocks, stored as F32 in one file.
  static let llama1 = model("llama-v1")
  static let opt = model("opt-125m")
  /// 12 blocks and a tokenizer.
  static let embedded = Fixtures.embeddedModel

  /// 16 rows of 64 ids.
  static let rows = Fixtures.path("ids/calib.safetensors")
  /// One sequence of 531 ids.
  static let stream = Fixtures.path("ids/eval.safetensors")
  /// How many ids there are in `stream`.
  static let streamCount = 531

  static func model(_ name: String) -> String { Fixtures.path("random-models/\(name)") }

  static func text(_ name: String) -> String {
    Path.join(Fixtures.repository, "Sources/svnup/Resources/kjv-text/\(name).txt")
  }

  /// Writes ids as a NumPy file with the given shape.
  static func writeNumpy(_ ids: [Int], shape: [Int], to path: String) throws {
    let dimensions = shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<i8', 'fortran_order': False, 'shape': (\(dimensions)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    var bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
    bytes += Array(header.utf8)
    for id in ids { withUnsafeBytes(of: Int64(id).littleEndian) { bytes += $0 } }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// Writes a LLaMA of `blockCount` blocks, each a copy of one of the four of `llama1`.
  static func writeDeepModel(blockCount: Int, to folder: String) throws {
    let source = try SafetensorsFile(path: Path.join(llama1, "model.safetensors"))
    var members: [(String, JSON)] = []
    var data: [UInt8] = []
    func add(_ name: String, _ entry: TensorEntry) throws {
      let bytes = try source.bytes(of: entry.name)
      let range = [data.count, data.count + bytes.count]
      members.append((name, ["dtype": JSON(entry.type), "shape": JSON(entry.shape), "data_offsets": JSON(range)]))
      data += bytes
    }
    for entry in source.entries {
      let parts = "\(entry.name)".components(separatedBy: ".")
      guard parts.count > 2, parts[1] == "layers", let layer = Int(parts[2]) else {
        try add("\(entry.name)", entry)
        continue
      }
      for block in stride(from: layer, to: blockCount, by: 4) {
        try add((parts[..<2] + ["\(block)"] + parts[3...]).joined(separator: "."), entry)
      }
    }
    var header = JSON(members: members).encoded()
    header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    try Data(length + header + data).write(to: URL(fileURLWithPath: Path.join(folder, "model.safetensors")))
    let config = try String(contentsOfFile: Path.join(llama1, "config.json"), encoding: .utf8)
      .replacing("\"num_hidden_layers\": 4", with: "\"num_hidden_layers\": \(blockCount)")
    try config.write(toFile: Path.join(folder, "config.json"), atomically: true, encoding: .utf8)
  }
}

extension CommandRunner {
  /// Runs a command that must succeed with nothing on standard error, and returns the JSON that it prints, but for the figures
  /// of memory, which differ from run to run.
  func json(
    _ arguments: [String], environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> JSON {
    let result = try run(arguments + ["--json", "--quiet"], environment: environment)
    try #require(result.status == 0, "\(result.error)", sourceLocation: sourceLocation)
    #expect(result.error.isEmpty, sourceLocation: sourceLocation)
    return try JSON.parse(Array(result.output.utf8)).withoutMemory
  }

  /// Runs a command that must fail with this status, in one line on standard error and nothing on standard output, and
  /// returns the line.
  ///
  /// Without `--quiet` among the arguments the one line also shows that no model was read before the error.
  func refusal(
    _ arguments: [String], status: Int32, input: String = "", environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let result = try run(arguments, input: input, environment: environment)
    #expect(result.status == status, "\(result.error)", sourceLocation: sourceLocation)
    #expect(result.output.isEmpty, sourceLocation: sourceLocation)
    #expect(result.error.hasPrefix("svnup: "), "\(result.error)", sourceLocation: sourceLocation)
    #expect(result.error.hasSuffix("\n"), sourceLocation: sourceLocation)
    #expect(!result.message.contains("\n"), "\(result.error)", sourceLocation: sourceLocation)
    return result.message
  }
}

extension JSON {
  /// The object without what a run tells of its memory.
  var withoutMemory: JSON {
    guard self["memory"]?["peak"] != nil, let members = object?.members else { return self }
    return JSON(
      members: members.map { (String(decoding: $0.key, as: UTF8.self), $0.value) }.filter {
        !["memory", "run"].contains($0.0)
      })
  }

  /// The names of an object's members, in order; empty for everything else.
  var keys: [String] { (object?.members ?? []).map { String(decoding: $0.key, as: UTF8.self) } }

  /// A number as it was written, so that a comparison is one of all its digits.
  var spelling: String? { if case .number(let text) = self { text } else { nil } }
}
