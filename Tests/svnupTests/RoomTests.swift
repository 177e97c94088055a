import Foundation
import TestSupport
import Testing

/// The house: which room knows which words, and which room imports which.
@Suite("Rooms") struct RoomTests {
  /// The Swift files of a room: paths below `Sources`, and texts.
  private func files(_ room: String) throws -> [(path: String, text: String)] {
    let root = URL(fileURLWithPath: Fixtures.repository).appending(path: "Sources/\(room)")
    let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map {
      ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
    }
  }

  static let libraryRooms = ["Support", "Tensor", "Tokenizer", "Transformer", "ShapleyPrune", "Charts", "Report"]

  @Test("only the command knows its console, its arguments, its exit statuses and its flags", arguments: libraryRooms)
  func words(_ room: String) throws {
    let files = try files(room)
    try #require(!files.isEmpty)
    for (path, text) in files {
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        for word in [/\bArguments\b/, /\bConsole\b/, /\bProgram\b/, /\bExitStatus\b/, /\bexitStatus\b/] {
          #expect(line.firstMatch(of: word) == nil, "\(path):\(number + 1): \(line)")
        }
        #expect(line.firstMatch(of: /(?:^|[^-\w])--[a-z][a-z]+/) == nil, "\(path):\(number + 1): \(line)")
      }
    }
  }

  @Test(
    "the arrows point one way",
    arguments: [
      ("Support", []), ("Tensor", ["Support"]), ("Tokenizer", ["Support"]), ("Transformer", ["Support", "Tensor"]),
      ("ShapleyPrune", ["Support", "Tensor", "Tokenizer", "Transformer"]), ("Charts", ["Support"]),
      ("Report", ["Support", "Charts", "ShapleyPrune"]),
    ] as [(String, [String])])
  func arrows(room: String, others: [String]) throws {
    let allowed = Set(others)
    for (path, text) in try files(room) {
      for match in text.matches(of: /(?m)^import (\w+)/) where Self.libraryRooms.contains(String(match.1)) {
        #expect(allowed.contains(String(match.1)), "\(path) imports \(match.1)")
      }
      #expect(!text.contains("\nimport Foundation"), "\(path) imports Foundation")
    }
  }
}
