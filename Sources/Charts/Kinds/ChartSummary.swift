/// Sentences about figures, for those who do not see the drawing.
enum ChartSummary {
  /// How many values there are, and which are the smallest and the largest.
  static func extremes(_ items: [(name: String, value: Double)], missing: Int = 0) -> String {
    let rest = missing == 0 ? "" : " \(missing) missing."
    guard let low = items.min(by: { $0.value < $1.value }), let high = items.max(by: { $0.value < $1.value }) else {
      return "No values." + rest
    }
    guard items.count > 1 else { return "\(low.name): \(NumberText.plain(low.value))." + rest }
    return
      "\(items.count) values, from \(NumberText.plain(low.value)) (\(low.name)) to \(NumberText.plain(high.value)) "
      + "(\(high.name))." + rest
  }
}
