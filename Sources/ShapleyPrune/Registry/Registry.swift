import Support
import Synchronization

/// The methods of one kind that files and command lines can name: those of the library, and those that a program adds.
///
///     Registries.pruners.register(MyPruner.self)
///
/// After that line `svnup.json`, plans, and everything else that names a pruner read and write `MyPruner` too.
public final class Registry<Method: Sendable>: Sendable {
  private let builtIn: [Entry]
  private let added = Mutex<[Entry]>([])

  /// What is known of a type of methods.
  struct Entry: Sendable {
    let name: String
    let keys: [String]
    /// The method with its usual settings.
    let usual: Method
    /// The method with the settings that stand in an object, each under its key or another spelling of it.
    let read: @Sendable (FieldReader, (String) -> String) throws(DocumentError) -> Method

    init<Concrete: Configurable>(_ type: Concrete.Type, _ erased: @escaping @Sendable (Concrete) -> Method) {
      name = type.name
      keys = type.settings.map(\.key)
      usual = erased(type.init())
      read = { (object, spelled) throws(DocumentError) in
        var method = type.init()
        try method.set(object, spelled: spelled, areRequired: true)
        return erased(method)
      }
    }
  }

  init(_ builtIn: [Entry]) { self.builtIn = builtIn }

  func add(_ entry: Entry) {
    precondition(!builtIn.contains { $0.name == entry.name }, "the library has a method called \(entry.name)")
    added.withLock { added in
      added.removeAll { $0.name == entry.name }
      added.append(entry)
    }
  }

  private var entries: [Entry] { builtIn + added.withLock { $0 } }

  /// The names of all methods, those of the library first.
  public var names: [String] { entries.map(\.name) }

  /// The method of a name with its usual settings; nil where there is none.
  public subscript(_ name: String) -> Method? { entries.first { $0.name == name }?.usual }

  /// The names of the methods that have a setting.
  package func names(having setting: String) -> [String] { entries.filter { $0.keys.contains(setting) }.map(\.name) }

  /// The settings of a method, and null for those that only other methods of the library have.
  ///
  /// - Parameter spelled: the key in the file of a setting's key.
  package func members(of method: (any Configurable)?, spelled: (String) -> String = { $0 }) -> [(String, JSON)] {
    let own = method?.settingMembers ?? []
    var common: [String] = []
    for key in builtIn.flatMap(\.keys) where !common.contains(key) { common.append(key) }
    let keys = common + own.map(\.0).filter { !common.contains($0) }
    return keys.map { key in (spelled(key), own.first { $0.0 == key }?.1 ?? .null) }
  }

  /// The method that a member of an object names, with the settings beside it.
  package func read(
    _ key: String, in object: FieldReader, spelled: (String) -> String = { $0 }
  ) throws(DocumentError) -> Method {
    let member = try object.member(key)
    let name = try member.text()
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw member.failure("it is not \(names.alternatives)")
    }
    return try entry.read(object, spelled)
  }
}

/// What can be called by name.
public enum Registries {
  /// Shapley estimators.
  public static let estimators = Registry<any ShapleyEstimator>([
    .init(ExactShapley.self) { $0 }, .init(SlidingWindowShapley.self) { $0 }, .init(PermutationShapley.self) { $0 },
    .init(DiagonalShapley.self) { $0 },
  ])

  /// Pruning methods.
  public static let pruners = Registry<any Pruner>([
    .init(MagnitudePruner.self) { $0 }, .init(WandaPruner.self) { $0 }, .init(SparseGPTPruner.self) { $0 },
    .init(ADMMPruner.self) { $0 }, .init(ALPSPruner.self) { $0 },
  ])
}

extension Registry where Method == any ShapleyEstimator {
  /// Adds an estimator; one of the same name that was added before is replaced.
  ///
  /// - Precondition: no estimator of the library has the name.
  public func register<Concrete: ShapleyEstimator>(_ type: Concrete.Type) { add(Entry(type) { $0 }) }
}

extension Registry where Method == any Pruner {
  /// Adds a pruning method; one of the same name that was added before is replaced.
  ///
  /// - Precondition: no method of the library has the name.
  public func register<Concrete: Pruner>(_ type: Concrete.Type) { add(Entry(type) { $0 }) }
}
