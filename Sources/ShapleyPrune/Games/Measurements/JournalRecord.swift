import Support

/// A line of a journal: the mean negative log-likelihoods of a coalition on some consecutive windows, to the last bit.
package struct JournalRecord: Equatable, Sendable {
  package let coalition: Coalition
  package let firstWindow: Int
  package let means: [Double]

  package init(_ coalition: Coalition, firstWindow: Int, means: [Double]) {
    self.coalition = coalition
    self.firstWindow = firstWindow
    self.means = means
  }

  /// The record as a line of JSON with its line feed.
  package func line(identity: String) -> [UInt8] {
    JournalLine.line(
      #""coalition":"\#(coalition)","window":\#(firstWindow),"means":"\#(means.hexadecimal)""#, identity: identity)
  }

  /// Reads a line without its line feed.
  package init(parsing line: [UInt8], identity: String) throws(JournalDamage) {
    let json = try JournalLine.object(line)
    guard let coalition = json["coalition"]?.text.flatMap({ Coalition($0) }) else {
      throw JournalDamage("it names no coalition")
    }
    self.init(
      coalition, firstWindow: try JournalLine.window(json), means: try JournalLine.numbers(json, "means"))
    try JournalLine.check(line, against: self.line(identity: identity))
  }
}

/// A line of a journal: the slope of one window at one presence, to the last bit.
package struct JournalSlope: Equatable, Sendable {
  package let presence: Double
  package let window: Int
  package let slope: DiagonalSlope

  package init(_ slope: DiagonalSlope, at presence: Double, window: Int) {
    self.presence = presence
    self.window = window
    self.slope = slope
  }

  /// The record as a line of JSON with its line feed: the mean, then the derivatives.
  package func line(identity: String) -> [UInt8] {
    let numbers = ([slope.mean] + slope.derivatives).hexadecimal
    return JournalLine.line(
      #""presence":"\#([presence].hexadecimal)","window":\#(window),"slope":"\#(numbers)""#, identity: identity)
  }

  /// Reads a line without its line feed.
  package init(parsing line: [UInt8], identity: String) throws(JournalDamage) {
    let json = try JournalLine.object(line)
    let presence = try JournalLine.numbers(json, "presence")
    let numbers = try JournalLine.numbers(json, "slope")
    guard presence.count == 1, !numbers.isEmpty else { throw JournalDamage("it has no slope") }
    self.init(
      DiagonalSlope(mean: numbers[0], derivatives: Array(numbers[1...])), at: presence[0],
      window: try JournalLine.window(json))
    try JournalLine.check(line, against: self.line(identity: identity))
  }

  /// Whether a line is of this kind.
  static func begins(_ line: [UInt8]) -> Bool { line.starts(with: #"{"presence""#.utf8) }
}

/// The form that all lines of a journal have.
enum JournalLine {
  /// A line with its line feed.
  ///
  /// The checksum covers the identity too, so that a line copied from another run's journal is found out.
  static func line(_ body: String, identity: String) -> [UInt8] {
    let checksum = SHA256.hexadecimal(of: Array((identity + body).utf8)).prefix(16)
    return Array("{\(body),\"check\":\"\(checksum)\"}\n".utf8)
  }

  static func object(_ line: [UInt8]) throws(JournalDamage) -> JSON {
    guard let json = try? JSON.parse(line), json.object != nil else { throw JournalDamage("it is no record") }
    return json
  }

  static func window(_ json: JSON) throws(JournalDamage) -> Int {
    guard let window = json["window"]?.integer, window >= 0 else { throw JournalDamage("it names no window") }
    return window
  }

  static func numbers(_ json: JSON, _ name: String) throws(JournalDamage) -> [Double] {
    guard let numbers = json[name]?.text.flatMap([Double].init(hexadecimal:)) else {
      throw JournalDamage("it has no numbers")
    }
    guard numbers.allSatisfy(\.isFinite) else { throw JournalDamage("a number is not finite") }
    return numbers
  }

  /// A record has one spelling only: what it is written as, checksum included.
  static func check(_ line: [UInt8], against written: [UInt8]) throws(JournalDamage) {
    guard written.dropLast().elementsEqual(line) else { throw JournalDamage("its checksum is wrong") }
  }
}

/// What is wrong with a line of a journal.
package struct JournalDamage: Error, Equatable {
  package let reason: String
  init(_ reason: String) { self.reason = reason }
}

extension [Double] {
  /// The bit patterns, sixteen digits each.
  fileprivate var hexadecimal: String { map(\.bitPattern.hexadecimal).joined() }

  /// Reads bit patterns of sixteen digits each; nil for a text of another form.
  fileprivate init?(hexadecimal text: String) {
    let digits = [UInt8](text.utf8)
    guard digits.count % 16 == 0 else { return nil }
    self = []
    for start in stride(from: 0, to: digits.count, by: 16) {
      guard let word = UInt64(String(decoding: digits[start..<start + 16], as: UTF8.self), radix: 16) else {
        return nil
      }
      append(Double(bitPattern: word))
    }
  }
}
