import Support
import Tensor

/// A command line, checked: what it asks for can be done.
struct Options {
  enum Command { case run, compare, help }

  private(set) var command = Command.run
  /// In the order of the table of benchmarks; all of them unless some are named.
  private(set) var benchmarks: [any Benchmark.Type] = []
  /// Whether the command line names some.
  private(set) var namesBenchmarks = false
  /// Nil means each benchmark's own.
  private(set) var sizes: [Size]?
  private(set) var kernels: [Kernel] = []
  private(set) var threads: [Int] = []
  /// Whether the command line says how many threads.
  private(set) var hasThreads = false
  private(set) var wantsJSON = false
  private(set) var isQuick = false
  private(set) var text: String?
  private(set) var tokenizer: String?
  private(set) var splitPattern: String?
  /// Files that are compared; none of ours means a run now.
  private(set) var peers: [String] = []
  private(set) var ours: [String] = []

  private static let flags = ["--json", "--quick", "--ladder"]
  private static let valued = [
    "--size", "--kernel", "--threads", "--text", "--tokenizer", "--split-pattern", "--peer", "--ours",
  ]
  private static let repeatable = ["--peer", "--ours"]

  /// Most threads that can be asked for.
  private static let threadLimit = 1024

  /// Reads the words after the program's name.
  init(_ words: [String]) throws(BenchmarkError) {
    if words.contains(where: { ["--help", "-h", "help"].contains($0) }) {
      command = .help
      return
    }
    var (names, given) = try Self.split(words)
    if names.first == "compare" {
      command = .compare
      names.removeFirst()
    }
    try setBenchmarks(names)
    try Self.demandUse(of: given, command, benchmarks)
    try setLadder(given["--ladder"] != nil)
    try setKernels(given["--kernel"]?[0])
    threads = try Self.threads(given["--threads"]?[0])
    hasThreads = given["--threads"] != nil
    try setSizes(given["--size"]?[0])
    wantsJSON = given["--json"] != nil
    isQuick = given["--quick"] != nil
    text = given["--text"]?[0]
    tokenizer = given["--tokenizer"]?[0]
    splitPattern = given["--split-pattern"]?[0]
    peers = given["--peer"] ?? []
    ours = given["--ours"] ?? []
    if command == .compare {
      guard !peers.isEmpty else { throw .usage("compare needs --peer FILE, a file that a peer script wrote") }
    } else if let option = Self.repeatable.first(where: { given[$0] != nil }) {
      throw .usage("\(option) belongs to compare: Benchmarks compare --peer FILE")
    }
  }

  /// The benchmarks named in a comparison's files, for a run of ours where the command line names none.
  mutating func keepBenchmarks(where isWanted: (String) -> Bool) {
    benchmarks = benchmarks.filter { isWanted($0.name) }
  }
  mutating func useThreads(_ counts: [Int]) { threads = counts }

  /// Words that are no options, and the values of every option; a flag's value is empty.
  private static func split(_ words: [String]) throws(BenchmarkError) -> ([String], [String: [String]]) {
    var names: [String] = []
    var given: [String: [String]] = [:]
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-") else {
        names.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let option = parts[0]
      if flags.contains(option) {
        guard parts.count == 1 else { throw .usage("\(option) takes no value") }
        given[option] = [""]
      } else if valued.contains(option) {
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty, !value.hasPrefix("--") else {
          throw .usage("\(option) needs a value")
        }
        guard given[option] == nil || repeatable.contains(option) else { throw .usage("\(option) is given twice") }
        given[option, default: []].append(value)
      } else {
        throw .usage("unknown option \(option); there are \((valued + flags).sorted().joined(separator: ", "))")
      }
    }
    return (names, given)
  }

  /// Throws where an option is given that nothing would obey.
  private static func demandUse(
    of given: [String: [String]], _ command: Command, _ benchmarks: [any Benchmark.Type]
  ) throws(BenchmarkError) {
    let measuring = ["--size", "--kernel", "--threads", "--quick", "--text", "--tokenizer", "--split-pattern"]
    if command == .compare, given["--ours"] != nil, let option = measuring.first(where: { given[$0] != nil }) {
      throw .usage("\(option) belongs to a run, and with --ours there is none")
    }
    func demand(_ options: [String], _ obeys: (any Benchmark.Type) -> Bool) throws(BenchmarkError) {
      guard !benchmarks.contains(where: obeys), let option = options.first(where: { given[$0] != nil }) else { return }
      throw .usage("\(option): it says nothing to \(benchmarks.map { $0.name }.joined(separator: ", "))")
    }
    try demand(["--text", "--tokenizer", "--split-pattern"]) { $0 is TokenizerBenchmark.Type }
    try demand(["--kernel"]) { $0.dependsOnKernel }
    try demand(["--threads"]) { $0.dependsOnThreads }
  }

  private mutating func setBenchmarks(_ names: [String]) throws(BenchmarkError) {
    let all = allBenchmarks
    if let unknown = names.first(where: { name in !all.contains { $0.name == name } }) {
      let known = all.map { $0.name }.joined(separator: ", ")
      let remedy = unknown == "compare" ? "; compare comes first" : "; there are \(known)"
      throw .usage("unknown benchmark '\(unknown)'\(remedy)")
    }
    namesBenchmarks = !names.isEmpty
    benchmarks = names.isEmpty ? all : all.filter { names.contains($0.name) }
  }

  /// Puts the product's ladder in its place.
  private mutating func setLadder(_ isWanted: Bool) throws(BenchmarkError) {
    guard isWanted else { return }
    guard command == .run, benchmarks.map({ $0.name }) == [MatmulBenchmark.name] else {
      throw .usage("--ladder belongs to matmul: Benchmarks matmul --ladder")
    }
    benchmarks = [LadderBenchmark.self]
  }

  private mutating func setKernels(_ list: String?) throws(BenchmarkError) {
    let available = Kernel.allCases.filter(\.isAvailable)
    let names = available.map(\.rawValue).joined(separator: ", ")
    guard let list else {
      if let problem = Kernel.environmentProblem { throw .usage(problem) }
      // A ladder begins on the ground.
      kernels = benchmarks.first is LadderBenchmark.Type ? available : [Kernel.automatic]
      return
    }
    if list == "all" {
      kernels = available.filter { $0 != .reference }
      return
    }
    for name in list.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      guard let kernel = Kernel(rawValue: name) else {
        throw .usage("--kernel: unknown kernel '\(name)'; available here: \(names), or all")
      }
      guard kernel.isAvailable else {
        throw .usage("--kernel: the kernel '\(name)' is not available on this machine; available here: \(names)")
      }
      if !kernels.contains(kernel) { kernels.append(kernel) }
    }
  }

  private static func threads(_ list: String?) throws(BenchmarkError) -> [Int] {
    guard let list else { return [Process.processorCount] }
    let parts = list.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }.filter { $0 >= 1 && $0 <= threadLimit }
    guard numbers.count == parts.count else {
      throw .usage("--threads \(list): numbers from 1 to \(threadLimit) with commas between them")
    }
    return Set(numbers).sorted()
  }

  private mutating func setSizes(_ list: String?) throws(BenchmarkError) {
    guard let list else { return }
    guard benchmarks.count == 1 else { throw .usage("--size needs the name of one benchmark") }
    let benchmark = benchmarks[0]
    guard !benchmark.dimensions.isEmpty else { throw .usage("--size: \(benchmark.name) has no size") }
    var sizes: [Size] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let size = Size(part, count: benchmark.dimensions.count) else {
        throw .usage(
          "--size \(part): the form is \(benchmark.form), whole numbers from 1 to \(Size.limit), such as "
            + "\(benchmark.sizes[0])")
      }
      try benchmark.check(size)
      guard benchmark.bytes(size) <= Process.physicalMemory else {
        throw .usage("--size \(part): it needs more memory than this machine has")
      }
      sizes.append(size)
    }
    self.sizes = sizes
  }
}
