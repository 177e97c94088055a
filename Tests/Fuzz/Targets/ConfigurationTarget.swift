import Support
import Tensor
import Transformer

/// `config.json` beside weights that are empty: sizes are within bounds, and loading says which weight is missing.
struct ConfigurationTarget: FuzzTarget {
  static let name = "config"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) throws {
    self.scratch = scratch
    try scratch.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "model.safetensors")
  }

  func check(_ bytes: [UInt8]) throws {
    let path = try scratch.write(bytes, to: "config.json")
    let opened = try accepted(naming: path) { () throws(ModelError) in try ModelDirectory(path: scratch.path) }
    guard let directory = opened else { return }
    let sizes = [
      directory.blockCount, directory.hiddenSize, directory.vocabularySize, directory.maximumPositions,
    ]
    try require(sizes.allSatisfy { $0 >= 1 }, "a size below 1 in \(sizes)")
    let columns = directory.shape.blockColumns.reduce(0, +)
    try require(columns > 0, "a block without columns")
    let model = try accepted(naming: "there is no tensor '") { () throws(ModelError) in try directory.loadModel() }
    try require(model == nil, "a model without weights")
  }
}
