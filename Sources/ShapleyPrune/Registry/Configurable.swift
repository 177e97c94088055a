import Support

/// A method that files and command lines call by a name, with settings that they can give.
///
/// Shapley estimators and pruners are such methods. Reading, writing, comparing and the command line follow from the
/// name and the settings of the type.
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
  /// The setting as a field of a record, under this key or another spelling of it.
  let field: @Sendable (_ key: String, _ isRequired: Bool) -> RecordField<Owner>

  private init<Value>(_ key: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ format: FieldFormat<Value>) {
    self.key = key
    field = { RecordField($0, path, format, isRequired: $1) }
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
  var settingMembers: [(String, JSON)] { Self.settings.flatMap { $0.field($0.key, true).write(self) } }

  /// Throws where a setting has a value that no file could give it.
  func checkSettingRanges() throws(DocumentError) {
    var copy = self
    try copy.set(FieldReader(JSON(members: settingMembers), source: name))
  }

  /// The same as an error of pruning.
  func checkForPruning() throws(PruningError) {
    do throws(DocumentError) { try checkSettingRanges() } catch {
      throw .setting(method: name, reason: (error.field.map { "\($0): " } ?? "") + error.reason)
    }
  }

  /// Takes the settings that stand in an object, each under its key or another spelling of it.
  ///
  /// Throws for a value that a setting cannot have and, where they are required, for a setting that is missing.
  package mutating func set(
    _ object: FieldReader, spelled: (String) -> String = { $0 }, areRequired: Bool = false
  ) throws(DocumentError) {
    for setting in Self.settings { try setting.field(spelled(setting.key), areRequired).read(&self, object) }
  }
}
