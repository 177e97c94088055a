// What a program can do with svnup as a library: prune a model with everything that the command has, add an estimator and a method
// of pruning of its own, and value the players of a game that has nothing to do with models.
//
//   swift run -c release library MODEL CALIBRATION OUTPUT

import ShapleyPrune

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
