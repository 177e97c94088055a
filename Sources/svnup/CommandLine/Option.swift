/// What the parser and the help texts need to know of an argument or an option, whatever the type of its value.
package protocol Declaration: Sendable {
  /// An option's long name without its dashes, or an argument's name in capitals.
  var name: String { get }
  var help: String { get }
  /// Whether a command line without it is refused.
  var isRequired: Bool { get }
  /// Whether it may stand more than once, each time with another value.
  var isRepeated: Bool { get }
}

extension Declaration {
  /// Whether it names a file or a folder.
  var takesPath: Bool {
    let placeholder = (self as? any OptionDeclaration)?.placeholder ?? name
    return ["FILE", "DIR", "F", "MODEL"].contains(placeholder)
  }
}

/// A declaration of an option.
package protocol OptionDeclaration: Declaration {
  /// What stands for the value in help texts; nil for a flag, which takes none.
  var placeholder: String? { get }
  /// The default as help texts show it, where there is one to show.
  var defaultText: String? { get }
  /// The words that the option takes, where it takes no others.
  var words: [String] { get }
  /// Whether its default is right in nearly every run, so that only the whole help shows it.
  var isAdvanced: Bool { get }
  /// The value of a text, for `Arguments` to keep; where the option is repeated, together with that of the texts before.
  func value(of text: String, after earlier: (any Sendable)?) throws(UsageError) -> any Sendable
}

extension OptionDeclaration {
  /// The option as it is typed.
  package var spelling: String { "--\(name)" }

  /// The option with what stands for its value.
  var label: String { placeholder.map { "\(spelling) \($0)" } ?? spelling }
}

/// An option of a command, with the type of its value.
///
/// Options are static constants, read with `arguments[Command.option]`; the type says whether there is always a value:
/// `Option<Int>` has a default, `Option<Int?>` has none.
package struct Option<Value: Sendable>: OptionDeclaration {
  package let name: String
  package let placeholder: String?
  package let help: String
  package let `default`: Value
  package var defaultText: String?
  package var isRequired = false
  package var words: [String] = []
  package private(set) var isAdvanced = false
  private let parse: @Sendable (String) throws(UsageError) -> Value
  /// Adds a value to those before it, where the option is repeated.
  private var join: (@Sendable (Value, Value) -> Value)?

  package var isRepeated: Bool { join != nil }

  /// The option as one that only the whole help shows.
  package var advanced: Self {
    var option = self
    option.isAdvanced = true
    return option
  }

  package func value(of text: String, after earlier: (any Sendable)?) throws(UsageError) -> any Sendable {
    let value = try parse(text)
    guard let join, let earlier = earlier as? Value else { return value }
    return join(earlier, value)
  }
}

extension Option {
  /// An option that has this value where it is not given.
  package init(_ name: String, _ kind: ValueKind<Value>, default: Value, help: String) {
    self.init(
      name: name, placeholder: kind.placeholder, help: help, default: `default`, defaultText: kind.spell(`default`),
      words: kind.words, parse: kind.parse)
  }

  /// An option that may be absent unless it is required; `defaultText` tells what happens then.
  package init<Wrapped>(
    _ name: String, _ kind: ValueKind<Wrapped>, defaultText: String? = nil, isRequired: Bool = false, help: String
  ) where Value == Wrapped? {
    self.init(
      name: name, placeholder: kind.placeholder, help: help, default: nil, defaultText: defaultText,
      isRequired: isRequired, words: kind.words, parse: { text throws(UsageError) in try kind.parse(text) })
  }
}

extension Option {
  /// An option that is given once for each value.
  package static func repeated<Element: Sendable>(
    _ name: String, _ kind: ValueKind<Element>, isRequired: Bool = false, help: String
  ) -> Self where Value == [Element] {
    var option = Self(
      name: name, placeholder: kind.placeholder, help: help, default: [], isRequired: isRequired,
      parse: { text throws(UsageError) in [try kind.parse(text)] })
    option.join = { $0 + $1 }
    return option
  }
}

extension Option where Value == Bool {
  /// An option without a value: true where it is given.
  package static func flag(_ name: String, help: String) -> Self {
    Self(name: name, placeholder: nil, help: help, default: false) { _ in true }
  }
}

/// An argument told by its place: `Positional<String>` is required, `Positional<String?>` may be missing, and of
/// `Positional<[String]>`, the last one, there is one at least.
package struct Positional<Value: Sendable>: Declaration {
  package let name: String
  package let help: String
  package let isRequired: Bool
  package var isRepeated = false
}

extension Positional {
  package static func required(_ name: String, help: String) -> Self where Value == String {
    Self(name: name, help: help, isRequired: true)
  }

  package static func optional(_ name: String, help: String) -> Self where Value == String? {
    Self(name: name, help: help, isRequired: false)
  }

  package static func repeated(_ name: String, help: String) -> Self where Value == [String] {
    Self(name: name, help: help, isRequired: true, isRepeated: true)
  }
}
