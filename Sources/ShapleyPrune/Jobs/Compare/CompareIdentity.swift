import Support
import Tensor

/// What decides about every result of a comparison, as this machine finds it: two results with equal identities are equal to
/// the bit.
struct CompareIdentity {
  /// For each model, the program, the kernel and the hashes of all files.
  let models: [JSON]
  /// For each model, what a memory limit decides; nil without one.
  var memory: [CompareMemory?]

  /// What the files of one of a job's models are on this machine; reads all of them.
  static func found(_ job: CompareJob, model index: Int, events: any JobEvents) throws -> JSON {
    let texts = job.evaluations.enumerated().map { (role("data", $0), $1.path, nil as TextProtocol?) }
    let tasks = job.tasks.enumerated().map { (role("task", $0), Optional($1), nil as TextProtocol?) }
    let hashes = try FileHashes(
      of: job.models[index], texts: [("calibration", job.calibration.path, nil)] + texts + tasks, events: events)
    return [
      "svnup": JSON(Version.current), "executable": RunIdentity.executable.map { JSON($0) } ?? .null,
      "kernel": JSON(Kernel.current.rawValue), "sha256": hashes.json,
    ]
  }

  /// `data` for the first file of a kind, `data2` for the next one.
  private static func role(_ kind: String, _ index: Int) -> String { index == 0 ? kind : "\(kind)\(index + 1)" }

  /// The identity of a task's result.
  func identity(of task: CompareTask, _ grid: CompareGrid) -> JSON {
    let job = grid.job
    var members: [(String, JSON)]
    switch task {
    case .dense(let model):
      members = base(model, job) + texts(job, model) + tasks(job, model)
    case .part(.hillExponents, of: let cell):
      members = base(cell.model, job) + [("part", JSON(DensePart.hillExponents.rawValue))]
    case .part(let part, of: let cell):
      members = base(cell.model, job) + samples(job, cell) + [("part", JSON(part.rawValue))]
      if part == .values { members += grid.pruning(cell).allocation.gameMembers }
    case .cell(let cell):
      let pruning = grid.pruning(cell)
      members = base(cell.model, job) + samples(job, cell) + texts(job, cell.model) + tasks(job, cell.model)
      members += [
        ("method", JSON(pruning.pruner.name)), ("settings", JSON(members: pruning.pruner.settingMembers)),
        ("targets", JSON(pruning.targets.rawValue)), ("sequential", JSON(pruning.sequencing.rawValue)),
        ("weighting", JSON(pruning.weighting.rawValue)), ("sparsity", JSON(pruning.pattern?.sparsity ?? 0)),
        ("pattern", pruning.pattern?.groups.map { JSON($0) } ?? .null),
        ("allocation", JSON(pruning.allocation.name)),
      ]
      members += pruning.allocation.gameMembers
    }
    return JSON(members: members)
  }

  /// What all results for a model have in common.
  private func base(_ model: Int, _ job: CompareJob) -> [(String, JSON)] {
    let hashes = models[model]["sha256"] ?? .null
    var members = models[model].objectMembers.filter { $0.0 != "sha256" }
    members += [
      ("model", hashes["model"] ?? .null), ("tokenizer", hashes["tokenizer"] ?? .null),
      ("sequenceLength", job.sequenceLength.map { JSON($0) } ?? .null),
      ("memory", memory[model]?.json ?? .null),
    ]
    return members
  }

  /// The samples that a cell is calibrated on.
  private func samples(_ job: CompareJob, _ cell: CompareCell) -> [(String, JSON)] {
    [
      ("calibration", models[cell.model]["sha256"]?["calibration"] ?? .null),
      ("calibrationReading", (job.calibration.reading ?? TextReading()).json), ("samples", JSON(job.samples)),
      ("seed", JSON(cell.seed)),
    ]
  }

  /// The texts that models are measured on.
  private func texts(_ job: CompareJob, _ model: Int) -> [(String, JSON)] {
    job.evaluations.enumerated().flatMap { index, text in
      [
        (Self.role("data", index), models[model]["sha256"]?[Self.role("data", index)] ?? .null),
        ("\(Self.role("data", index))Reading", (text.reading ?? TextReading()).json),
      ]
    } + [("evaluationWindows", job.evaluationWindows.map { JSON($0) } ?? .null)]
  }

  /// The tasks that models are asked; nothing where there are none.
  private func tasks(_ job: CompareJob, _ model: Int) -> [(String, JSON)] {
    guard !job.tasks.isEmpty else { return [] }
    return job.tasks.indices.map { index in
      (Self.role("task", index), models[model]["sha256"]?[Self.role("task", index)] ?? .null)
    } + [("items", job.items.map { JSON($0) } ?? .null)]
  }
}

extension Allocation {
  /// The game of values that a run takes itself, as identities have it.
  fileprivate var gameMembers: [(String, JSON)] {
    guard case .shapley(.game(let game, let windows), _, _) = self else { return [] }
    return [("game", game.json), ("valueWindows", JSON(windows))]
  }
}
