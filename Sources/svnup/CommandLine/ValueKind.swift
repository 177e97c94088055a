import Support

/// Why a text is no value of its option: the end of a sentence that begins with the text itself.
package struct InvalidValue: Error, Equatable {
  package let requirement: String

  package init(_ requirement: String) { self.requirement = requirement }
}

/// What texts an option takes and which Swift values they become.
package struct ValueKind<Value: Sendable>: Sendable {
  /// What stands for the value in help texts: FILE, N, wanda|sparsegpt.
  package let placeholder: String
  package let parse: @Sendable (String) throws(InvalidValue) -> Value
  /// The text that `parse` turns into this value, for showing a default.
  package let spell: @Sendable (Value) -> String

  package init(
    _ placeholder: String,
    parse: @escaping @Sendable (String) throws(InvalidValue) -> Value,
    spell: @escaping @Sendable (Value) -> String
  ) {
    self.placeholder = placeholder
    self.parse = parse
    self.spell = spell
  }
}

extension ValueKind where Value == String {
  /// Any text but the empty one.
  package static func text(_ placeholder: String) -> Self {
    Self(placeholder) { text throws(InvalidValue) in
      guard !text.isEmpty else { throw InvalidValue("must not be empty") }
      return text
    } spell: {
      $0
    }
  }
}

extension ValueKind where Value == Int {
  /// A decimal integer in a range.
  package static func integer(_ range: ClosedRange<Int>, _ placeholder: String = "N") -> Self {
    let bounds =
      range.upperBound == .max ? "\(range.lowerBound) or more" : "between \(range.lowerBound) and \(range.upperBound)"
    return Self(placeholder) { text throws(InvalidValue) in
      guard let number = Int(text) else {
        // Too many digits for an Int are a number all the same.
        let isDecimal = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        throw InvalidValue(isDecimal ? "must be at most \(range.upperBound)" : "must be an integer, \(bounds)")
      }
      guard range.contains(number) else { throw InvalidValue("must be \(bounds)") }
      return number
    } spell: {
      String($0)
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
    return Self(placeholder) { text throws(InvalidValue) in
      // Swift also reads "nan", "infinity" and hexadecimal floating point; nobody means those here.
      let isDecimal = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
      guard isDecimal, let number = Double(text), number.isFinite else {
        throw InvalidValue("must be a number \(bounds)")
      }
      guard range.contains(number), !(excludingLower && number == range.lowerBound) else {
        let isPercentage = range.upperBound == 1 && number > 1 && number <= 100
        throw InvalidValue("must be \(bounds)" + (isPercentage ? "; \(text) % is \((number / 100).brief)" : ""))
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
    return Self(words.joined(separator: "|")) { text throws(InvalidValue) in
      guard let value = Value(rawValue: text) else { throw InvalidValue("must be \(words.alternatives)") }
      return value
    } spell: {
      $0.rawValue
    }
  }
}
