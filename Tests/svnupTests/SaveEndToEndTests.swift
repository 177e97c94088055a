import Foundation
import Support
import TestSupport
import Testing

/// Saves of the real executable, ended early.
@Suite("A save that does not come to its end, end to end")
struct SaveEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  private static func hashes(_ folder: String) throws -> [String: String] {
    try Dictionary(
      uniqueKeysWithValues: FileSystem.list(folder).map {
        ($0, try SHA256.hexadecimal(ofFile: Path.join(folder, $0)))
      })
  }

  @Test("killed at many moments: the old model or the new one, which verify confirms, and the next run cleans up")
  func killed() throws {
    try withTemporaryFolder { folder in
      let target = Path.join(folder, "pruned")
      func words(_ sparsity: String) -> [String] {
        ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", sparsity, "--force", "--output", target]
      }
      let start = ContinuousClock.now
      #expect(try svnup.run(words("0.25")).status == 0)
      let duration = (ContinuousClock.now - start).seconds
      let old = try Self.hashes(target)
      #expect(try svnup.run(words("0.75")).status == 0)
      let new = try Self.hashes(target)
      #expect(old != new)
      #expect(try svnup.run(words("0.25")).status == 0)

      var generator = SeededGenerator(seed: 1)
      var found = [0, 0]
      for _ in 0..<30 {
        let line = words("0.75").map { "'\($0)'" }.joined(separator: " ")
        let delay = (generator.unit() * 1.2 * duration).fixed(4)
        _ = try svnup.run(shell: "\"$SVNUP\" \(line) & sleep \(delay); kill -9 $!; wait")
        let state = try Self.hashes(target)
        try #require(state == old || state == new, "after \(delay) s")
        found[state == old ? 0 : 1] += 1
        #expect(try svnup.run(["verify", target, "--quiet"]).status == 0)
        #expect(try svnup.run(words("0.25")).status == 0)
        #expect(try FileSystem.list(folder) == ["pruned"])
        #expect(try Self.hashes(target) == old)
      }
      #expect(found.reduce(0, +) == 30)
    }
  }

  @Test(
    "58: a disk that fills up while the model is pruned: status 74, no temporary files, the target untouched",
    .enabled(if: SmallDisk.isPossible, "only root may mount a small file system"))
  func fullDisk() throws {
    // The embedded model has 5.2 MiB, so that it fits when the run begins.
    try SmallDisk.withDisk(kilobytes: 12 << 10) { disk in
      let target = Path.join(disk, "pruned")
      try FileSystem.makeDirectory(target)
      let files = ["config.json", "model.safetensors"]
      for name in files { try "{}".write(toFile: Path.join(target, name), atomically: true, encoding: .utf8) }
      let words = [
        "prune", Inputs.embedded, "--method", "sparsegpt", "--sparsity", "0.5", "--calibration",
        Inputs.text("calibration"), "--samples", "64", "--sequence-length", "256", "--force", "--output", target,
      ].map { "'\($0)'" }.joined(separator: " ")
      // The first note comes when the room was found sufficient and before a weight is read.
      let result = try svnup.run(
        shell: """
          cd '\(disk)/..' && errors=$(mktemp) && ( "$SVNUP" \(words) 2> $errors & pid=$!
          until grep -q '^memory: ' $errors || ! kill -0 $pid; do sleep 0.01; done
          head -c 8M /dev/zero > '\(disk)/filler'
          wait $pid ); status=$?; grep '^svnup: ' $errors >&2; rm -f $errors '\(disk)/filler'; exit $status
          """)
      #expect(result.status == 74, "\(result.error)")
      #expect(result.message.hasPrefix("svnup: \(disk)/.pruned.svnup-"), "\(result.error)")
      #expect(result.message.hasSuffix(": cannot write: No space left on device"), "\(result.error)")
      #expect(try FileSystem.list(disk) == ["pruned"])
      #expect(try FileSystem.list(target) == files)
    }
  }

  @Test(
    "a disk without room for the model: refused before it is read",
    .enabled(if: SmallDisk.isPossible, "only root may mount a small file system"))
  func noRoom() throws {
    try SmallDisk.withDisk(kilobytes: 380) { disk in
      let target = Path.join(disk, "pruned")
      let words = ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.5", "--output", target]
      let message = try svnup.refusal(words, status: 73)
      #expect(message.hasPrefix("svnup: \(target): cannot create: the model needs "), "\(message)")
      #expect(try FileSystem.list(disk) == [])
    }
  }

  @Test("a values file is replaced whole: killed at many moments it is the old one or the new one")
  func killedShapley() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "values.json")
      func words(_ window: String) -> [String] {
        [
          "shapley", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64", "--absence", "bypassed",
          "--window", window, "--force", "--output", file,
        ]
      }
      let start = ContinuousClock.now
      #expect(try svnup.run(words("1")).status == 0)
      let duration = (ContinuousClock.now - start).seconds
      let old = try File.contents(of: file)
      #expect(try svnup.run(words("2")).status == 0)
      let new = try File.contents(of: file)
      #expect(old != new)
      var generator = SeededGenerator(seed: 2)
      for _ in 0..<10 {
        let line = words("2").map { "'\($0)'" }.joined(separator: " ")
        let delay = (generator.unit() * 1.5 * duration).fixed(4)
        _ = try svnup.run(shell: "\"$SVNUP\" \(line) & sleep \(delay); kill -9 $!; wait")
        let state = try File.contents(of: file)
        #expect(state == old || state == new)
        // The run that was killed left its journal, and the same command goes on from there.
        #expect(try svnup.run(words("2")).status == 0)
        #expect(try File.contents(of: file) == new)
        #expect(try svnup.run(words("1")).status == 0)
        #expect(try FileSystem.list(folder) == ["values.json"])
      }
    }
  }
}
