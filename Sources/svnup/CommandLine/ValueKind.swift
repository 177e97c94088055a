import Support

/// What texts an option takes and which Swift values they become.
package struct ValueKind<Value: Sendable>: Sendable {
  /// What stands for the value in help texts: FILE, N, wanda|sparsegpt.
  let placeholder: String
  /// The words that it takes, where it takes no others.
  var words: [String] = []
  /// Throws the end of a sentence that begins with the text: "must be …".
  let parse: @Sendable (String) throws(UsageError) -> Value
  /// The text that `parse` turns into this value, for showing a default.
  var spell: @Sendable (Value) -> String = { "\($0)" }
}

extension ValueKind where Value == String {
  /// Any text but the empty one.
  package static func text(_ placeholder: String) -> Self {
    Self(placeholder: placeholder) { text throws(UsageError) in
      guard !text.isEmpty else { throw UsageError("must not be empty") }
      return text
    }
  }
}

extension ValueKind where Value == Int {
  /// A decimal integer in a range.
  package static func integer(_ range: ClosedRange<Int>, _ placeholder: String = "N") -> Self {
    let bounds =
      range.upperBound == .max ? "\(range.lowerBound) or more" : "between \(range.lowerBound) and \(range.upperBound)"
    return Self(placeholder: placeholder) { text throws(UsageError) in
      guard let number = Int(text) else {
        // Too many digits for an Int are a number all the same.
        let isDecimal = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        throw UsageError(isDecimal ? "must be at most \(range.upperBound)" : "must be an integer, \(bounds)")
      }
      guard range.contains(number) else { throw UsageError("must be \(bounds)") }
      return number
    }
  }
}

extension ValueKind where Value == Double {
  /// A finite decimal number in a range; with `excludingLower` the lower bound itself is refused.
  package static func number(
    _ range: ClosedRange<Double>, excludingLower: Bool = false, _ placeholder: String = "X"
  ) -> Self {
    let (lower, upper) = (range.lowerBound.brief, range.upperBound.brief)
    let bounds = excludingLower ? "more than \(lower) and at most \(upper)" : "between \(lower) and \(upper)"
    return Self(placeholder: placeholder) { text throws(UsageError) in
      // Swift also reads "nan", "infinity" and hexadecimal floating point, which are no values of an option.
      let isDecimal = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
      guard isDecimal, let number = Double(text), number.isFinite else {
        throw UsageError("must be a number \(bounds)")
      }
      guard range.contains(number), !(excludingLower && number == range.lowerBound) else {
        let isPercentage = range.upperBound == 1 && number > 1 && number <= 100
        throw UsageError(
          "must be \(bounds)" + (isPercentage ? "; \(text) % is \(((number * 1e13).rounded() / 1e15).brief)" : ""))
      }
      return number
    } spell: {
      $0.brief
    }
  }
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the words of `Value`, in the order of their declaration.
  package static var word: Self {
    let words = Value.allCases.map(\.rawValue)
    return Self(placeholder: words.joined(separator: "|"), words: words) { text throws(UsageError) in
      guard let value = Value(rawValue: text) else { throw UsageError("must be \(words.alternatives)") }
      return value
    } spell: {
      $0.rawValue
    }
  }
}

extension ValueKind {
  /// Values with commas between them, each once.
  package static func list<Element: Sendable>(of kind: ValueKind<Element>, _ placeholder: String? = nil) -> Self
  where Value == [Element] {
    Self(placeholder: placeholder ?? "\(kind.placeholder),…") { text throws(UsageError) in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      var seen: Set<String> = []
      return try parts.map { part throws(UsageError) in
        let value: Element
        do throws(UsageError) { value = try kind.parse(part) } catch {
          throw parts.count > 1 ? UsageError("\(part.isEmpty ? "an empty value" : part) \(error.message)") : error
        }
        guard seen.insert(kind.spell(value)).inserted else { throw UsageError("has \(part) twice") }
        return value
      }
    } spell: {
      $0.map(kind.spell).joined(separator: ",")
    }
  }
}
