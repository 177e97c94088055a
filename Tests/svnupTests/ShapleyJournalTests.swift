import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup shapley, interrupted", .serialized)
struct ShapleyJournalTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  /// 12 coalitions of four blocks, each on 8 windows of 64 tokens.
  static let game = [
    "shapley", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64", "--calibration", Inputs.rows,
    "--players", "blocks", "--window", "3", "--quiet",
  ]

  /// Two coalitions, and two nodes on 3 windows of 64 tokens.
  static let diagonal = [
    "shapley", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64", "--windows", "3", "--estimator",
    "diagonal", "--nodes", "2", "--quiet",
  ]

  /// The file of an uninterrupted run.
  private func expected(_ words: [String], in folder: String) throws -> [UInt8] {
    let path = Path.join(folder, "expected.json")
    let result = try svnup.run(words + ["--output", path])
    try #require(result.status == 0, "\(result.error)")
    return try File.contents(of: path)
  }

  @Test("killed 50 times at seeded moments, the run ends with the file of an uninterrupted one")
  func killed() throws {
    try withTemporaryFolder { folder in
      let words = [
        "shapley", Inputs.embedded, "--data", Inputs.text("valid"), "--windows", "12", "--sequence-length", "128",
        "--absence", "bypassed", "--window", "4", "--quiet",
      ]
      let expected = try expected(words, in: folder)
      let output = Path.join(folder, "values.json")
      let journal = output + ".journal"
      var generator = SeededGenerator(seed: 50)
      var kills = 0
      var known = 0
      while kills < 50 {
        let process = try svnup.start(words + ["--output", output])
        usleep(UInt32(20_000 + generator.below(130_000)))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        if process.terminationStatus == 0, process.terminationReason == .exit {
          // It was quicker: from the start again.
          #expect(try File.contents(of: output) == expected)
          #expect(!FileSystem.exists(journal))
          try FileSystem.removeFile(output)
          known = 0
          continue
        }
        kills += 1
        // Killed before the values were written, or after; never between.
        if FileSystem.exists(output) {
          #expect(try File.contents(of: output) == expected)
          try FileSystem.removeFile(output)
        }
        // At most a torn line is lost from one run to the next.
        let size = FileSystem.exists(journal) ? try FileSystem.status(journal).size : 0
        #expect(size > known - 1000)
        known = size
      }
      let result = try svnup.run(words + ["--output", output])
      #expect(result.status == 0, "\(result.error)")
      #expect(try File.contents(of: output) == expected)
      #expect(!FileSystem.exists(journal))
    }
  }

  @Test(
    "cut at every record and within every record, the journal leads to the same file, and nothing is measured twice",
    arguments: [game, diagonal])
  func boundaries(_ game: [String]) throws {
    try withTemporaryFolder { folder in
      let expected = try expected(game, in: folder)
      let journal = Path.join(folder, "journal")
      let whole = Path.join(folder, "whole.json")
      let words = game + ["--journal", journal]
      #expect(try svnup.run(words + ["--output", whole]).status == 0)
      #expect(try File.contents(of: whole) == expected)
      // A journal that was asked for stays.
      let text = try File.contents(of: journal)
      let ends = text.indices.filter { text[$0] == UInt8(ascii: "\n") }
      // A line for the plan; one for each of the 12 + 1 coalitions, the empty one being only reported; or one for each of two
      // coalitions, and one for each window at each node.
      let count = ends.count - 1
      #expect(count == (game == Self.diagonal ? 2 + 2 * 3 : 13))
      for (line, end) in ends.enumerated() {
        for length in [end + 1, end - 3] {
          try File.replace(journal, with: Array(text[..<length]))
          let output = Path.join(folder, "\(line)-\(length).json")
          let result = try svnup.run(words + ["--output", output, "--json"])
          try #require(result.status == 0, "\(result.error)")
          #expect(try File.contents(of: output) == expected)
          let run = try JSON.parse(Array(result.output.utf8))["run"]
          let known = length == end + 1 ? line : max(0, line - 1)
          #expect(run?["fromJournal"]?.integer == known)
          #expect(run?["evaluated"]?.integer == count - known)
          let (found, whole) = (Set(try lines(journal)), Set(lines(text)))
          #expect(found == whole)
        }
      }
    }
  }

  private func lines(_ path: String) throws -> [[UInt8]] { lines(try File.contents(of: path)) }
  private func lines(_ text: [UInt8]) -> [[UInt8]] { text.split(separator: UInt8(ascii: "\n")).map(Array.init) }

  @Test("Case 60: a torn tail is dropped; a bad checksum in the middle and another plan's journal are refused")
  func damage() throws {
    try withTemporaryFolder { folder in
      let journal = Path.join(folder, "journal")
      let words = Self.game + ["--journal", journal]
      #expect(try svnup.run(words).status == 0)
      let text = try File.contents(of: journal)

      var damaged = text
      damaged[text.count / 2] ^= 1
      try File.replace(journal, with: damaged)
      let message = try svnup.refusal(words, status: 65)
      #expect(message.contains(journal) && message.contains("line ") && message.contains("at byte "))
      #expect(try File.contents(of: journal) == damaged)

      try File.replace(journal, with: text)
      for change in [
        ["--value", "perplexity"], ["--windows", "3"], ["--placement", "centred"], ["--probe-sparsity", "0.6"],
      ] {
        let message = try svnup.refusal(words + change, status: 65)
        #expect(message.contains("\(journal): it is not a journal of this run"))
      }
      let mine = Array("my thesis\n".utf8)
      try File.replace(journal, with: mine)
      _ = try svnup.refusal(words, status: 65)
      #expect(try File.contents(of: journal) == mine)
    }
  }

  @Test("SIGTERM ends a run with status 75 and one line; the same command goes on")
  func terminated() throws {
    try withTemporaryFolder { folder in
      let words = [
        "shapley", Inputs.embedded, "--data", Inputs.text("valid"), "--windows", "16", "--sequence-length", "256",
        "--absence", "bypassed", "--window", "5", "--quiet",
      ]
      let output = Path.join(folder, "values.json")
      let journal = output + ".journal"
      let process = try svnup.start(words + ["--output", output])
      // Until something is known.
      for _ in 0..<2000 where (try? FileSystem.status(journal).size) ?? 0 < 2000 { usleep(5000) }
      kill(process.processIdentifier, SIGTERM)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == 75)
      #expect(!FileSystem.exists(output))
      let known = try lines(journal).count - 1
      #expect(known > 0)
      let result = try svnup.run(words + ["--output", output, "--json"])
      #expect(result.status == 0, "\(result.error)")
      let run = try JSON.parse(Array(result.output.utf8))["run"]
      #expect(run?["fromJournal"]?.integer == known)
    }
  }

  @Test("SIGTERM ends a run with status 75 when its values are taken, too")
  func terminatedAfterTheGame() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      let process = try svnup.start([
        "prune", Inputs.embedded, "--method", "sparsegpt", "--sparsity", "0.7", "--allocation", "shapley", "--players",
        "blocks", "--absence", "bypassed", "--window", "1", "--calibration", Inputs.text("calibration"),
        "--sequence-length", "256", "--spread", "auto", "--quiet", "--output", output,
      ])
      // The plan, twelve blocks left out, nobody and everybody; eight prunings follow.
      for _ in 0..<6000 {
        if let text = try? File.contents(of: output + ".journal"), lines(text).count == 15 { break }
        usleep(5000)
      }
      usleep(300_000)
      kill(process.processIdentifier, SIGTERM)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == 75)
      #expect(!FileSystem.exists(output))
    }
  }

  @Test("a journal goes on in shorter strips where those change no bit, and is refused where they do")
  func strips() throws {
    try withTemporaryFolder { folder in
      for (method, status) in [("wanda", 0), ("sparsegpt", 65)] as [(String, Int32)] {
        let words = [
          "shapley", Inputs.embedded, "--data", Inputs.text("valid"), "--windows", "16", "--sequence-length", "250",
          "--players", "blocks", "--window", "1", "--probe-method", method, "--calibration", Inputs.text("calibration"),
          "--samples", "16", "--journal", Path.join(folder, method),
        ]
        let free = try JSON.parse(Array(svnup.run(words + ["--json"]).output.utf8))
        let predicted = try #require(free["memory"]?["predicted"]?.integer)
        let held = try svnup.run(words + ["--json", "--memory", "\((predicted * 2 / 3) >> 20)MiB"])
        #expect(held.status == status, "\(held.error)")
        guard status == 0 else { continue }
        let json = try JSON.parse(Array(held.output.utf8))
        #expect(try #require(json["memory"]?["stripRows"]?.integer) < 4096)
        #expect(json["run"]?["fromJournal"]?.integer == 14)
        #expect(json["values"]?.encoded() == free["values"]?.encoded())
      }
    }
  }

  @Test("a second runner on the same journal is told so and stopped")
  func locked() throws {
    try withTemporaryFolder { folder in
      let journal = Path.join(folder, "journal")
      let words = [
        "shapley", Inputs.embedded, "--data", Inputs.text("valid"), "--absence", "bypassed", "--quiet", "--journal",
        journal, "--sequence-length", "256",
      ]
      let process = try svnup.start(words)
      for _ in 0..<2000 where (try? FileSystem.status(journal).size) ?? 0 == 0 { usleep(5000) }
      let message = try svnup.refusal(words, status: 75)
      #expect(message == "svnup: \(journal): cannot write: another run is writing it; wait for that one, or end it")
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  @Test("prune takes its values with a journal beside its output, which goes when the model is saved")
  func pruning() throws {
    try withTemporaryFolder { folder in
      let journal = Path.join(folder, "kept")
      let words = [
        "prune", Inputs.llama3, "--method", "wanda", "--sparsity", "0.5", "--allocation", "shapley", "--calibration",
        Inputs.rows, "--quiet",
      ]
      func record(_ name: String, _ more: [String] = []) throws -> JSON {
        let output = Path.join(folder, name)
        let result = try svnup.run(words + more + ["--output", output])
        try #require(result.status == 0, "\(result.error)")
        return try Fixtures.json(Path.join(output, "svnup.json"))
      }
      let first = try record("a")
      #expect(try FileSystem.list(folder) == ["a"])
      let second = try record("b", ["--journal", journal])
      let third = try record("c", ["--journal", journal])
      #expect(try FileSystem.list(folder) == ["a", "b", "c", "kept"])
      for other in [second, third] {
        #expect(other["allocation"]?.encoded() == first["allocation"]?.encoded())
      }
      // Values that are known need no estimate.
      let values = Path.join(folder, "values.json")
      try File.replace(values, with: try #require(first["allocation"]?["shapley"]).encoded())
      let saved = try record("d", ["--values", values])
      #expect(saved["allocation"]?["blocks"]?.encoded() == first["allocation"]?["blocks"]?.encoded())
      #expect(
        try svnup.refusal(words + ["--values", values, "--window", "2", "--output", folder + "/e"], status: 64)
          .contains("--window has an effect only with values that this run takes itself"))
      // Values of other parts, or in another order.
      var members = try #require(first["allocation"]?["shapley"]).objectMembers
      let index = try #require(members.firstIndex { $0.0 == "names" })
      var names = try #require(members[index].1.array).compactMap(\.text)
      names.swapAt(0, 1)
      members[index].1 = .array(names.map { JSON($0) })
      try File.replace(values, with: JSON(members: members).encoded())
      let swapped = try svnup.refusal(words + ["--values", values, "--output", folder + "/e"], status: 65)
      #expect(
        swapped.contains("\(values): names[0]: it is \(names[0]); the model's player is \(names[1])"), "\(swapped)")
      let output = Path.join(folder, "values2.json")
      let same = try svnup.refusal(
        ShapleyEndToEndTests.base + ShapleyEndToEndTests.bypassed + [
          "--window", "1", "--output", output, "--journal", folder + "/../\(Path.name(of: folder))/values2.json",
          "--quiet",
        ], status: 64)
      #expect(same.contains("it is the output, too"))
    }
  }
}
