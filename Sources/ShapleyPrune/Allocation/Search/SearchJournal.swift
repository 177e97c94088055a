import Support
import Synchronization

/// The generations of a search in a file, so that the same command goes on from there.
///
/// The first line names the plan; then comes a line a generation, number 0 being the start, with a checksum as in the journal of a game.
/// A generation that changed nothing has no levels.
///
///     {"search":1,"plan":"5d3c…"}
///     {"generation":0,"fitness":"3fe0c49ba5e353f8","levels":"","check":"b1946ac92492d234"}
package final class SearchJournal: Sendable {
  private let file: JournalFile
  private let plan: String
  private let levels: Mutex<[Entry]>

  /// A generation as it stands in the file.
  package struct Entry: Equatable, Sendable {
    /// The levels that the generation came to; nil where the parent stayed.
    package var levels: [Int]?
    /// The fitness at its end.
    package var fitness: Double

    package init(levels: [Int]?, fitness: Double) { (self.levels, self.fitness) = (levels, fitness) }
  }

  /// Opens the journal of a plan, or begins one; a torn last line is removed.
  ///
  /// Throws `FileError`, also where another run has it open, and `JournalError` for another plan's journal and for a wrong line before the
  /// last.
  ///
  /// - Parameter plan: names everything that decides about the search, in printable ASCII without quotation marks.
  package init(_ path: String, plan: String) throws {
    self.plan = plan
    let opened = try JournalFile.open(path, header: Self.header(plan)) {
      let (entries, length) = try Self.parse($0, plan: plan, source: path)
      return (contents: entries, length: length)
    }
    file = opened.file
    levels = Mutex(opened.contents)
  }

  /// The file's path.
  package var path: String { file.path }

  /// What is known, from the start on.
  package var entries: [Entry] { levels.withLock { $0 } }

  /// Appends the next generation.
  ///
  /// Throws where the file cannot be written.
  package func enter(_ entry: Entry) throws {
    let number = levels.withLock { entries in
      entries.append(entry)
      return entries.count - 1
    }
    try file.append(Self.line(entry, generation: number, plan: plan))
  }

  /// Returns when the disk holds everything that has been entered.
  package func synchronize() throws { try file.synchronize() }

  // MARK: Text

  /// The first line, with its line feed.
  package static func header(_ plan: String) -> [UInt8] { Array(#"{"search":1,"plan":"\#(plan)"}\#n"#.utf8) }

  private static func line(_ entry: Entry, generation: Int, plan: String) -> [UInt8] {
    let levels = (entry.levels ?? []).map(String.init).joined(separator: ",")
    return JournalLine.line(
      #""generation":\#(generation),"fitness":"\#(entry.fitness.bitPattern.hexadecimal)","levels":"\#(levels)""#,
      plan: plan)
  }

  /// Reads the text of a journal.
  ///
  /// - Returns: the generations, and the length of the part of the text that holds them.
  package static func parse(
    _ bytes: [UInt8], plan: String, source: String
  ) throws(JournalError) -> (entries: [Entry], length: Int) {
    let header = header(plan)
    guard bytes.count >= header.count else {
      guard header.starts(with: bytes) else { throw .otherPlan(source) }
      return ([], 0)
    }
    guard bytes.starts(with: header) else { throw .otherPlan(source) }
    var entries: [Entry] = []
    var start = header.count
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      do throws(JournalDamage) {
        entries.append(try entry(parsing: Array(bytes[start..<end]), generation: entries.count, plan: plan))
      } catch {
        if end + 1 == bytes.count { break }
        throw .damaged(source, line: entries.count + 2, offset: start, reason: error.reason)
      }
      start = end + 1
    }
    return (entries, start)
  }

  /// Reads a line without its line feed.
  private static func entry(parsing line: [UInt8], generation: Int, plan: String) throws(JournalDamage) -> Entry {
    let json = try JournalLine.object(line)
    guard let digits = json["fitness"]?.text, let bits = UInt64(digits, radix: 16), let text = json["levels"]?.text
    else {
      throw JournalDamage("it is no generation")
    }
    let words = text.split(separator: ",")
    let levels = words.compactMap { Int($0) }
    let entry = Entry(levels: words.isEmpty ? nil : levels, fitness: Double(bitPattern: bits))
    // A generation has one spelling only, its number in the row and the checksum included.
    try JournalLine.check(line, against: self.line(entry, generation: generation, plan: plan))
    return entry
  }
}
