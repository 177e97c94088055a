import Support
import Tensor
import Transformer

/// What a limit decides that shows in a run's results, if in their last bits.
struct MemoryChoice: Sendable, Equatable {
  var stripRows = WorkingMemory().stripRows
  var calibrationStates = WorkingMemory().calibrationStates
}

/// What a run will hold in memory, known before a weight is read, and how the run keeps within a limit.
package struct MemoryBudget: Sendable {
  /// The program, its libraries, the texts and the tokenizer: what was resident when the budget was made, and a little
  /// more for the code and the threads to come.
  let base: Double
  /// The largest resident set before the weights were read.
  private let earlierPeak: Double
  /// Kinds of work, in the order of the run.
  let phases: [Footprint]
  let limit: Int?
  /// What the run goes by.
  package let memory: WorkingMemory

  private static let toCome = Double(4 << 20)

  /// The budget of a run of these phases; with a limit, strips are made shorter until it is kept, and as the last
  /// resort the calibration samples' states are stored as BF16.
  ///
  /// Throws `SettingError` where even that is too much.
  ///
  /// - Parameter use: what the model is loaded for; nil where all of its linears have their zeros.
  package init(
    _ source: ModelSource, for use: ProductUse? = nil, limit: Int? = nil, length: Int, storesStates: Bool = false,
    phases: (MemoryForecast) -> [Footprint]
  ) throws(SettingError) {
    try self.init(
      source, for: use, limit: limit, length: length, storesStates: storesStates, choice: nil, phases: phases)
  }

  /// The same for a run that is one of several: a choice that was made for all of them stays, whatever they have left in memory.
  ///
  /// - Parameter reserve: the share of what is predicted that is added to it, for what earlier runs leave.
  init(
    _ source: ModelSource, for use: ProductUse? = nil, limit: Int?, length: Int, storesStates: Bool = false,
    reserve: Double = 0, choice: MemoryChoice?, phases: (MemoryForecast) -> [Footprint]
  ) throws(SettingError) {
    let shape = source.directory.shape(for: use)
    let base = Double(Process.residentBytes) + Self.toCome
    let earlierPeak = Double(Process.peakResidentBytes)
    func budget(_ memory: WorkingMemory) -> MemoryBudget {
      MemoryBudget(
        base: base, earlierPeak: earlierPeak, phases: phases(MemoryForecast(shape, memory)),
        limit: limit, memory: memory)
    }
    guard let limit else {
      self = budget(WorkingMemory())
      return
    }
    let choices = choice.map { [$0] } ?? Self.choices(length, storesStates: storesStates)
    let budgets = choices.map {
      budget(
        WorkingMemory(
          stripRows: $0.stripRows, calibrationStates: $0.calibrationStates, packedWeightBytes: 0, sparseFormBytes: 0))
    }
    func needed(_ budget: MemoryBudget) -> Int { Int(min(Double(budget.predicted) * (1 + reserve), 0x1p62)) }
    guard let first = choice == nil ? budgets.first(where: { needed($0) <= limit }) : budgets.first else {
      let least = budgets.map(needed).min() ?? limit
      throw SettingError(
        .memory, Quantity.bytes(limit),
        "this run needs about \(Quantity.bytes(Self.sufficient(least))), with every means of saving")
    }
    // What is left may hold pruned forms, and then packed weights, no more of them than without a limit: fresh memory costs more time
    // than panels of a large model save.
    var memory = first.memory
    memory.sparseFormBytes = max(0, limit - first.predicted)
    memory.packedWeightBytes = min(WorkingMemory().packedWeightBytes, max(0, limit - budget(memory).predicted))
    self = budget(memory)
  }

  /// The first of some ways to work that keeps within a limit, and its budget.
  ///
  /// Throws `SettingError` where even the last one does not.
  ///
  /// - Parameter use: what the model is loaded for, in each way; nil where all of its linears have their zeros.
  static func first<Way>(
    of ways: [Way], _ source: ModelSource, for use: (Way) -> ProductUse?, limit: Int?, length: Int,
    storesStates: Bool = false, reserve: Double = 0, choice: MemoryChoice? = nil,
    _ phases: (Way, MemoryForecast) -> [Footprint]
  ) throws(SettingError) -> (way: Way, budget: MemoryBudget) {
    var index = 0
    while true {
      do throws(SettingError) {
        let budget = try MemoryBudget(
          source, for: use(ways[index]), limit: limit, length: length, storesStates: storesStates, reserve: reserve,
          choice: choice
        ) { phases(ways[index], $0) }
        return (ways[index], budget)
      } catch {
        index += 1
        if index >= ways.count { throw error }
      }
    }
  }

  private init(base: Double, earlierPeak: Double, phases: [Footprint], limit: Int?, memory: WorkingMemory) {
    self.base = base
    self.earlierPeak = earlierPeak
    self.phases = phases
    self.limit = limit
    self.memory = memory
  }

  /// The choices that there are, in the order in which they are tried: states as they are computed come before those that are rounded.
  private static func choices(_ length: Int, storesStates: Bool) -> [MemoryChoice] {
    let types: [ElementType] = storesStates ? [.float32, .bfloat16] : [.float32]
    return types.flatMap { type in stripRows(length).map { MemoryChoice(stripRows: $0, calibrationStates: type) } }
  }

  /// What the limit decided.
  var choice: MemoryChoice { MemoryChoice(stripRows: memory.stripRows, calibrationStates: memory.calibrationStates) }

  /// Rows of a strip, from the usual number down to one sequence; some rows stay together, because a product of very
  /// few rows adds up in another order.
  private static func stripRows(_ length: Int) -> [Int] {
    let most = WorkingMemory().stripRows
    let least = min(most, max(length, 64))
    return Array(sequence(first: most) { $0 > least ? max($0 / 2, least) : nil })
  }

  /// A limit that is enough in another process, where this one needs `least` bytes: what is resident before the weights
  /// are read differs between equal runs by up to a sixteenth; in whole MiB.
  private static func sufficient(_ least: Int) -> Int {
    let bytes = Double(least) * (1 + 0x1p-4)
    return bytes < 0x1p62 ? (Int(bytes) | (1 << 20 - 1)) + 1 : .max
  }

  private var peak: Footprint? { phases.max { $0.bytes < $1.bytes } }

  /// The largest resident set that is expected, in bytes.
  package var predicted: Int {
    let bytes = max(base + (peak?.bytes ?? 0), earlierPeak)
    return bytes < 0x1p62 ? Int(bytes) : Int.max
  }

  /// One line before the run, and another where the limit changed something.
  func announce(_ events: any JobEvents) {
    let parts = ([Footprint.Part("program and texts", base)] + (peak?.parts ?? []))
      .filter { $0.bytes >= Double(1 << 20) }
      .map { "\($0.name) \(Quantity.bytes(Int(min($0.bytes, 0x1p62))))" }
    let phase = peak.map { ", during \($0.work)" } ?? ""
    events.note("memory: about \(Quantity.bytes(predicted)) at most\(phase): \(parts.joined(separator: ", "))")
    guard let limit else { return }
    var changes: [String] = []
    if memory.stripRows < WorkingMemory().stripRows {
      changes.append("strips of \(memory.stripRows) tokens instead of \(WorkingMemory().stripRows)")
    }
    if memory.calibrationStates != .float32 {
      changes.append(
        "calibration states stored as \(memory.calibrationStates.rawValue), which changes the results a little")
    }
    if predicted > limit {
      events.note("memory: this may be more than \(Quantity.bytes(limit)), for what was done before in this process")
    }
    guard !changes.isEmpty else { return }
    events.note("memory: to keep within \(Quantity.bytes(limit)): \(changes.joined(separator: "; "))")
  }

  /// The prediction and, at the end of a run, what came of it.
  package var json: JSON {
    JSON(members: [
      ("predicted", JSON(predicted)), ("peak", JSON(Process.peakResidentBytes)),
      ("limit", limit.map { JSON($0) } ?? .null), ("stripRows", JSON(memory.stripRows)),
      ("calibrationStates", JSON(memory.calibrationStates.rawValue)),
      ("packedWeightBytes", JSON(memory.packedWeightBytes)),
      ("sparseFormBytes", memory.sparseFormBytes == .max ? .null : JSON(memory.sparseFormBytes)),
    ])
  }
}
