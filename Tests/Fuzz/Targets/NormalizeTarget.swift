import Support
import Tokenizer

/// A text for every normal form and rule: forms are forms of themselves and of one another, and growth keeps its bound.
struct NormalizeTarget: FuzzTarget {
  static let name = "normalize"

  private let rules =
    [ScalarRule.lowercased, .withoutAccents, .bertIdeographs, .withoutBertAccents] + ScalarRule.nmt
    + ScalarRule.bertCleaning

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    let isText = UTF8Validation.firstInvalidOffset(in: bytes) == nil
    for rule in rules {
      let result = rule(bytes)
      try require(Double(result.count) <= rule.growth * Double(bytes.count), "a rule makes more than its growth")
      try require(!isText || UTF8Validation.firstInvalidOffset(in: result) == nil, "a rule makes text no text")
    }
    for form in NormalForm.allCases {
      let result = form(bytes)
      try require(Double(result.count) <= form.growth * Double(bytes.count), "\(form) makes more than its growth")
      guard isText else { continue }
      try require(UTF8Validation.firstInvalidOffset(in: result) == nil, "\(form) makes text no text")
      try require(form(result) == result, "\(form) of \(form) is another")
      try require(form(NormalForm.nfd(bytes)) == result, "\(form) of the decomposed text is another")
      try require(form(bytes + [0x0A] + bytes) == result + [0x0A] + result, "\(form) reaches across a line")
    }
  }
}
