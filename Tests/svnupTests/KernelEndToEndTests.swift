import Support
import Tensor
import TestSupport
import Testing

@Suite("SVNUP_KERNEL, end to end")
struct KernelEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let perplexity = ["perplexity", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64"]

  @Test(
    "every kernel of this machine gives the same perplexity", arguments: Kernel.allCases.filter(\.isAvailable))
  func agreement(kernel: Kernel) throws {
    let environment = ["SVNUP_KERNEL": kernel.rawValue]
    let expected = try Fixtures.json(Fixtures.path("reference/llama3-gqa/expected.json"))
    let wanted = try #require(expected["dense"]?["ppl"]?.double)
    let result = try svnup.json(Self.perplexity, environment: environment)
    #expect(try abs(#require(result["perplexity"]?.double) / wanted - 1) <= 1e-6)
    // The kernel that was asked for is the one that ran.
    #expect(try svnup.json(["info", Inputs.llama3], environment: environment)["kernel"]?.text == kernel.rawValue)
  }

  @Test("a kernel that is not there is a usage error that names those that are", arguments: ["avx1024", "AVX2", ""])
  func unknown(name: String) throws {
    let message = try svnup.refusal(Self.perplexity, status: 64, environment: ["SVNUP_KERNEL": name])
    #expect(message.contains("SVNUP_KERNEL: there is no kernel '\(name)'"))
    for kernel in Kernel.allCases where kernel.isAvailable { #expect(message.contains(kernel.rawValue)) }
  }

  @Test("help and a wrong command line come before the kernel")
  func order() throws {
    let environment = ["SVNUP_KERNEL": "none"]
    #expect(try svnup.run(["help", "prune"], environment: environment).status == 0)
    #expect(try svnup.refusal(["perplexity"], status: 64, environment: environment).contains("MODEL is missing"))
  }
}
