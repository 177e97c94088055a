// How much allocations gain: prunes a model with every combination of choices that are asked for, and measures each.
//
//   swift run -c release AllocationStudy MODEL CALIBRATION TEST [name=value,value …]
//
// One JSON object a line on standard output; the table in Documentation/Allocation.md was made from them.

import Support
import Tensor

do {
  let study = try Study(arguments: Array(CommandLine.arguments.dropFirst()))
  try Parallel.$threadCount.withValue(study.threads) {
    try study.run { StandardStream.output.write(String(decoding: $0.encoded(), as: UTF8.self) + "\n") }
  }
} catch {
  StandardStream.error.write("\(error)\n")
  Process.end(65)
}
