import ShapleyPrune
import Support
import TestSupport
import Testing

/// The file in which values outlive a run.
@Suite struct JournalTests {
  static let header = JournalContents.Header(identity: "p1an", players: 4, windows: 3)

  /// Eight coalitions with numbers that no decimal text holds.
  static let records: [JournalRecord] = {
    var generator = SeededGenerator(seed: 5)
    return (0..<8).map { mask in
      JournalRecord(
        Coalition((0..<4).filter { mask >> $0 & 1 == 1 }, of: 4), firstWindow: 0,
        means: (0..<3).map { _ in generator.normal() })
    }
  }()

  static let text = records.reduce(header.line) { $0 + $1.line(identity: header.identity) }

  private func parse(_ bytes: [UInt8]) throws(JournalError) -> (contents: JournalContents, length: Int) {
    try JournalContents.parse(bytes, Self.header, source: "j")
  }

  @Test("A record reads back to the last bit, in its own journal only")
  func recordsRoundTrip() throws {
    let extremes = [Double.leastNonzeroMagnitude, -0.0, .greatestFiniteMagnitude]
    for record in Self.records + [JournalRecord(.full(70), firstWindow: 9, means: extremes)] {
      let line = record.line(identity: "a")
      let read = try JournalRecord(parsing: Array(line.dropLast()), identity: "a")
      #expect(read == record)
      #expect(read.means.map(\.bitPattern) == record.means.map(\.bitPattern))
      #expect(throws: JournalDamage.self) { try JournalRecord(parsing: Array(line.dropLast()), identity: "b") }
    }
  }

  @Test("Cut at any byte, a journal holds its whole lines and forgets the torn one")
  func tornTails() throws {
    let ends = Self.text.indices.filter { Self.text[$0] == UInt8(ascii: "\n") }
    for length in 0...Self.text.count {
      let (contents, kept) = try parse(Array(Self.text[..<length]))
      let lines = ends.count { $0 < length }
      #expect(
        contents.complete == Self.records.prefix(max(0, lines - 1)).map(\.coalition).sorted().map(Measurement.coalition)
      )
      #expect(kept == (lines == 0 ? 0 : ends[lines - 1] + 1))
    }
  }

  @Test("A flipped bit is never believed: an error before the last line, a torn tail in it")
  func flippedBits() throws {
    let last = try #require(Self.text.dropLast().lastIndex(of: UInt8(ascii: "\n"))) + 1
    for index in stride(from: 0, to: Self.text.count, by: 3) {
      var bytes = Self.text
      bytes[index] ^= 1 << UInt8(index % 8)
      let found = Result { try parse(bytes) }
      switch found {
      case .success(let found):
        #expect(index >= last || index == last - 1, "\(index)")
        #expect(found.contents.complete.count == (index == last - 1 ? 6 : 7))
      case .failure(let error):
        #expect(index < last, "\(index)")
        #expect((error as? JournalError)?.failureKind == .badData)
      }
    }
  }

  @Test("What is no journal of this run is refused")
  func strangers() throws {
    let other = JournalContents.Header(identity: "other", players: 4, windows: 3)
    for bytes in [other.line, Array("{}\n".utf8), Array("my thesis".utf8), Array("\n".utf8)] {
      #expect(throws: JournalError.otherRun("j")) { try parse(bytes) }
    }
    func reason(_ records: [JournalRecord]) -> String? {
      let bytes =
        records.reduce(Self.header.line) { $0 + $1.line(identity: Self.header.identity) }
        + Self.records[7].line(identity: "p1an")
      guard
        case .failure(.damaged(_, _, _, let reason)) = Result(catching: { () throws(JournalError) in try parse(bytes) })
      else { return nil }
      return reason
    }
    let first = Self.records[0]
    #expect(reason([JournalRecord(.full(5), firstWindow: 0, means: [1])]) == "it is of another number of players")
    #expect(reason([JournalRecord(.full(4), firstWindow: 2, means: [1, 2])]) == "it is of windows that there are not")
    #expect(
      reason([JournalRecord(.full(4), firstWindow: .max, means: [1])]) == "it is of windows that there are not")
    #expect(
      reason([first, JournalRecord(first.coalition, firstWindow: 0, means: [first.means[0].nextUp])])
        == "it contradicts an earlier line")
    #expect(reason([first, first]) == nil)
    #expect(reason([JournalRecord(.full(4), firstWindow: 0, means: [.nan])]) == "a number is not finite")
  }

  @Test("Slopes are lines of their own: read back to the last bit, checked like the others")
  func slopes() throws {
    let slope = DiagonalSlope(mean: 1.5, derivatives: [0.1, -0.0, 5e-324, .greatestFiniteMagnitude])
    let records = [(0.25, 1), (0.25, 0), (0.5, 2)].map { JournalSlope(slope, at: $0, window: $1) }
    for record in records {
      let line = Array(record.line(identity: "p1an").dropLast())
      #expect(try JournalSlope(parsing: line, identity: "p1an") == record)
      #expect(throws: JournalDamage.self) { try JournalSlope(parsing: line, identity: "other") }
      var damaged = line
      damaged[line.count / 2] ^= 1
      #expect(throws: JournalDamage.self) { try JournalSlope(parsing: damaged, identity: "p1an") }
    }
    func text(_ records: [JournalSlope]) -> [UInt8] {
      records.reduce(Self.header.line) { $0 + $1.line(identity: Self.header.identity) }
    }
    let (contents, _) = try parse(text(records))
    #expect(
      contents.complete == [
        .slope(presence: 0.25, window: 0), .slope(presence: 0.25, window: 1), .slope(presence: 0.5, window: 2),
      ])
    #expect(contents.slope(at: 0.5, window: 2) == slope && contents.slope(at: 0.5, window: 1) == nil)
    // Followed by another line, so that it is no torn one.
    func reason(_ record: JournalSlope) -> String? {
      let bytes = text([records[0], record, records[0]])
      guard
        case .failure(.damaged(_, _, _, let reason)) = Result(catching: { () throws(JournalError) in try parse(bytes) })
      else { return nil }
      return reason
    }
    let few = DiagonalSlope(mean: 1, derivatives: [1])
    #expect(reason(JournalSlope(few, at: 0.5, window: 0)) == "it is of another number of players")
    #expect(reason(JournalSlope(slope, at: 0.5, window: 3)) == "it is of windows that there are not")
    let other = DiagonalSlope(mean: 2, derivatives: slope.derivatives)
    #expect(reason(JournalSlope(other, at: 0.25, window: 1)) == "it contradicts an earlier line")
    let infinite = DiagonalSlope(mean: .infinity, derivatives: slope.derivatives)
    #expect(reason(JournalSlope(infinite, at: 0.5, window: 0)) == "a number is not finite")
    #expect(reason(records[0]) == nil)
  }

  @Test("A journal goes on where another was cut off, and keeps a second runner out")
  func files() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "j")
      for count in [0, 1, 5, 8] {
        var journal: Journal? = try Journal(path, Self.header)
        for record in Self.records.prefix(count) {
          try journal?.enter(record.means, of: record.coalition, firstWindow: 0)
        }
        #expect(journal?.count(windows: 3) == count)
        let second = try? thrown(FileError.self) { try Journal(path, Self.header) }
        #expect(second?.failureKind == .interrupted)
        #expect(journal?.location == path)
        #expect(journal?.count(windows: 4) == 0)
        journal = nil
        #expect(throws: JournalError.otherRun(path)) { try Journal(path, identity: "other", players: 4, windows: 3) }
        // A torn line on disk is gone when the next run opens it.
        let whole = try File.contents(of: path)
        try File.replace(path, with: whole + Array("{\"coal".utf8))
        _ = try Journal(path, Self.header)
        #expect(try File.contents(of: path) == whole)
        try FileSystem.removeFile(path)
      }
      try FileSystem.makeDirectory(path)
      #expect(throws: FileError.self) { try Journal(path, Self.header) }
    }
  }

  @Test("A measurement that could not be read back is rejected, and the file stays as it is")
  func rejections() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "j")
      let journal = try Journal(path, identity: "p1an", players: 4, windows: 3)
      try journal.enter([1, 2], of: .full(4), firstWindow: 1)
      let text = try File.contents(of: path)
      let rejected: [([Double], Coalition, Int, String)] = [
        ([1], .full(5), 0, "it is of another number of players"),
        ([1, 2], .full(4), 2, "it is of windows that there are not"),
        ([1], .full(4), -1, "it is of windows that there are not"),
        ([3], .full(4), 1, "it contradicts an earlier line"),
      ]
      for (means, coalition, window, reason) in rejected {
        #expect(throws: JournalError.rejected(path, reason: reason)) {
          try journal.enter(means, of: coalition, firstWindow: window)
        }
      }
      try journal.enter([.nan], of: .empty(4), firstWindow: 0)
      try journal.synchronize()
      #expect(try File.contents(of: path) == text)
      #expect(journal.means(of: .full(4), windows: 1..<3) == [1, 2])
      #expect(journal.means(of: .full(4), windows: 0..<3) == nil)
    }
  }

  @Test("The text of a shard is a journal of its coalitions, and there is none while one is missing")
  func shardText() throws {
    let measurements = MeasurementsInMemory()
    for record in Self.records.reversed() {
      #expect(Self.header.text(of: Self.records.map { .coalition($0.coalition) }, in: measurements) == nil)
      measurements.enter(record.means, of: record.coalition, firstWindow: 0)
    }
    #expect(Self.header.text(of: Self.records.map { .coalition($0.coalition) }, in: measurements) == Self.text)
  }
}
