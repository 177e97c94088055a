/// What the parser and the help texts need to know of an option, whatever the type of its value.
package protocol OptionDeclaration: Sendable {
  /// The long name without its dashes.
  var name: String { get }
  /// What stands for the value in help texts; nil for a flag, which takes none.
  var placeholder: String? { get }
  var help: String { get }
  /// The default as help texts show it, where there is one to show.
  var defaultText: String? { get }
  /// The value of a text, for `Arguments` to keep.
  func value(of text: String) throws(InvalidValue) -> any Sendable
}

extension OptionDeclaration {
  /// The option as it is typed.
  package var spelling: String { "--\(name)" }
}

/// An option of a command, with the type of its value.
///
/// Options are declared as static constants and read with `arguments[Command.option]`: a misspelt name does not compile, and
/// the type says whether a value is always there (`Option<Int>` has a default) or not (`Option<Int?>` has none).
package struct Option<Value: Sendable>: OptionDeclaration {
  package let name: String
  package let placeholder: String?
  package let help: String
  package let `default`: Value
  package let defaultText: String?
  private let parse: @Sendable (String) throws(InvalidValue) -> Value

  /// An option that has this value where it is not given.
  package init(_ name: String, _ kind: ValueKind<Value>, default: Value, help: String) {
    self.init(
      name: name, placeholder: kind.placeholder, help: help, default: `default`, defaultText: kind.spell(`default`),
      parse: kind.parse)
  }

  /// An option that may be absent; `defaultText` tells what happens then.
  package init<Wrapped>(_ name: String, _ kind: ValueKind<Wrapped>, defaultText: String? = nil, help: String)
  where Value == Wrapped? {
    self.init(
      name: name, placeholder: kind.placeholder, help: help, default: nil, defaultText: defaultText,
      parse: { text throws(InvalidValue) in try kind.parse(text) })
  }

  private init(
    name: String, placeholder: String?, help: String, default: Value, defaultText: String?,
    parse: @escaping @Sendable (String) throws(InvalidValue) -> Value
  ) {
    self.name = name
    self.placeholder = placeholder
    self.help = help
    self.default = `default`
    self.defaultText = defaultText
    self.parse = parse
  }

  package func value(of text: String) throws(InvalidValue) -> any Sendable { try parse(text) }
}

extension Option where Value == Bool {
  /// An option without a value: true where it is given.
  package static func flag(_ name: String, help: String) -> Self {
    Self(name: name, placeholder: nil, help: help, default: false, defaultText: nil) { _ in true }
  }
}
