/// What the parser and the help texts need to know of an argument that is told by its place.
package protocol PositionalDeclaration: Sendable {
  /// The name in capitals, as help texts show it.
  var name: String { get }
  var help: String { get }
  var isRequired: Bool { get }
}

/// An argument told by its place: `Positional<String>` is required, `Positional<String?>` may be missing.
package struct Positional<Value: Sendable>: PositionalDeclaration {
  package let name: String
  package let help: String
  package let isRequired: Bool
}

extension Positional where Value == String {
  package static func required(_ name: String, help: String) -> Self {
    Self(name: name, help: help, isRequired: true)
  }
}

extension Positional where Value == String? {
  package static func optional(_ name: String, help: String) -> Self {
    Self(name: name, help: help, isRequired: false)
  }
}
