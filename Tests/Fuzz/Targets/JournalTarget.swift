import ShapleyPrune
import Support

/// The journal of a Shapley run with four players and three windows.
struct JournalTarget: FuzzTarget {
  static let name = "journal"

  private let header = JournalContents.Header(plan: "fuzz", players: 4, windows: 3)

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    // Under its own first line: no fuzzer would guess that.
    for text in [bytes, header.line + bytes] {
      let read = try accepted(naming: "values.journal") { () throws(JournalError) in
        try JournalContents.parse(text, header, source: "values.journal")
      }
      guard let (contents, length) = read else { continue }
      try require(length <= text.count, "it holds more than it was given")
      let again = try accepted(naming: "values.journal") { () throws(JournalError) in
        try JournalContents.parse(Array(text[..<length]), header, source: "values.journal")
      }
      try require(again?.length == length, "what was accepted is not accepted again")
      try require(again?.contents.complete == contents.complete, "what was accepted holds something else")
    }
  }
}
