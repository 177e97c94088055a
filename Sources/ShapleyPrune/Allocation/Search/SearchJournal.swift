import Support
import Synchronization

/// The generations of a search in a file, so that the same command goes on from there.
///
/// The first line has the run's identity; then comes a line a generation, number 0 being the start, with a checksum as in the journal of a game.
/// A generation that changed nothing has no levels.
///
///     {"search":1,"plan":"5d3c…"}
///     {"generation":0,"fitness":"3fe0c49ba5e353f8","levels":"","check":"b1946ac92492d234"}
package final class SearchJournal: Sendable {
  private let file: JournalFile
  private let identity: String
  private let levels: Mutex<[Entry]>

  /// A generation as it stands in the file.
  package struct Entry: Equatable, Sendable {
    /// The levels that the generation came to; nil where the parent stayed.
    package var levels: [Int]?
    /// The fitness at its end.
    package var fitness: Double

    package init(levels: [Int]?, fitness: Double) { (self.levels, self.fitness) = (levels, fitness) }
  }

  /// Opens the journal of a run, or begins one; a torn last line is removed.
  ///
  /// Throws `FileError`, also where another run has it open, and `JournalError` for another run's journal and for a wrong line before the
  /// last.
  ///
  /// - Parameter identity: names everything that decides about the search, in printable ASCII without quotation marks.
  package init(_ path: String, identity: String) throws {
    self.identity = identity
    let opened = try JournalFile.open(path, header: Self.header(identity)) {
      let (entries, length) = try Self.parse($0, identity: identity, source: path)
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
    try file.append(Self.line(entry, generation: number, identity: identity))
  }

  /// Returns when the disk holds everything that has been entered.
  package func synchronize() throws { try file.synchronize() }

  // MARK: Text

  /// The first line, with its line feed.
  package static func header(_ identity: String) -> [UInt8] { Array(#"{"search":1,"plan":"\#(identity)"}\#n"#.utf8) }

  private static func line(_ entry: Entry, generation: Int, identity: String) -> [UInt8] {
    let levels = (entry.levels ?? []).map(String.init).joined(separator: ",")
    return JournalLine.line(
      #""generation":\#(generation),"fitness":"\#(entry.fitness.bitPattern.hexadecimal)","levels":"\#(levels)""#,
      identity: identity)
  }

  /// Reads the text of a journal.
  ///
  /// - Returns: the generations, and the length of the part of the text that holds them.
  package static func parse(
    _ bytes: [UInt8], identity: String, source: String
  ) throws(JournalError) -> (entries: [Entry], length: Int) {
    let header = header(identity)
    guard bytes.count >= header.count else {
      guard header.starts(with: bytes) else { throw .otherRun(source) }
      return ([], 0)
    }
    guard bytes.starts(with: header) else { throw .otherRun(source) }
    var entries: [Entry] = []
    var start = header.count
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      do throws(JournalDamage) {
        entries.append(try entry(parsing: Array(bytes[start..<end]), generation: entries.count, identity: identity))
      } catch {
        if end + 1 == bytes.count { break }
        throw .damaged(source, line: entries.count + 2, offset: start, reason: error.reason)
      }
      start = end + 1
    }
    return (entries, start)
  }

  /// Reads a line without its line feed.
  private static func entry(parsing line: [UInt8], generation: Int, identity: String) throws(JournalDamage) -> Entry {
    let json = try JournalLine.object(line)
    guard let digits = json["fitness"]?.text, let bits = UInt64(digits, radix: 16), let text = json["levels"]?.text
    else {
      throw JournalDamage("it is no generation")
    }
    let words = text.split(separator: ",")
    let levels = words.compactMap { Int($0) }
    let entry = Entry(levels: words.isEmpty ? nil : levels, fitness: Double(bitPattern: bits))
    // A generation has one spelling only, its number in the row and the checksum included.
    try JournalLine.check(line, against: self.line(entry, generation: generation, identity: identity))
    return entry
  }
}
