/// Numbers as people read them.
package enum Quantity {
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
