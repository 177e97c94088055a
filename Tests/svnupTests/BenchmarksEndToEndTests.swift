import Foundation
import Support
import TestSupport
import Testing

/// The executable Benchmarks: what it refuses, what it prints, and its arithmetic on figures from files.
@Suite("Benchmarks, end to end")
struct BenchmarksEndToEndTests {
  let program: CommandRunner

  /// SwiftPM puts all executables of the package beside the test bundle.
  init() throws {
    program = CommandRunner(
      executable: try CommandRunner().executable.deletingLastPathComponent().appendingPathComponent("Benchmarks"))
  }

  static let names = [
    "matmul", "gemv", "attention", "cholesky", "sparsegpt", "wanda", "forward", "tokenizer", "shapley", "rounds",
  ]

  /// Fails unless the command ends with this status and one line on standard error; returns the line.
  private func refusal(_ arguments: [String], status: Int32) throws -> String {
    let result = try program.run(arguments)
    #expect(result.status == status, "\(arguments): \(result.error)")
    #expect(result.output.isEmpty, "\(arguments)")
    #expect(result.error.hasPrefix("Benchmarks: ") && !result.message.contains("\n"), "\(result.error)")
    return result.message
  }

  @Test("Help names every benchmark, in any place", arguments: [["--help"], ["help"], ["-h"], ["matmul", "--help"]])
  func help(arguments: [String]) throws {
    let result = try program.run(arguments)
    #expect(result.status == 0 && result.error.isEmpty)
    for name in Self.names { #expect(result.output.contains("\n  \(name) "), "\(name)") }
    for option in ["--size", "--kernel", "--threads", "--json", "--quick", "--text", "--tokenizer", "--peer", "--ours"]
    {
      #expect(result.output.contains("  \(option) "), "\(option)")
    }
  }

  @Test("The peers' scripts have the sizes that ours has")
  func peers() throws {
    let help = try program.run(["--help"]).output
    let script = try String(contentsOf: Self.peers.appendingPathComponent("harness.py"), encoding: .utf8)
    for name in ["matmul", "gemv", "attention", "cholesky", "sparsegpt", "wanda"] {
      let list = try #require(help.split(separator: "\n").last { $0.hasPrefix("  \(name) ") })
      let ours = try #require(list.split(separator: " ").last).split(separator: ",").map(String.init)
      let part = name == "cholesky" ? "CHOLESKY_SIZES" : "\(name.uppercased())_SHAPES"
      let start = try #require(script.range(of: "\n\(part) = [")).upperBound
      let end = try #require(script.range(of: "]\n", range: start..<script.endIndex)).lowerBound
      let theirs = script[start..<end].split(separator: ")").map { tuple in
        tuple.split { !$0.isNumber }.joined(separator: "x")
      }
      #expect(ours == theirs.filter { !$0.isEmpty }, "\(name)")
    }
    #expect(help.contains("\n  forward         12x768x12x2048x32000x2048\n"))
    #expect(script.contains("\nLLAMA = (12, 768, 12, 2048, 32000, 2048)\n"))
  }

  private static let peers = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Benchmarks/peers").standardized

  @Test(
    "A wrong command line is refused before anything is measured, in one line with the remedy",
    arguments: [
      (["matmull"], "unknown benchmark 'matmull'; there are matmul, gemv, "),
      (["matmul", "compare"], "unknown benchmark 'compare'; compare comes first"),
      (["--sizes", "1"], "unknown option --sizes; there are --json, --kernel, "),
      (["matmul", "--size"], "--size needs a value"),
      (["matmul", "--size="], "--size needs a value"),
      (["matmul", "--size", "--json"], "--size needs a value"),
      (["matmul", "--json=yes"], "--json takes no value"),
      (["matmul", "--size", "8x8x8", "--size", "9x9x9"], "--size is given twice"),
      (["--size", "8x8x8"], "--size needs the name of one benchmark"),
      (["matmul", "gemv", "--size", "8x8x8"], "--size needs the name of one benchmark"),
      (["tokenizer", "--size", "8"], "--size: tokenizer has no size"),
      (["matmul", "--size", "8x8"], "--size 8x8: the form is MxNxK"),
      (["matmul", "--size", "8x8x8x"], "--size 8x8x8x: the form is MxNxK"),
      (["matmul", "--size", "8x0x8"], "--size 8x0x8: the form is MxNxK"),
      (["matmul", "--size", "8x-1x8"], "--size 8x-1x8: the form is MxNxK"),
      (["matmul", "--size", "8x8x8,"], "--size : the form is MxNxK"),
      (["matmul", "--size", "99999999999999999999x8x8"], "the form is MxNxK, whole numbers from 1 to 131072"),
      (["cholesky", "--size", "131072"], "--size 131072: it needs more memory than this machine has"),
      (["attention", "--size", "3x2x8x4"], "--size 3x2x8x4: 2 key and value heads do not divide 3 heads"),
      (["forward", "--size", "1x30x4x8x9x16"], "the 30 columns must be an even number for each of the 4 heads"),
      (["forward", "--size", "1x32x4x8x9x8"], "a window needs more than 8 tokens"),
      (["gemv", "--size", "1x1x65535"], "--size 1x1x65535: a weight has 65536 elements at least"),
      (["sparse", "--size", "1x1x65535x50"], "--size 1x1x65535x50: a weight has 65536 elements at least"),
      (["tokenizer", "--threads", "2"], "--threads: it says nothing to tokenizer"),
      (["wanda", "rounds", "--kernel", "portable"], "--kernel: it says nothing to wanda, rounds"),
      (["matmul", "--text", "bible.txt"], "--text: it says nothing to matmul"),
      (
        ["compare", "--peer", "a", "--ours", "b", "--threads", "2"], "--threads belongs to a run, and with --ours there"
      ),
      (["matmul", "--threads", "0"], "--threads 0: numbers from 1 to 1024"),
      (["matmul", "--threads", "1,two"], "--threads 1,two: numbers from 1 to 1024"),
      (["matmul", "--kernel", "avx1024"], "--kernel: unknown kernel 'avx1024'; available here: reference, portable"),
      (["matmul", "--kernel", "portable,"], "--kernel: unknown kernel ''"),
      (["matmul", "--peer", "file"], "--peer belongs to compare"),
      (["compare"], "compare needs --peer FILE"),
      (["gemv", "--ladder"], "--ladder belongs to matmul"),
      (["--ladder"], "--ladder belongs to matmul"),
    ])
  func usage(arguments: [String], expected: String) throws {
    let message = try refusal(arguments, status: 64)
    #expect(message.contains(expected), "\(message)")
    #expect(message.hasSuffix("(see 'Benchmarks --help')"))
  }

  #if DEBUG
    @Test("A debug build measures nothing")
    func debugBuild() throws {
      #expect(try refusal(["matmul"], status: 64).contains("swift run -c release Benchmarks"))
    }
  #else
    @Test("A run verifies and times every case, on every kernel that is asked for")
    func run() throws {
      let arguments = ["matmul", "--size", "9x8x7,1x1x1", "--kernel", "reference,portable", "--threads", "1"]
      let result = try program.run(arguments + ["--quick", "--json"])
      try #require(result.status == 0, "\(result.error)")
      let json = try JSON.parse(Array(result.output.utf8))
      let machine = try #require(json["machine"])
      #expect(try #require(machine["cores"]?.integer) >= 1)
      for field in ["processor", "kernel"] { #expect(machine[field]?.text?.isEmpty == false) }
      for bandwidth in try #require(machine["bandwidths"]?.array) {
        #expect(try #require(bandwidth["gigabytesPerSecond"]?.double) > 0.1)
      }
      let peaks = try #require(machine["peaks"]?.array)
      #expect(peaks.first?["kernel"]?.text == "portable" && peaks.first?["threads"]?.integer == 1)
      let results = try #require(json["results"]?.array)
      // The reference packs nothing.
      let variants = [("reference", ["f32", "f16", "bf16"]), ("portable", ["f32", "f16", "bf16", "packed"])]
      let cases = variants.flatMap { kernel, variants in
        ["9x8x7", "1x1x1"].flatMap { size in variants.map { (name: "matmul/\(size)/\($0)", kernel: kernel) } }
      }
      #expect(results.map { $0["case"]?.text } == cases.map(\.name))
      #expect(results.map { $0["kernel"]?.text } == cases.map(\.kernel))
      for result in results {
        let seconds = try ["leastSeconds", "medianSeconds", "mostSeconds"].map { try #require(result[$0]?.double) }
        #expect(seconds[0] > 0 && seconds == seconds.sorted())
        #expect(try #require(result["runs"]?.integer) >= 7)
        #expect(try #require(result["gigaflops"]?.double) > 0)
        // The reference has no peak, so it has no share of one.
        #expect((result["percentOfPeak"] != nil) == (result["kernel"]?.text == "portable"))
      }
      // What was written can be compared, with itself too.
      try withTemporaryFolder { folder in
        let file = Path.join(folder, "ours.json")
        try File.replace(file, with: Array(result.output.utf8))
        let ratios = try ratios(["--peer", file, "--ours", file])
        #expect(ratios.count == cases.count)
        #expect(ratios.allSatisfy { $0["ratio"]?.double == 1 })
      }
    }
    @Test("Every rung of the product's ladder is verified and timed, on one thread and on those asked for")
    func ladder() throws {
      let size = "29x37x300"
      let arguments = ["matmul", "--ladder", "--size", size, "--kernel", "reference,portable", "--threads", "2"]
      let result = try program.run(arguments + ["--quick", "--json"])
      try #require(result.status == 0, "\(result.error)")
      let results = try #require(try JSON.parse(Array(result.output.utf8))["results"]?.array)
      #expect(
        results.map { $0["case"]?.text }
          == [
            "1-loops", "2-lanes", "3-registers", "4-panels", "5-blocks", "6-tasks", "6-tasks",
          ].map { "ladder/\(size)/\($0)" })
      #expect(results.map { $0["threads"]?.integer } == [1, 1, 1, 1, 1, 1, 2])
    }
  #endif
}

extension BenchmarksEndToEndTests {
  private typealias Figure = (name: String, kernel: String, threads: Int, least: Double, median: Double, most: Double)

  /// What a run or a peer script writes.
  private func document(_ program: String, _ figures: [Figure], facts: [(String, JSON)] = []) -> [UInt8] {
    let results = figures.map { figure -> JSON in
      JSON(
        members: [
          ("benchmark", JSON(String(figure.name.prefix { $0 != "/" }))), ("case", JSON(figure.name)),
          ("kernel", JSON(figure.kernel)), ("threads", JSON(figure.threads)), ("leastSeconds", JSON(figure.least)),
          ("medianSeconds", JSON(figure.median)), ("mostSeconds", JSON(figure.most)),
        ] + facts)
    }
    return JSON(members: [("machine", ["program": JSON(program)]), ("results", .array(results))]).encoded()
  }

  private func ratios(_ arguments: [String]) throws -> [JSON] {
    let result = try program.run(["compare", "--json"] + arguments)
    try #require(result.status == 0, "\(result.error)")
    return try #require(try JSON.parse(Array(result.output.utf8)).array)
  }

  /// Writes the documents to files and calls `body` with their paths.
  private func withFiles(_ documents: [[UInt8]], _ body: ([String]) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let paths = documents.indices.map { Path.join(folder, "\($0).json") }
      for (path, bytes) in zip(paths, documents) { try File.replace(path, with: bytes) }
      try body(paths)
    }
  }

  @Test("compare divides a peer's median by ours, case by case with the same number of threads")
  func comparison() throws {
    let ours = document(
      "svnup",
      [
        ("matmul/8x8x8/f32", "avx2", 2, 1, 2, 4), ("matmul/8x8x8/f32", "portable", 2, 8, 8, 8),
        ("matmul/8x8x8/f32", "avx2", 1, 4, 4, 4), ("gemv/1x8x8/f32", "avx2", 2, 1, 1, 1),
        ("wanda/8x8/wanda", "avx2", 2, 1, 1, 1),
      ])
    let torch = document("torch", [("gemv/1x8x8/f32", "mkl", 2, 3, 3, 3), ("matmul/8x8x8/f32", "mkl", 2, 2, 3, 6)])
    let numpy = document("numpy", [("matmul/8x8x8/f32", "openblas", 2, 1, 1, 1)])
    try withFiles([ours, torch, numpy]) { paths in
      let arguments = ["--ours", paths[0], "--peer", paths[1], "--peer", paths[2]]
      let found = try ratios(arguments).map { ratio in
        let numbers = ["oursSeconds", "peerSeconds", "ratio", "leastRatio", "mostRatio"].map {
          ratio[$0]?.double ?? .nan
        }
        return "\(ratio["case"]?.text ?? "") \(ratio["kernel"]?.text ?? "") \(ratio["peer"]?.text ?? "") \(numbers)"
      }
      #expect(
        found == [
          "matmul/8x8x8/f32 avx2 torch [2.0, 3.0, 1.5, 0.5, 6.0]",
          "matmul/8x8x8/f32 avx2 numpy [2.0, 1.0, 0.5, 0.25, 1.0]",
          "matmul/8x8x8/f32 portable torch [8.0, 3.0, 0.375, 0.25, 0.75]",
          "matmul/8x8x8/f32 portable numpy [8.0, 1.0, 0.125, 0.125, 0.125]",
          "gemv/1x8x8/f32 avx2 torch [1.0, 3.0, 3.0, 3.0, 3.0]",
        ])
      #expect(try ratios(arguments + ["gemv"]).map { $0["case"]?.text } == ["gemv/1x8x8/f32"])

      // A peer of which nothing can be compared is named, beside the others.
      try withFiles([document("idle", [("gemv/1x8x8/f32", "mkl", 3, 3, 3, 3)])]) { idle in
        let result = try program.run(["compare", "--peer", idle[0]] + arguments)
        #expect(result.status == 0)
        #expect(result.message.hasSuffix("with the same number of threads: it has 3, we 1, 2"), "\(result.message)")
      }

      let table = try program.run(["compare"] + arguments).output.split(separator: "\n")
      #expect(table.count == 6)
      let cells = table[1].split(separator: " ")
      #expect(cells == ["matmul/8x8x8/f32", "avx2", "2", "2000", "torch", "3000", "1.50", "0.50...6.00"])
    }
  }

  @Test("Several files of one program count as one: the median of the medians, and the outermost extremes")
  func severalFiles() throws {
    let name = "matmul/8x8x8/f32"
    let documents = [2.0, 10, 3].map { document("svnup", [(name, "avx2", 2, $0 - 1, $0, $0 + 1)]) }
    let peers = [12.0, 24].map { document("torch", [(name, "mkl", 2, $0, $0, $0)]) }
    try withFiles(documents + peers) { paths in
      let ratios = try ratios(paths[..<3].flatMap { ["--ours", $0] } + paths[3...].flatMap { ["--peer", $0] })
      #expect(ratios.count == 1)
      #expect(ratios.first?["oursSeconds"]?.double == 3 && ratios.first?["peerSeconds"]?.double == 18)
      #expect(ratios.first?["ratio"]?.double == 6)
      #expect(ratios.first?["leastRatio"]?.double == 12.0 / 11 && ratios.first?["mostRatio"]?.double == 24)
    }
  }

  @Test("A file that says nothing about our cases, or nothing that can be read, is refused by name")
  func malformed() throws {
    let one: [Figure] = [("tokenizer/a/b", "avx2", 1, 1, 1, 1)]
    let ours = document("svnup", one, facts: [("ids", 5)])
    let others: [([UInt8], String)] = [
      (Array("{".utf8), "not valid JSON"),
      (Array("{}".utf8), "'results', an array, is missing"),
      (Array("{\"results\": [{}]}".utf8), "'case' of result 0 is missing or malformed"),
      (document("torch", [("a", "", 1, 1, 0, 1)]), "'medianSeconds' of result 0 is missing or malformed"),
      (document("torch", [("a", "", 0, 1, 1, 1)]), "'threads' of result 0 is missing or malformed"),
      (
        document("torch", [("tokenizer/a/b", "", 2, 1, 1, 1)]),
        "none of its cases is among ours with the same number of threads: it has 2, we 1"
      ),
      (document("torch", []), "none of its cases is among ours"),
      (document("hf", one, facts: [("ids", 6)]), "tokenizer/a/b: 5 ids of ours and 6 of hf"),
    ]
    for (bytes, expected) in others {
      try withFiles([ours, bytes]) { paths in
        let message = try refusal(["compare", "--ours", paths[0], "--peer", paths[1]], status: 65)
        #expect(message.contains(expected), "\(message)")
      }
    }
    try withFiles([ours]) { paths in
      let missing = paths[0] + ".none"
      let message = try refusal(["compare", "--ours", paths[0], "--peer", missing], status: 66)
      #expect(message.contains(missing))
    }
  }
}
