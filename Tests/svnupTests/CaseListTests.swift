import Foundation
import TestSupport
import Testing

/// The list of malformed inputs in Documentation/Robustness.md, held against the names of the tests.
@Suite("Every case of a malformed input")
struct CaseListTests {
  /// The numbers after "Case" or "Cases" in the names of all tests.
  static let tested: Set<String> = {
    var numbers: Set<String> = []
    let tests = URL(fileURLWithPath: Fixtures.repository).appending(path: "Tests")
    for case let file as URL in FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil) ?? .init()
    where file.pathExtension == "swift" {
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      for name in text.matches(of: /"Cases? ([0-9b, and]+):/) {
        numbers.formUnion(name.1.matches(of: /[0-9]+b?/).map { String($0.0) })
      }
    }
    return numbers
  }()

  @Test("has a test of its number", arguments: (1...60).map(String.init) + ["34b"])
  func isTested(number: String) { #expect(Self.tested.contains(number)) }
}
