import Foundation
import Support
import Tokenizer

/// A directory with tokenizer files of a test's making; gone with the last reference.
final class TemporaryTokenizer {
  let path: String

  init(_ files: [String: [UInt8]]) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("svnup-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
    for (name, bytes) in files { try Data(bytes).write(to: folder.appendingPathComponent(name)) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A directory with nothing but this `tokenizer.json`.
  convenience init(_ json: JSON) throws { try self.init(["tokenizer.json": json.encoded()]) }

  func load(_ format: BPETokenizer.Format? = nil) throws(TokenizerError) -> BPETokenizer {
    guard let format else { return try BPETokenizer(directory: path) }
    return try BPETokenizer(directory: path, format: format)
  }

  /// The error of loading, or nil where it succeeds.
  func error(_ format: BPETokenizer.Format? = nil) -> TokenizerError? {
    do throws(TokenizerError) {
      _ = try load(format)
      return nil
    } catch {
      return error
    }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

extension JSON {
  /// The object with the member at a path of keys replaced or added.
  func setting(_ path: String..., to value: JSON) -> JSON { setting(path[...], to: value) }

  private func setting(_ path: ArraySlice<String>, to value: JSON) -> JSON {
    guard let key = path.first else { return value }
    var members = (object?.members ?? []).map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
    let inner = (self[key] ?? .object(JSONObject())).setting(path.dropFirst(), to: value)
    if let i = members.firstIndex(where: { $0.0 == key }) { members[i].1 = inner } else { members.append((key, inner)) }
    return JSON(members: members)
  }

  /// A character-level tokenizer of a few tokens: a, b, ab, ba, aba; unknown characters become `<unk>`.
  static let small: JSON = [
    "added_tokens": [
      ["id": 0, "content": "<unk>", "special": true, "normalized": false, "lstrip": false, "rstrip": false]
    ],
    "normalizer": .null, "pre_tokenizer": .null, "post_processor": .null, "decoder": ["type": "Fuse"],
    "model": [
      "type": "BPE", "unk_token": "<unk>", "fuse_unk": false, "byte_fallback": false,
      "vocab": ["<unk>": 0, "a": 1, "b": 2, "ab": 3, "ba": 4, "aba": 5],
      "merges": ["a b", "b a", "ab a"],
    ],
  ]
}

/// Writes protocol buffers, well-formed and otherwise.
enum Protobuf {
  static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  static func message(_ field: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(UInt64(field << 3 | 2)) + varint(UInt64(bytes.count)) + bytes
  }

  static func number(_ field: Int, _ value: UInt64) -> [UInt8] { varint(UInt64(field << 3)) + varint(value) }

  static func piece(_ spelling: String, _ score: Float, _ type: UInt64 = 1) -> [UInt8] {
    let bits = (0..<4).map { UInt8(truncatingIfNeeded: score.bitPattern >> (8 * UInt32($0))) }
    return message(1, message(1, Array(spelling.utf8)) + [0x15] + bits + number(3, type))
  }

  /// A BPE model with `<unk>`, `<s>`, `</s>` and these pieces, without byte fallback, blanks kept.
  static func model(_ pieces: [[UInt8]], trainer: [UInt8] = [], normalizer: [UInt8] = []) -> [UInt8] {
    var bytes = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3)
    bytes += pieces.joined()
    return bytes + message(2, number(3, 2) + trainer) + message(3, number(4, 0) + normalizer)
  }
}
