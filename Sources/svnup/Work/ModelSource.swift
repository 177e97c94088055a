import Support
import Tensor
import Tokenizer
import Transformer

/// A model directory, opened and checked, whose weights are not read yet.
struct ModelSource {
  let path: String
  let directory: ModelDirectory

  init(_ path: String) throws {
    self.path = path
    directory = try ModelDirectory(path: path)
  }

  /// Reads the weights.
  func load(console: Console) throws -> any CausalLM {
    let progress = console.progress("reading \(path)", unit: "blocks")
    let model = try directory.loadModel(progress: progress.update)
    progress.finish()
    let parameters = Quantity.count(model.parameterCount)
    console.note(
      "\(path): \(directory.architecture.rawValue), \(parameters) parameters in \(model.blocks.count) blocks; "
        + "kernel \(Kernel.current.rawValue), \(Parallel.threadCount) threads")
    return model
  }

  func tokenizer() throws -> BPETokenizer { try BPETokenizer(directory: path) }

  /// Tokens of a window where neither the command line nor the file says: all positions, at most 2,048, as in the papers.
  var defaultLength: Int { min(directory.maximumPositions, 2048) }
}
