import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Trained models that are not part of the repository, with figures computed in Float64.
@Suite(.enabled(if: Fixtures.hasExtra, "the folder with the trained models is not beside the repository"))
struct TrainedModelTests {
  static let models = [
    "stories3M-llama", "stories260K-llama", "babyllama105-llama", "shakespeare-char-opt", "shakespeare-char-opt-200k",
  ]

  @Test(arguments: models)
  func goldenFiguresAgree(_ name: String) throws {
    let model = try ModelDirectory(path: Fixtures.extra("models/\(name)")).loadModel()
    let golden = try #require(try Fixtures.json(Fixtures.extra("models/\(name)/golden.json")).object)
    var checks = 0
    for (key, value) in golden.members {
      let key = String(decoding: key, as: UTF8.self)
      if key.hasSuffix("nll_per_token") {
        let prefix = key.dropLast("nll_per_token".count)
        let ids = try #require(golden["\(prefix)ids"]).integers
        let tokens = TokenBatch(tokens: ids, length: ids.count)
        let losses = model.negativeLogLikelihoods(model.hiddenStates(tokens), of: tokens)
        #expect(losses.count == value.doubles.count)
        for (found, wanted) in zip(losses, value.doubles) { #expect(abs(found - wanted) <= 2e-5 * max(1, wanted)) }
        checks += 1
      }
      if key.hasPrefix("greedy_from") {
        let ids = value.integers
        let prompt = Array(ids.prefix(key.hasSuffix("ROMEO") ? 5 : 1))
        #expect(model.greedyContinuation(of: prompt, length: ids.count) == ids)
        checks += 1
      }
    }
    #expect(checks > 0)
  }
}
