import Foundation
import Support
import TestSupport
import Testing
import Tokenizer

/// Texts and pieces without a place to cut: time must grow with the length, not with its square, and the stack not at all.
///
/// Four times the length would take sixteen times as long in quadratic time. Four megabytes leave caches that one fits, which can
/// cost more than twice the linear four.
@Suite("Case 43: long inputs", .serialized)
struct LongInputTests {
  static let directories =
    ["kjv1024", "kjv-opt"].map { Vectors(root: Vectors.fixtures, name: $0).directory }
    + ["llama2", "llama3", "opt"].filter(Vectors.isShared).map { Vectors(root: Vectors.shared, name: $0).directory }

  @Test("Four megabytes of one letter take less than twelve times as long as one", arguments: directories)
  func letters(_ directory: String) throws { try expectLinear("a", directory) }

  @Test("Four megabytes of blanks take less than twelve times as long as one", arguments: directories.prefix(2))
  func blanks(_ directory: String) throws { try expectLinear(" ", directory) }

  @Test(
    "Four megabytes of two letters, and of Chinese, take less than twelve times as long as one",
    arguments: ["ab", "\u{4E00}"])
  func others(_ unit: String) throws {
    for directory in Self.directories.prefix(2) { try expectLinear(unit, directory) }
  }

  private func expectLinear(_ unit: String, _ directory: String) throws {
    let tokenizer = try BPETokenizer(directory: directory)
    let seconds = [1 << 20, 1 << 22].map { size in
      let text = [UInt8](String(repeating: unit, count: size / unit.utf8.count).utf8)
      let (ids, seconds) = lessSeconds { tokenizer.encode(text, addingSpecialTokens: false) }
      #expect(tokenizer.decode(ids) == text)
      return seconds
    }
    #expect(seconds[1] < 12 * seconds[0], "\(seconds)")
  }

  @Test("Sixteen times the piece takes less than forty times as long to load", arguments: Piece.allCases)
  func longPieces(_ piece: Piece) throws {
    let seconds = try [1 << 16, 1 << 20].map { size in
      let directory = try TemporaryTokenizer(piece.files(size))
      let (tokenizer, seconds) = try lessSeconds { try directory.load() }
      #expect(tokenizer.encode("aa", addingSpecialTokens: false).count <= 3)
      return seconds
    }
    #expect(seconds[1] < 40 * seconds[0], "\(seconds)")
  }

  /// Where a long piece can stand.
  enum Piece: CaseIterable {
    case vocabulary, merge, addedToken, sentencePiece, sentencePieceLadder, tiktoken

    func files(_ size: Int) -> [String: [UInt8]] {
      let letters = String(repeating: "a", count: size)
      switch self {
      case .vocabulary:
        return ["tokenizer.json": JSON.small.setting("model", "vocab", letters, to: 6).encoded()]
      case .merge:
        let json = JSON.small
          .setting("model", "vocab", String(letters.dropLast()), to: 6).setting("model", "vocab", letters, to: 7)
          .setting("model", "merges", to: [["a", JSON(String(letters.dropLast()))]])
        return ["tokenizer.json": json.encoded()]
      case .addedToken:
        let token: JSON = ["id": 6, "content": JSON(String(repeating: "a", count: 1 << 12)), "normalized": false]
        return ["tokenizer.json": JSON.small.setting("added_tokens", to: [token]).encoded()]
      case .sentencePiece:
        return ["tokenizer.model": Protobuf.model([Protobuf.piece("a", -1), Protobuf.piece(letters, 0)])]
      case .sentencePieceLadder:
        // One piece of every length: as many halves as bytes.
        let lengths = 1...Int(Double(2 * size).squareRoot())
        let pieces = lengths.map { Protobuf.piece(String(repeating: "a", count: $0), -Float($0)) }
        return ["tokenizer.model": Protobuf.model(pieces, normalizer: Protobuf.number(3, 0))]
      case .tiktoken:
        let tokens = (0..<256).map { Data([UInt8($0)]) } + [Data(letters.utf8)]
        let lines = tokens.enumerated().map { "\($1.base64EncodedString()) \($0)\n" }
        return ["tokenizer.model": Array(lines.joined().utf8)]
      }
    }
  }

  @Test("A megabyte without a place to cut needs little stack", arguments: directories)
  func stack(_ directory: String) async throws {
    let tokenizer = try BPETokenizer(directory: directory)
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
    let ids: [Int] = await withCheckedContinuation { continuation in
      let thread = Thread {
        continuation.resume(returning: tokenizer.encode(text, addingSpecialTokens: false))
      }
      thread.stackSize = 1 << 17
      thread.start()
    }
    #expect(tokenizer.decode(ids) == text)
  }

  /// The result, and the less of two times, in seconds that this thread computed: what other programs take of the machine
  /// does not count.
  private func lessSeconds<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
    func timed() throws -> (Result, Double) {
      let start = threadSeconds()
      let result = try body()
      return (result, threadSeconds() - start)
    }
    let (first, second) = (try timed(), try timed())
    return first.1 < second.1 ? first : second
  }

  private func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
