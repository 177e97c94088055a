import FuzzTargets
import Support
import TestSupport
import Testing

/// What the fuzzers start from, and everything they ever found, through the same checks in every run of the tests.
@Suite("Fuzz targets") struct ReplayTests {
  static let inputs: [(target: String, file: String)] = ["Seeds", "Findings"].flatMap { kind in
    FuzzTargets.all.flatMap { target in
      let folder = Path.join(Fixtures.repository, "Tests/Fuzz/\(kind)/\(target.name)")
      return ((try? FileSystem.list(folder)) ?? []).map { (target.name, Path.join(folder, $0)) }
    }
  }

  @Test("Every seed and every finding keeps the promises of its target", arguments: inputs)
  func replay(_ name: String, _ file: String) throws {
    let type = try #require(FuzzTargets.all.first { $0.name == name })
    try withTemporaryFolder { folder in
      try type.init(scratch: ScratchFolder(folder)).check(try File.contents(of: file))
    }
  }

  private static let names = FuzzTargets.all.map { $0.name }

  @Test("Every target has seeds", arguments: names)
  func seeds(_ name: String) {
    #expect(Self.inputs.contains { $0.target == name })
  }
}
