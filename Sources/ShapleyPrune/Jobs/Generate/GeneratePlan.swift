import Support
import Tensor
import Transformer

/// How many texts are continued at a time, for what the model is loaded, and what that takes.
struct GeneratePlan: Sendable {
  /// Texts that are continued at a time.
  let batch: Int
  /// What decides whether the model's linears leave out their zeros.
  let use: ProductUse
  /// Tokens of every text that there is room for, all alike, so that the next text takes the place of the last one.
  let room: Int
  /// What the run holds in memory.
  let budget: MemoryBudget

  /// Tokens behind a prompt for which room is made at once: no more are touched before they are there, but a model may have many positions.
  private static let mostRoom = 1024

  /// Passes through a packed model from which on it pays to put its zeros back: these gain a tenth each, and putting them back takes memory that is
  /// new (Documentation/Zeros.md).
  private static let leastExpandedPasses = 192

  /// For what the model may be loaded to continue so many texts by so many tokens: the fastest comes first, and behind it what takes the
  /// least memory.
  private static func uses(of batch: Int, among prompts: [Int], tokens: Int, _ directory: ModelDirectory)
    -> [ProductUse]
  {
    // The first token comes with the prompt.
    let faster = ProductUse(tokens: tokens > 1 ? batch : prompts[0])
    func smallest(of uses: [ProductUse]) -> ProductUse {
      uses.map { ($0, directory.shape(for: $0).weightBytes) }.min { $0.1 < $1.1 }?.0 ?? faster
    }
    let rounds = (prompts.count + batch - 1) / batch
    let isShort = tokens < (leastExpandedPasses + rounds - 1) / rounds
    let first = directory.checkpoint.isPacked && isShort ? smallest(of: [faster, .oneToken]) : faster
    return [first, smallest(of: [faster, .oneToken, .manyTokens])]
  }

  /// A plan for prompts, of which there is one at least.
  ///
  /// Throws `SettingError` where the memory limit cannot be kept.
  init(_ job: GenerateJob, prompts: [[Int]]) throws(SettingError) {
    let (most, positions) = (min(job.batch, prompts.count), job.model.directory.maximumPositions)
    // The longest texts may all be there at a time.
    let prompts = prompts.map(\.count).sorted(by: >)
    let lengths = prompts.map { $0 + min(job.limit, positions - $0) }
    let written = min(job.limit, positions - (prompts.last ?? 0))
    let ways = (1...most).reversed().flatMap { batch in
      Self.uses(of: batch, among: prompts, tokens: written, job.model.directory).map { (batch: batch, use: $0) }
    }
    typealias Way = (batch: Int, use: ProductUse)
    func first(of ways: [Way], within limit: Int?) throws(SettingError) -> (way: Way, budget: MemoryBudget) {
      try MemoryBudget.first(of: ways, job.model, for: \.use, limit: limit, length: prompts[0]) { way, forecast in
        [forecast.generation(of: Array(lengths.prefix(way.batch)), prompt: prompts[0], job.cache)]
      }
    }
    var found = try first(of: ways, within: job.memoryLimit)
    // Without a limit, what the machine has decides the form, and nothing else.
    if job.memoryLimit == nil, found.budget.predicted > Process.physicalMemory,
      let smaller = ways.last(where: { $0.batch == most })
    {
      found = try first(of: [smaller], within: nil)
    }
    ((batch, use), budget) = found
    room = min(lengths[0], prompts[0] + Self.mostRoom)
    budget.announce(job.events)
    if batch < most { job.events.note("memory: texts that go on at a time: \(batch) instead of \(most)") }
  }
}
