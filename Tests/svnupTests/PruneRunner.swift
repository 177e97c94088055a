import Support
import TestSupport
import Testing

/// Runs `svnup prune` and looks at what it saved.
struct PruneRunner {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let methods = ["magnitude", "wanda", "sparsegpt", "admm", "alps"]
  static let calibration = ["--calibration", Inputs.rows]
  static let evaluation = ["--data", Inputs.stream, "--sequence-length", "64"]

  /// Prunes llama3 into `folder/name` and returns the printed record with the folder.
  func prune(
    _ options: [String], to folder: String, name: String = "pruned", model: String = Inputs.llama3
  ) throws -> (record: JSON, output: String) {
    let output = Path.join(folder, name)
    let record = try svnup.json(["prune", model] + options + Self.calibration + ["--output", output])
    #expect(try Fixtures.json(Path.join(output, "svnup.json")).encoded() == record.encoded())
    return (record, output)
  }

  /// Checks that the record's counts are those of the saved files, and that only the blocks' linears changed.
  func expectZeros(of record: JSON, in output: String, model: String) throws {
    let saved = try SavedModel(output)
    var (zeros, count) = (0, 0)
    var linearNames: Set<String> = []
    for block in try #require(record["blocks"]?.array) {
      var (blockZeros, blockCount) = (0, 0)
      for (_, linear) in try #require(block["linears"]?.object).members {
        let name = try #require(linear["tensor"]?.text)
        let isZero = try saved.zeros(name).isZero
        let found = isZero.count { $0 }
        #expect(linear["zeros"]?.integer == found, "\(name)")
        #expect(linear["count"]?.integer == isZero.count)
        #expect(linear["sparsity"]?.double == Double(found) / Double(isZero.count))
        linearNames.insert(name)
        (blockZeros, blockCount) = (blockZeros + found, blockCount + isZero.count)
      }
      #expect(block["sparsity"]?.double == Double(blockZeros) / Double(blockCount))
      (zeros, count) = (zeros + blockZeros, count + blockCount)
    }
    #expect(record["sparsity"]?.double == Double(zeros) / Double(count))
    let (before, after) = (try SavedModel(model).tensors(), try saved.tensors())
    #expect(Set(before.keys) == Set(after.keys))
    for (name, bytes) in before { #expect((after[name] == bytes) != linearNames.contains(name), "\(name)") }
  }
}
