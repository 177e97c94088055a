import ShapleyPrune
import Support
import Tensor
import Transformer

/// What is to be measured, by the names of files: a command line's, or a plan's.
struct ShapleyRequest: Equatable, Sendable {
  var model: String
  var data: String
  /// The text that the probe is calibrated on; nil means the windows of `data`.
  var calibration: String?
  /// Only the first windows of `data`.
  var windowLimit: Int?
  var length: Int?
  var samples: Int
  var seed: Int
  var settings: GameSettings
  var memoryLimit: Int?

  init(_ arguments: Arguments) throws {
    model = arguments[InputOptions.model]
    data = try arguments.required(InputOptions.data)
    windowLimit = arguments[ShapleyOptions.windows]
    length = arguments[InputOptions.sequenceLength]
    samples = arguments[InputOptions.samples]
    seed = arguments[InputOptions.seed]
    settings = GameSettings(
      arguments, probeSparsity: arguments[ShapleyOptions.probeSparsity], seed: arguments[InputOptions.seed])
    calibration = settings.probe == nil ? nil : arguments[InputOptions.calibration]
    memoryLimit = arguments[ResourceOptions.memory]
  }

  /// The same request with absolute paths, which mean the same in every folder.
  func resolved() throws -> ShapleyRequest {
    var copy = self
    copy.model = try FileSystem.resolve(model)
    copy.data = try FileSystem.resolve(data)
    copy.calibration = try calibration.map { (path) throws(FileError) in try FileSystem.resolve(path) }
    return copy
  }

  /// In files: a flat object.
  var json: JSON {
    JSON(
      members: [
        ("model", JSON(model)), ("data", JSON(data)), ("calibration", calibration.map { JSON($0) } ?? .null),
        ("windowLimit", windowLimit.map { JSON($0) } ?? .null), ("sequenceLength", length.map { JSON($0) } ?? .null),
        ("samples", JSON(samples)), ("sampleSeed", JSON(seed)), ("memory", memoryLimit.map { JSON($0) } ?? .null),
      ] + settings.members)
  }

  /// Reads what `json` wrote.
  init(_ fields: JSONFields) throws {
    model = try fields.text("model")
    data = try fields.text("data")
    calibration = try fields.optionalText("calibration")
    windowLimit = try fields.optionalInteger("windowLimit", in: 1...Int.max)
    length = try fields.optionalInteger("sequenceLength", in: 2...Int.max)
    samples = try fields.integer("samples", in: 1...Int.max)
    seed = try fields.integer("sampleSeed", in: 0...Int.max)
    memoryLimit = try fields.optionalInteger("memory", in: 0...Int.max)
    settings = try GameSettings(json: fields.json, source: fields.source)
  }
}
