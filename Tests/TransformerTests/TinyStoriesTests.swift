import Support
import TestSupport
import Testing
import Tokenizer
import Transformer

/// Perplexity of three trained models over the stories they were made for, tokenizer included.
@Suite(.enabled(if: Fixtures.hasExtra, "the folder with the trained models is not beside the repository"))
struct TinyStoriesTests {
  @Test(arguments: [("stories3M-llama", 4.5304), ("stories260K-llama", 4.2356), ("babyllama105-llama", 2.0162)])
  func perplexityOverAllStories(_ name: String, _ wanted: Double) throws {
    let path = Fixtures.extra("models/\(name)")
    let model = try ModelDirectory(path: path).loadModel()
    let tokenizer = try BPETokenizer(directory: path)
    let bytes = try File.contents(of: Fixtures.extra("data/tinystories.valid.slice.txt"))
    let stories = String(decoding: bytes, as: UTF8.self).split(separator: "<|endoftext|>").map { text in
      String(text.drop { $0.isWhitespace }).reversed().drop { $0.isWhitespace }.reversed()
    }.filter { !$0.isEmpty }
    #expect(stories.count == 1910)
    var total = 0.0
    var count = 0
    for story in stories {
      let ids = Array(tokenizer.encode(String(story)).prefix(model.maximumPositions))
      let tokens = TokenBatch(tokens: ids, length: ids.count)
      let losses = model.negativeLogLikelihoods(model.hiddenStates(tokens), of: tokens)
      total += losses.reduce(0, +)
      count += losses.count
    }
    let found = Math.exp(total / Double(count))
    #expect(abs(found - wanted) <= 1e-3, "\(found) instead of \(wanted)")
  }
}
