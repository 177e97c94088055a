/// Why a split pattern was refused.
package struct PatternError: Error, Sendable, Equatable {
  /// The character of the pattern that is at fault, counted from 1; 0 where it is the pattern as a whole.
  package var position: Int
  /// What is wrong, to be read after the position.
  package var reason: String
}
