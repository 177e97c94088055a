/// Numbers as people read them.
package enum Quantity {
  /// `1 token`, `12 tokens`.
  package static func counted(_ value: Int, _ noun: String) -> String { "\(value) \(noun)\(value == 1 ? "" : "s")" }

  /// 2.67 M, 6.74 G.
  package static func count(_ value: Int) -> String {
    scaled(Double(value), step: 1000, units: ["", " k", " M", " G", " T"])
  }

  /// 5.11 MiB.
  package static func bytes(_ value: Int) -> String {
    scaled(Double(value), step: 1024, units: [" B", " KiB", " MiB", " GiB", " TiB"])
  }

  package static func percent(_ share: Double, digits: Int = 2) -> String { "\((100 * share).fixed(digits)) %" }

  /// -32.1 %, +4.0 %.
  package static func change(_ value: Double, from base: Double) -> String {
    let share = 100 * (value / base - 1)
    return "\(share < 0 ? "" : "+")\(share.fixed(1)) %"
  }

  private static func scaled(_ value: Double, step: Double, units: [String]) -> String {
    var value = value
    var index = 0
    while value >= step, index + 1 < units.count {
      value /= step
      index += 1
    }
    return "\(value.fixed(index == 0 ? 0 : 2))\(units[index])"
  }
}

extension Duration {
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }

  /// 42 s, 3 min 20 s or 5 h 07 min.
  package var clock: String {
    let total = Int(seconds.rounded())
    if total < 60 { return "\(total) s" }
    if total < 3600 { return "\(total / 60) min \((total % 60).padded(2)) s" }
    return "\(total / 3600) h \((total % 3600 / 60).padded(2)) min"
  }
}

extension String {
  /// A decimal number without zeros at its end.
  package var trimmingZeros: String {
    guard utf8.contains(UInt8(ascii: ".")) else { return self }
    var text = self
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }
}

extension Int {
  /// At least `width` digits, with zeros in front.
  package func padded(_ width: Int) -> String {
    let text = String(self)
    return String(repeating: "0", count: Swift.max(0, width - text.count)) + text
  }
}

extension Double {
  /// The number with exactly `digits` digits after its point, rounded half away from zero.
  ///
  /// Digits beyond the fifteen that a Double holds are zeros. From 2^63 on a number is written as Swift writes it, and
  /// NaN and infinity are words.
  package func fixed(_ digits: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    var scale = 1.0
    var kept = 0
    while kept < min(digits, 15), magnitude * scale < 1e14 {
      scale *= 10
      kept += 1
    }
    let scaled = (magnitude * scale).rounded()
    guard scaled < 0x1p63 else { return "\(self)" }
    let whole = Int(scaled)
    let sign = self < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let unit = Int(scale)
    let zeros = String(repeating: "0", count: digits - kept)
    let fraction = kept > 0 ? (whole % unit).padded(kept) : ""
    return "\(sign)\(whole / unit).\(fraction)\(zeros)"
  }
}
