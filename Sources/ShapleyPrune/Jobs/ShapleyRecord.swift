import Support
import Transformer

/// Shapley values of a model's parts, with what they are values of and what they cost.
///
/// Everything here follows from the settings and the files: a run that was cut off and resumed, or spread over
/// machines, reports the same.
///
///     let record = try ShapleyRecord("values.json")
///     job.allocation = .shapley(.values(record))
public struct ShapleyRecord: Sendable {
  /// The values with what the estimator tells of them.
  public internal(set) var values = ShapleyValues()
  /// The game and the estimator.
  public internal(set) var settings = GameSettings()
  /// The players' names in their order.
  public internal(set) var names: [String] = []
  /// Windows that were evaluated.
  public internal(set) var windows = 0
  /// Tokens of a window.
  public internal(set) var sequenceLength = 0
  /// How the windows' text became tokens; nil in records of versions that did not tell.
  public internal(set) var text: TextProtocol?
  /// Samples that the probe was calibrated on; nil where there is no probe.
  public internal(set) var samples: Int?
  /// Parts of the model that must be applied to all windows.
  public internal(set) var applications = 0
  /// Parts that a run of every distinct coalition from the start would apply.
  public internal(set) var naiveApplications = 0
  /// The file that the record was read from.
  public internal(set) var source: String?
  /// SHA-256 of the files that it all came from; null where nobody hashed them.
  package internal(set) var hashes = JSON.null

  package init() {}

  /// Reads a file.
  ///
  /// Throws where it cannot be read or holds something else.
  public init(_ path: String) throws {
    try self.init(FieldReader(file: path))
    source = path
  }

  /// Values of a program's own, for `Allocation.shapley` or to be saved.
  ///
  /// - Parameters:
  ///   - values: a value for each player.
  ///   - players: the players of the model, as `granularity.cut` gives them.
  ///   - settings: the game that they are values of; the estimator is that of the values, and a probe that is given no
  ///     sparsity has the usual one.
  /// - Precondition: there are as many values as players.
  public init(_ values: ShapleyValues, of players: [Player], settings: GameSettings) {
    precondition(values.values.count == players.count, "\(values.values.count) values of \(players.count) players")
    (self.values, self.settings, names) = (values, settings.resolved(), players.map(\.name))
    self.settings.estimator = values.estimator
  }

  /// Writes the values to a file, complete or not at all.
  ///
  /// Throws where it cannot be written, or is there and may not be replaced.
  public func save(to path: String, replacing: Bool = false) throws {
    try OutputFile(path, inputs: [], replacing: replacing).write(json)
  }
}

extension ShapleyRecord {
  /// Throws where the values are not those of a model's players, in their order.
  func check(_ directory: ModelDirectory) throws(DocumentError) {
    let (players, source) = (settings.granularity.names(in: directory), source ?? "the values")
    guard names.count == players.count else {
      throw DocumentError(source, reason: "it has \(names.count) values; the model has \(players.count) players")
    }
    for (index, (name, player)) in zip(names, players).enumerated() where name != player {
      throw DocumentError(source, field: "names[\(index)]", reason: "it is \(name); the model's player is \(player)")
    }
  }
}

extension ShapleyRecord: Record {
  package static let fields: [RecordField<ShapleyRecord>] = [
    RecordField { record in
      // Of a window longer than the game the estimator tells what it used.
      let estimate = record.values.members
      let told = Set(estimate.map(\.0))
      return estimate + record.settings.members.filter { !told.contains($0.0) }
    } read: { (record, object) throws(DocumentError) in
      record.values = try ShapleyValues(object)
      record.settings = try GameSettings(object)
    },
    RecordField("names", \.names, FieldFormat.text.list),
    RecordField("windows", \.windows, .integer()), RecordField("sequenceLength", \.sequenceLength, .integer()),
    RecordField("text", \.text, FieldFormat.record.orNull, isRequired: false),
    RecordField("calibrationSamples", \.samples, FieldFormat.integer().orNull),
    RecordField("applications", \.applications, .integer()),
    RecordField("applicationsOfNaiveRun", \.naiveApplications, .integer()),
    RecordField("sha256", \.hashes, .json),
  ]

  package func check(_ object: FieldReader) throws(DocumentError) {
    guard names.count == values.values.count else {
      throw try object.member("names").failure("there are \(names.count) for \(values.values.count) values")
    }
  }
}
