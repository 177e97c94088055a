import Support
import Tensor
import Transformer

extension RunIdentity {
  /// Everything that decides about the generations of a search, but how many there are: a longer search goes on from a shorter one.
  init(
    _ search: AllocationSearch, of job: PruneJob, samples: TokenBatch?, heldBack: TokenBatch?, _ memory: WorkingMemory,
    _ hashes: FileHashes, game: PreparedGame?
  ) {
    var start: [(String, JSON)] = []
    if case .values(let source, let spread, let map) = search.start {
      if let game { start.append(("game", RunIdentity(game).json)) }
      if case .values(let record) = source { start.append(("values", record.json)) }
      let map = [map.scaling.rawValue, "\(map.floor)", "\(map.ceiling)"].map { JSON($0) }
      start += [("spread", JSON("\(spread)")), ("map", .array(map))]
    }
    self.init(
      json: JSON(members: [
        ("svnup", JSON(Version.current)), ("executable", Self.executable.map { JSON($0) } ?? .null),
        ("kernel", JSON(Kernel.current.rawValue)), ("sparsity", job.pattern.map { JSON($0.sparsity) } ?? .null),
        ("method", JSON(job.pruner.name)), ("settings", JSON(members: Registries.pruners.members(of: job.pruner))),
        ("targets", JSON(job.targets.rawValue)), ("sequential", JSON(job.sequencing.rawValue)),
        ("weighting", JSON(job.weighting.rawValue)), ("seed", JSON(job.seed)),
        ("sampleTokens", samples.map { JSON($0.tokens.sha256) } ?? .null),
        ("sequenceLength", samples.map { JSON($0.length) } ?? .null),
        ("heldBackTokens", heldBack.map { JSON($0.tokens.sha256) } ?? .null),
        ("calibrationStates", JSON(memory.calibrationStates.rawValue)), ("stripRows", JSON(memory.stripRows)),
        ("sha256", hashes.json), ("start", JSON(members: start)),
      ]))
  }
}
