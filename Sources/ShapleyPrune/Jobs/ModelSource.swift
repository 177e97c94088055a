import Support
import Tensor
import Tokenizer
import Transformer

/// A model directory, opened and checked, whose weights are not read yet.
///
///     let source = try ModelSource("opt-125m")
///     let model = try source.load()
public struct ModelSource: Sendable {
  /// The path of the directory.
  public let path: String
  /// The directory.
  public let directory: ModelDirectory

  /// Opens a directory in Hugging Face's layout.
  ///
  /// Throws `ModelError`.
  public init(_ path: String) throws {
    self.path = path
    directory = try ModelDirectory(path: path)
  }

  /// Reads the weights.
  ///
  /// Throws `ModelError`.
  public func load(events: any JobEvents = SilentEvents()) throws -> any CausalLM {
    for note in directory.notes { events.note(note) }
    let model = try events.during("reading \(path)", unit: "blocks") { try directory.loadModel(progress: $0) }
    events.note(
      "\(path): \(directory.architecture.rawValue), \(Quantity.count(model.parameterCount)) parameters in "
        + "\(model.blocks.count) blocks; kernel \(Kernel.current.rawValue), \(Parallel.threadCount) threads")
    return model
  }

  /// The tokenizer beside the weights.
  ///
  /// Throws `TokenizerError`.
  public func tokenizer() throws -> BPETokenizer { try BPETokenizer(directory: path) }

  /// Tokens of a window where nobody says: all positions, at most 2,048, as in the papers.
  public var defaultLength: Int { min(directory.maximumPositions, 2048) }
}
