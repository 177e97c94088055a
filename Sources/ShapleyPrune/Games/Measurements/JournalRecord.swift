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
  ///
  /// The checksum covers the plan too, so that a line copied from another plan's journal is found out.
  package func line(plan: String) -> [UInt8] {
    let body = body
    return Array("{\(body),\"check\":\"\(Self.checksum(body, plan))\"}\n".utf8)
  }

  private var body: String {
    "\"coalition\":\"\(coalition)\",\"window\":\(firstWindow),\"means\":\"\(means.map(\.bitPattern).hexadecimal)\""
  }

  private static func checksum(_ body: String, _ plan: String) -> String {
    var hash = SHA256()
    hash.update(Array(plan.utf8))
    hash.update(Array(body.utf8))
    return String(hash.hexadecimal().prefix(16))
  }

  /// Reads a line without its line feed.
  ///
  /// - Returns: the record, or what is wrong with the line.
  package static func parse(_ line: [UInt8], plan: String) -> Result<JournalRecord, JournalDamage> {
    func damage(_ reason: String) -> Result<JournalRecord, JournalDamage> { .failure(JournalDamage(reason)) }
    guard let json = try? JSON.parse(line), json.object != nil else { return damage("it is no record") }
    guard let coalition = json["coalition"]?.text.flatMap({ Coalition($0) }) else {
      return damage("it names no coalition")
    }
    guard let window = json["window"]?.integer, window >= 0 else { return damage("it names no window") }
    guard let bits = json["means"]?.text.flatMap([UInt64].init(hexadecimal:)) else {
      return damage("it has no numbers")
    }
    let record = JournalRecord(coalition, firstWindow: window, means: bits.map(Double.init(bitPattern:)))
    guard record.means.allSatisfy(\.isFinite) else { return damage("a number is not finite") }
    // A record has one spelling only: what `line` writes, checksum included.
    guard record.line(plan: plan).dropLast().elementsEqual(line) else { return damage("its checksum is wrong") }
    return .success(record)
  }
}

/// What is wrong with a line of a journal.
package struct JournalDamage: Error, Equatable {
  package let reason: String
  init(_ reason: String) { self.reason = reason }
}

extension [UInt64] {
  /// Sixteen digits a number.
  fileprivate var hexadecimal: String {
    map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Reads `hexadecimal`; nil for a text of another form.
  fileprivate init?(hexadecimal text: String) {
    let digits = [UInt8](text.utf8)
    guard digits.count % 16 == 0 else { return nil }
    self = []
    for start in stride(from: 0, to: digits.count, by: 16) {
      guard let word = UInt64(String(decoding: digits[start..<start + 16], as: UTF8.self), radix: 16) else {
        return nil
      }
      append(word)
    }
  }
}
