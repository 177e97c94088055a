import Support
import Tensor
import Tokenizer
import Transformer

/// A model directory with its weights read, and its tokenizer once a text needs it.
struct ModelSource {
  let path: String
  let directory: ModelDirectory
  let model: any CausalLM

  /// Opens and reads a model.
  init(_ path: String, console: Console) throws {
    self.path = path
    directory = try ModelDirectory(path: path)
    model = try directory.loadModel()
    let parameters = Quantity.count(model.parameterCount)
    console.note(
      "\(path): \(directory.architecture.rawValue), \(parameters) parameters in \(model.blocks.count) blocks; "
        + "kernel \(MatmulKernel.current.rawValue), \(Parallel.threadCount) threads")
  }

  func tokenizer() throws -> BPETokenizer { try BPETokenizer(directory: path) }

  /// Tokens of a window where neither the command line nor the file says: all positions, at most 2,048, as in the papers.
  var defaultLength: Int { min(model.maximumPositions, 2048) }
}
