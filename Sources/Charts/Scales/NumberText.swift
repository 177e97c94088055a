import Support

/// Numbers as charts and summaries show them.
public enum NumberText {
  /// A number with so many significant digits, without zeros at its end; very large and very small ones with a power of ten.
  ///
  /// What is not finite is a word, as in `nan`.
  public static func plain(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : value.fixed(0) }
    guard value.magnitude >= 1e-4, value.magnitude < 1e6 else {
      let exponent = decimalExponent(value)
      let mantissa = scaled(value, down: exponent).fixed(max(digits - 1, 0)).trimmingZeros
      // What is rounded up to ten is one of the next power.
      guard mantissa.hasSuffix("10") else { return "\(mantissa)e\(exponent)" }
      return "\(mantissa.dropLast())e\(exponent + 1)"
    }
    return value.fixed(max(digits - 1 - decimalExponent(value), 0)).trimmingZeros
  }

  /// A number and its standard error, of which two digits are shown, with as many decimals as that has.
  public static func plain(_ value: Double, error: Double) -> String {
    guard error.isFinite, error.magnitude >= 1e-9 else { return "\(plain(value)) ± \(plain(error))" }
    let digits = max(1 - decimalExponent(error), 0)
    return "\(value.fixed(digits)) ± \(error.fixed(digits))"
  }

  /// The exponent of the power of ten at or below a number's magnitude; 0 for zero and what is not finite.
  static func decimalExponent(_ value: Double) -> Int {
    guard value.isFinite, value != 0 else { return 0 }
    var exponent = Int((Math.log(value.magnitude) / Math.log(10)).rounded(.down))
    // The logarithm is rounded: powers of ten themselves may fall on either side.
    if scaled(value.magnitude, down: exponent) >= 10 - 1e-12 { exponent += 1 }
    if scaled(value.magnitude, down: exponent) < 1 - 1e-12 { exponent -= 1 }
    return exponent
  }

  /// The number divided by a power of ten, in two steps, since a single power may be too large for a Double.
  static func scaled(_ value: Double, down exponent: Int) -> Double {
    if exponent < 0 {
      let half = -exponent / 2
      return value * Math.pow(10, Double(half)) * Math.pow(10, Double(-exponent - half))
    }
    let half = exponent / 2
    return value / Math.pow(10, Double(half)) / Math.pow(10, Double(exponent - half))
  }
}
