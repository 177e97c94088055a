extension SplitPattern {
  /// The ends of the pieces that the scanner of a pattern finds; nil where the pattern has none.
  ///
  /// What matcher and scanner must agree on.
  package static func scannerEnds(of pattern: [UInt8], isolatingDigits: Bool = false, in text: [UInt8]) -> [Int]? {
    guard let pattern = PreTokenizer.Pattern(regularExpression: pattern) else { return nil }
    return text.withUnsafeBufferPointer { text in
      let scanner = PieceScanner(text: text)
      var ends: [Int] = []
      var segment = 0
      while (ends.last ?? 0) < text.count {
        let start = ends.last ?? 0
        ends.append(
          isolatingDigits
            ? scanner.end(isolatingDigitsBefore: pattern, from: start, &segment) : scanner.end(of: pattern, from: start)
        )
      }
      return ends
    }
  }
}
