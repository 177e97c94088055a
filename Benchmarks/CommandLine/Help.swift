/// What `--help` says.
enum Help {
  static var text: String {
    let names = allBenchmarks.map { benchmark in
      let form = benchmark.form.isEmpty ? "" : " --size \(benchmark.form)"
      return "  \((benchmark.name + form).onTheLeft(of: 34)) \(benchmark.summary)"
    }
    let sizes = allBenchmarks.filter { !$0.form.isEmpty }.map { benchmark in
      "  \(benchmark.name.onTheLeft(of: 15)) \(benchmark.sizes.map(\.description).joined(separator: ","))"
    }
    return """
      Times what svnup computes, after verifying it, beside what the machine can do at most.

      swift run -c release Benchmarks [BENCHMARK...] [options]
      swift run -c release Benchmarks compare --peer FILE [--ours FILE] [BENCHMARK...] [options]

      Benchmarks (all of them unless some are named):
      \(names.joined(separator: "\n"))

      Options:
        --size SIZE,...      sizes instead of the benchmark's own
        --kernel NAME,...    kernels of the matrix product, or all; the fastest unless given
        --threads N,...      numbers of threads; all processors unless given
        --json               one JSON document on standard output, the table on standard error
        --ladder             matmul: from three loops to the engine's product, rung by rung
        --quick              read 256 MiB instead of 1 GiB to measure the memory
        --text FILE          the text to tokenize, instead of the King James Bible
        --tokenizer DIR      the tokenizer, instead of the embedded model's
        --split-pattern RE   split words by this pattern, then into bytes, instead of as the tokenizer does

      Their own sizes:
      \(sizes.joined(separator: "\n"))

      compare puts the figures of other programs beside ours; case by case, it prints peer / ours:
        --peer FILE          what a script of Benchmarks/peers wrote; may be given several times
        --ours FILE          what --json wrote before, instead of a run now; may be given several times

      Several files of one program count as one: the median of their medians.

      Examples:
        swift run -c release Benchmarks matmul --size 512x512x512,1021x509x251 --kernel all --threads 1,2
        swift run -c release Benchmarks matmul --ladder
        swift run -c release Benchmarks gemv forward --threads 2 --json > ours.json
        python3 Benchmarks/peers/peer_torch.py --threads 2 --output torch.json
        swift run -c release Benchmarks compare --ours ours.json --peer torch.json

      """
  }
}
