import Foundation
import Support
import TestSupport
import Testing
import svnup

@Suite("An installed executable, end to end")
struct InstallationTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let bundle = "svnup.resources"

  /// Copies the executable, and its resources where asked, to `folder`.
  private func install(to folder: String, resources: Bool) throws -> CommandRunner {
    let (manager, target) = (FileManager.default, URL(fileURLWithPath: folder))
    let copy = target.appendingPathComponent("svnup")
    try manager.copyItem(at: svnup.executable, to: copy)
    if resources {
      let source = Path.parent(of: Inputs.embedded)
      try manager.copyItem(atPath: source, toPath: Path.join(folder, Self.bundle))
    }
    return CommandRunner(executable: copy)
  }

  @Test("a copy with its resources beside it finds the embedded model, also when it is called through a link")
  func complete() throws {
    try withTemporaryFolder { folder in
      let bin = Path.join(folder, "bin")
      try FileSystem.makeDirectory(bin)
      let installed = try install(to: bin, resources: true)
      let info = try installed.json(["info", Path.join(bin, "\(Self.bundle)/kjv-llama")])
      #expect(info["blocks"]?.array?.count == 12)
      #expect(try info["parameters"]?.integer == (svnup.json(["info", Inputs.embedded]))["parameters"]?.integer)
      #expect(try installed.run(["demo", "--help"]).output == svnup.run(["demo", "--help"]).output)

      let link = URL(fileURLWithPath: Path.join(folder, "link"))
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: installed.executable)
      // An output that exists is refused only once the embedded model has been found.
      for runner in [installed, CommandRunner(executable: link)] {
        let message = try runner.refusal(["demo", "--output", bin], status: 73)
        #expect(message == "svnup: \(bin): cannot create: it is the model's own directory, or holds it")
      }
    }
  }

  @Test(
    "resources are looked for beside the executable, under its prefix, then in the sources; else one line says what is missing"
  )
  func places() throws {
    try withTemporaryFolder { folder in
      let (bin, prefix) = (Path.join(folder, "bin"), Path.join(folder, "share"))
      for path in [bin, prefix, Path.join(prefix, "kjv-llama")] { try FileSystem.makeDirectory(path) }
      #expect(try EmbeddedModel.find("kjv-llama", in: [bin, prefix]) == Path.join(prefix, "kjv-llama"))
      let error = try thrown(FileError.self) { try EmbeddedModel.find("kjv-text", in: [bin, prefix]) }
      #expect(
        "\(error)" == "\(bin)/kjv-text: cannot find the embedded model: copy the sources' folder Resources there")
      #expect(error.failureKind == .noInput)
      // The sources that the program was built from are the last of the places.
      let info = try install(to: bin, resources: false).refusal(["demo", "--output", folder], status: 73)
      #expect(info.hasPrefix("svnup: \(folder): cannot create"))
    }
  }
}
