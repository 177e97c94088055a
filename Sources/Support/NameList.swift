extension Collection where Element == String {
  /// The first eight of the names, and how many more there are.
  package var firstNames: String {
    let shown = prefix(8).joined(separator: ", ")
    return count > 8 ? "\(shown), and \(count - 8) more" : shown
  }
}
