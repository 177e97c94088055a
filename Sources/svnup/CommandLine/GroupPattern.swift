/// N:M sparsity as it is typed: of every `group` consecutive weights `kept` stay.
package struct GroupPattern: Equatable, Sendable {
  package let kept: Int
  package let group: Int

  /// Nil unless 0 < kept < group <= 64.
  package init?(kept: Int, group: Int) {
    guard kept > 0, kept < group, group <= 64 else { return nil }
    self.kept = kept
    self.group = group
  }
}

extension ValueKind where Value == GroupPattern {
  /// Two integers with a colon between them, the number kept first.
  package static var pattern: Self {
    Self("N:M") { text throws(InvalidValue) in
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let kept = Int(parts[0]), let group = Int(parts[1]) else {
        throw InvalidValue("must be N:M, keep N of every M weights, as in 2:4")
      }
      guard let pattern = GroupPattern(kept: kept, group: group) else {
        throw InvalidValue("keeps N of every M weights, so it must have 0 < N < M <= 64")
      }
      return pattern
    } spell: {
      "\($0.kept):\($0.group)"
    }
  }
}
