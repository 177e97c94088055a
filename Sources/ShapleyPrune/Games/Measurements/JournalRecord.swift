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
    let bits = means.map(\.bitPattern.hexadecimal).joined()
    let body = #""coalition":"\#(coalition)","window":\#(firstWindow),"means":"\#(bits)""#
    let checksum = SHA256.hexadecimal(of: Array((plan + body).utf8)).prefix(16)
    return Array("{\(body),\"check\":\"\(checksum)\"}\n".utf8)
  }

  /// Reads a line without its line feed.
  package init(parsing line: [UInt8], plan: String) throws(JournalDamage) {
    guard let json = try? JSON.parse(line), json.object != nil else { throw JournalDamage("it is no record") }
    guard let coalition = json["coalition"]?.text.flatMap({ Coalition($0) }) else {
      throw JournalDamage("it names no coalition")
    }
    guard let window = json["window"]?.integer, window >= 0 else { throw JournalDamage("it names no window") }
    guard let means = json["means"]?.text.flatMap([Double].init(hexadecimal:)) else {
      throw JournalDamage("it has no numbers")
    }
    self.init(coalition, firstWindow: window, means: means)
    guard means.allSatisfy(\.isFinite) else { throw JournalDamage("a number is not finite") }
    // A record has one spelling only: what `line` writes, checksum included.
    guard self.line(plan: plan).dropLast().elementsEqual(line) else { throw JournalDamage("its checksum is wrong") }
  }
}

/// What is wrong with a line of a journal.
package struct JournalDamage: Error, Equatable {
  package let reason: String
  init(_ reason: String) { self.reason = reason }
}

extension [Double] {
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
