import Support
import Tensor
import TestSupport
import Transformer

/// A random model together with what PyTorch computed on it.
struct ReferenceModel {
  static let names = ["llama-v1", "llama3-gqa", "opt-125m", "opt-350m"]

  let name: String
  let model: any CausalLM
  let calibration: TokenBatch
  let windows: TokenBatch
  let expected: JSON

  init(_ name: String) throws {
    self.name = name
    model = try ModelDirectory(path: Fixtures.path("random-models/\(name)")).loadModel()
    expected = try Fixtures.json(Fixtures.path("reference/\(name)/expected.json"))
    guard case .rows(let samples) = try TokenFile(path: Fixtures.path("ids/calib.safetensors")),
      case .stream(let stream) = try TokenFile(path: Fixtures.path("ids/eval.safetensors"))
    else { throw CheckpointError("ids", missing: "input_ids") }
    calibration = samples
    windows = TokenBatch(windowsOf: stream, length: expected["seqlen"]?.integer ?? 0)
  }
}
