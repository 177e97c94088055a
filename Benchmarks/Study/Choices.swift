import ShapleyPrune
import Support

/// What the study varies, each with its default.
struct Choices {
  var sparsities = [0.7]
  var seeds = [0]
  var players = Granularity.allCases
  /// `bypassed`, or the method that prunes what is absent.
  var absences = ["wanda", "bypassed"]
  /// Sparsities of what is absent; 0 stands for the target.
  var probes = [0.0]
  var windows = [1, 3, 5]
  var placements = [WindowPlacement.averaged]
  var surroundings = [Surroundings.intact]
  /// Written as `linear/0.16`.
  var rules = [Rule(scaling: .linear, spread: 0.16), Rule(scaling: .exponential, spread: 0.09)]
  var perWeight = [true]
  var length = 256
  var samples = 128
  var valueWindows = 16
  var heldBackWindows = 16
  var testWindows = 80
  var threads = 2

  /// How values become sparsities.
  struct Rule {
    let scaling: ImportanceScaling
    let spread: Double
  }

  /// Choices from words such as `sparsities=0.5,0.7`.
  init(_ words: some Sequence<String>) throws {
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      let values = parts.last?.split(separator: ",").map(String.init) ?? []
      func numbers() throws -> [Double] { try values.map { try Self.value(Double($0), $0) } }
      func count() throws -> Int { try Self.value(values.first.flatMap { Int($0) }, word) }
      switch parts.first {
      case "sparsities": sparsities = try numbers()
      case "seeds": seeds = try values.map { try Self.value(Int($0), $0) }
      case "players": players = try values.map { try Self.value(Granularity(rawValue: $0), $0) }
      case "absences": absences = values
      case "probes": probes = try numbers()
      case "placements": placements = try values.map { try Self.value(WindowPlacement(rawValue: $0), $0) }
      case "surroundings": surroundings = try values.map { try Self.value(Surroundings(rawValue: $0), $0) }
      case "windows": windows = try values.map { try Self.value(Int($0), $0) }
      case "rules":
        rules = try values.map { word in
          let parts = word.split(separator: "/").map(String.init)
          return Rule(
            scaling: try Self.value(ImportanceScaling(rawValue: parts[0]), word),
            spread: try Self.value(Double(parts.last ?? ""), word))
        }
      case "perWeight": perWeight = try values.map { try Self.value(Bool($0), $0) }
      case "threads": threads = try count()
      case "length": length = try count()
      case "samples": samples = try count()
      case "valueWindows": valueWindows = try count()
      case "heldBackWindows": heldBackWindows = try count()
      case "testWindows": testWindows = try count()
      default: throw StudyError("\(word) is not one of the choices")
      }
    }
  }

  private static func value<Value>(_ value: Value?, _ word: String) throws -> Value {
    guard let value else { throw StudyError("\(word) has no meaning here") }
    return value
  }
}

/// A study that cannot be made as asked.
struct StudyError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
