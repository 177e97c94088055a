import Support
import Transformer

/// `config.json` beside weights that are empty: what is wrong with it, or which weight is missing, is told.
struct ConfigurationTarget: FuzzTarget {
  static let name = "config"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) throws {
    self.scratch = scratch
    try scratch.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "model.safetensors")
  }

  func check(_ bytes: [UInt8]) throws {
    _ = try scratch.write(bytes, to: "config.json")
    let opened = try accepted(naming: scratch.path) { () throws(ModelError) in try ModelDirectory(path: scratch.path) }
    try require(opened == nil, "a model without weights")
  }
}
