import ShapleyPrune
import Support

/// The journal of a Shapley run with four players and three windows, and that of a search.
struct JournalTarget: FuzzTarget {
  static let name = "journal"

  private let header = JournalContents.Header(identity: "fuzz", players: 4, windows: 3)

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
    for text in [bytes, SearchJournal.header("fuzz") + bytes] { try checkSearch(text) }
  }

  private func checkSearch(_ text: [UInt8]) throws {
    func parse(_ text: [UInt8]) throws -> (entries: [SearchJournal.Entry], length: Int)? {
      try accepted(naming: "run.search") { () throws(JournalError) in
        try SearchJournal.parse(text, identity: "fuzz", source: "run.search")
      }
    }
    guard let (entries, length) = try parse(text) else { return }
    try require(length <= text.count, "it holds more than it was given")
    let again = try parse(Array(text[..<length]))
    try require(again?.length == length, "what was accepted is not accepted again")
    // Bits, because a fitness may be no number.
    func bits(_ entries: [SearchJournal.Entry]) -> [UInt64] { entries.map(\.fitness.bitPattern) }
    try require(again.map { bits($0.entries) } == bits(entries), "what was accepted holds something else")
    try require(again?.entries.map(\.levels) == entries.map(\.levels), "what was accepted holds other levels")
  }
}
