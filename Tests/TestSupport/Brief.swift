import Testing

/// A test's argument that is printed by a short name: what is long would fill the log of every run.
package struct Brief<Value: Sendable>: Sendable, CustomTestStringConvertible {
  package let name: String
  package let value: Value

  package init(_ name: String, _ value: Value) { (self.name, self.value) = (name, value) }

  package var testDescription: String { name }
}
