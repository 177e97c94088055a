// What a program can do with svnup as a library: prune a model with everything that the command has, add an estimator and a method
// of pruning of its own, value the players of a game that has nothing to do with models, and work on a weight or a model in memory.
//
//   swift run -c release library MODEL CALIBRATION OUTPUT

import ShapleyPrune
import Tensor
import Transformer

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 3 else { fatalError("usage: library MODEL CALIBRATION OUTPUT") }
let (model, text, output) = (arguments[0], arguments[1], arguments[2])

// 1. A game of its own.
try Airport(runways: [1, 2, 4, 4]).show()

// 2. The whole job, from a directory to a pruned directory. A second run goes on from the journal.
var job = try PruneJob(ModelSource(model), by: .sparseGPT(), to: .unstructured(0.7), calibration: .text(text))
job.samples = 16
job.sequenceLength = 128
job.allocation = .shapley(spread: .auto)
let result = try job.run(journal: output + ".journal")
print("sparsity \(result.record.sparsity), spread \(result.record.allocation.spread as Any)")
try result.save(to: output)
print("verified: \(try VerifyJob(output).run().zeros) zeros")

// 3. An estimator and a method of pruning of its own, by their names.
Registries.estimators.register(LeaveOneOut.self)
Registries.pruners.register(CheckerboardPruner.self)
var game = GameSettings()
game.granularity = .blocks
game.estimator = Registries.estimators["leave-one-out"] ?? SlidingWindowShapley()
var own = try PruneJob(
  ModelSource(model), by: CheckerboardPruner(phase: 1), to: .unstructured(0.5), calibration: .text(text))
own.samples = 4
own.sequenceLength = 128
own.allocation = .shapley(.game(game, windows: 2))
own.output = output + "-own"
let record = try own.run().save()
print("\(record.pruner.name) after \(record.allocation.shapley?.values.estimator.name ?? "?"): \(record.sparsity)")

// 4. Two models and that method beside a published one, as a table: of the model, and of what step 2 made of it.
var comparison = try CompareJob(
  [ModelSource(model), ModelSource(output)], calibration: .text(text), evaluations: [.text(text)])
comparison.methods = [CheckerboardPruner(), MagnitudePruner()]
comparison.rules = [.uniform]
comparison.targets = [.unstructured(0.5)]
comparison.samples = 4
comparison.sequenceLength = 128
comparison.evaluationWindows = 4
print(try comparison.run(in: output + "-compared").markdown)

// 5. One weight, by a Hessian from elsewhere.
let (width, sequences) = (64, 8)
var gram = Matrix(rows: width, columns: width)
for i in 0..<width { gram[i, i] = Float(i + 1) }
var weight = Matrix(rows: 2, columns: width, elements: (0..<2 * width).map { Float($0 % 7) - 3 })
let sums = InputStatistics(gram: gram, sequences: sequences)
let outcome = try SparseGPTPruner().prune(&weight, given: sums, to: .structured(keep: 2, of: 4), linear: "mine")
try SafetensorsFile.write([("mine", StoredMatrix(weight, as: .bfloat16))], to: output + ".safetensors")
print("one weight: \(outcome.prunedCount) of \(weight.count) zero")
do {
  let others = InputStatistics(squares: [1], sequences: 1)
  _ = try WandaPruner().prune(&weight, given: others, to: .unstructured(0.5), linear: "mine")
} catch { print("refused as \(FailureKind(error)?.rawValue ?? "?"): \(error)") }

// 6. A model in memory: dense attention, 2:4 in the MLPs, measured and continued before it is saved.
let source = try ModelSource(model)
var pruned = try source.load()
let patterns = pruned.blocks.map { block in
  let mlp = block.roles.filter { $0.sublayer == .mlp }
  return BlockPattern(
    .unstructured(0), except: Dictionary(uniqueKeysWithValues: mlp.map { ($0, .structured(keep: 2, of: 4)) }))
}
// Magnitudes look at no samples.
_ = try ModelPruner(.magnitude).prune(&pruned, patterns: patterns, calibration: TokenBatch(tokens: [], length: 1))
var measurement = PerplexityJob(source, data: .text(text))
(measurement.windows, measurement.sequenceLength) = (2, 128)
let before = try measurement.run(on: pruned).perplexity.perplexity
try source.save(pruned, to: output + "-mixed")
measurement.model = try ModelSource(output + "-mixed")
print("saved as measured: \(before == (try measurement.run().perplexity.perplexity))")
var fork = TokenSequence(pruned, [1, 2, 3])
_ = fork.nextScores()
var (left, right) = (fork.copy(), fork.copy())
left.append(4)
right.append(5)
print("two continuations differ: \(left.nextScores() != right.nextScores())")

// 7. A job in concurrent code: its task's cancellation sets the token.
let stop = StopToken()
job.stop = stop
let work = Task.detached { [job] in try job.run(journal: output + ".again") }
let repeated = try await withTaskCancellationHandler {
  try await work.value
} onCancel: {
  stop.requestStop()
}
print("the same again: \(repeated.record.sparsity == result.record.sparsity)")
stop.requestStop()
do { _ = try job.run(journal: output + ".stopped") } catch {
  print("stopped as \(FailureKind(error)?.rawValue ?? "?")")
}
