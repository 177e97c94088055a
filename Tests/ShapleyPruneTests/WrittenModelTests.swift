import Foundation
import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// A pruned model is the same one after it was written and read again.
@Suite struct WrittenModelTests {
  @Test(arguments: TinyModels.names)
  func prunedModelSurvivesItsFiles(_ name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svnup-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let source = try TinyModels.directory(name)
    let samples = try TinyModels.calibration()
    for (index, pruner) in allPruners.enumerated() {
      var model = try source.loadModel()
      let types = model.blocks.map { block in block.roles.map { block[$0].weight.elementType } }
      let patterns: [SparsityPattern] = [
        .unstructured(0.5), .structured(keep: 2, of: 4), .unstructured(0), .unstructured(0.9),
      ]
      let reports = try ModelPruner(pruner).prune(&model, patterns: patterns, calibration: samples)
      let target = Path.join(folder, "\(index)")
      let writer = try DirectoryWriter(target: target, replacing: false)
      try source.write(model, to: writer)
      try writer.commit()

      let directory = try ModelDirectory(path: target)
      let reloaded = try directory.loadModel()
      #expect(reloaded.weightBits == model.weightBits)
      #expect(reloaded.blocks.map(\.prunedParameters) == reports.map(\.zeros))
      #expect(reloaded.blocks.map { block in block.roles.map { block[$0].weight.elementType } } == types)
      let (found, expected) = (reloaded.perplexity(samples), model.perplexity(samples))
      #expect(found.meanNLL.bitPattern == expected.meanNLL.bitPattern)
      #expect(found == expected)
      #expect(try found != source.loadModel().perplexity(samples))

      // Whatever is no linear of a block is as it was.
      let linears = Set(model.blocks.flatMap { block in block.roles.map { block[$0].name } })
      for (before, after) in zip(source.checkpoint.shards, directory.checkpoint.shards) {
        #expect(before.entries == after.entries)
        for entry in before.entries where !linears.contains(entry.name) {
          #expect(try after.bytes(of: entry.name) == before.bytes(of: entry.name))
        }
      }
    }
  }
}
