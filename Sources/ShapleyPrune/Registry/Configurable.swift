import Support

/// A method that files and command lines call by a name, with settings that they can give.
///
/// Shapley estimators and pruners are such methods. A type says once what it is called and which settings it has; reading, writing,
/// comparing and the command line follow from that.
///
///     struct LeaveOneOut: ShapleyEstimator {
///       static let name = "leave-one-out"
///       static let settings: [Setting<Self>] = []
///       …
///     }
///     Registries.estimators.register(LeaveOneOut.self)
public protocol Configurable: Sendable {
  /// What files and command lines call it.
  static var name: String { get }
  /// Its settings, in the order in which they are written.
  static var settings: [Setting<Self>] { get }
  /// The method with its usual settings.
  init()
}

/// A setting of a method: its key in files, where it is kept, and what values it takes.
public struct Setting<Owner>: Sendable {
  /// The key in files.
  public let key: String
  let write: @Sendable (Owner) -> JSON
  let read: @Sendable (inout Owner, FieldReader) throws(DocumentError) -> Void

  private init<Value>(
    _ key: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ format: FieldFormat<Value>
  ) {
    self.key = key
    write = { format.write($0[keyPath: path]) }
    read = { (owner, field) throws(DocumentError) in owner[keyPath: path] = try format.read(field) }
  }

  /// A whole number within a range.
  public static func integer(
    _ key: String, _ path: WritableKeyPath<Owner, Int> & Sendable, in range: ClosedRange<Int> = 0...Int.max
  ) -> Setting { Setting(key, path, .integer(in: range)) }

  /// A number within a range.
  public static func number(
    _ key: String, _ path: WritableKeyPath<Owner, Double> & Sendable, in range: ClosedRange<Double>
  ) -> Setting { Setting(key, path, .number(in: range)) }

  /// A number within a range, or null.
  public static func number(
    _ key: String, _ path: WritableKeyPath<Owner, Double?> & Sendable, in range: ClosedRange<Double>
  ) -> Setting { Setting(key, path, FieldFormat.number(in: range).orNull) }

  /// The seed of a random generator.
  public static func seed(_ key: String, _ path: WritableKeyPath<Owner, UInt64> & Sendable) -> Setting {
    Setting(key, path, .seed)
  }

  /// One of the words of an enumeration.
  public static func word<Word: RawRepresentable & CaseIterable & Sendable>(
    _ key: String, _ path: WritableKeyPath<Owner, Word> & Sendable
  ) -> Setting where Word.RawValue == String { Setting(key, path, .word) }
}

extension Configurable {
  /// What files and command lines call it.
  public var name: String { Self.name }

  /// The settings by their keys.
  package var settingMembers: [(String, JSON)] { Self.settings.map { ($0.key, $0.write(self)) } }

  /// Changes a setting to the value at a place of a document.
  ///
  /// - Returns: whether there is such a setting.
  @discardableResult
  package mutating func set(_ key: String, from field: FieldReader) throws(DocumentError) -> Bool {
    guard let setting = Self.settings.first(where: { $0.key == key }) else { return false }
    try setting.read(&self, field)
    return true
  }
}
