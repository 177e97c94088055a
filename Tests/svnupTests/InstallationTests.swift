import Foundation
import Support
import TestSupport
import Testing

@Suite("An installed executable, end to end")
struct InstallationTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let bundle = "svnup_svnup.resources"

  /// Copies the executable, and its resources where asked, to `folder`.
  private func install(to folder: String, resources: Bool) throws -> CommandRunner {
    let (manager, target) = (FileManager.default, URL(fileURLWithPath: folder))
    let copy = target.appendingPathComponent("svnup")
    try manager.copyItem(at: svnup.executable, to: copy)
    if resources {
      let source = svnup.executable.deletingLastPathComponent().appendingPathComponent(Self.bundle)
      try manager.copyItem(at: source, to: target.appendingPathComponent(Self.bundle))
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
      #expect(info["parameters"]?.integer == (try svnup.json(["info", Inputs.embedded]))["parameters"]?.integer)
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

  @Test("a copy without its resources says in one line what is missing where, and does everything but the demo")
  func bare() throws {
    try withTemporaryFolder { folder in
      let installed = try install(to: folder, resources: false)
      let message = try installed.refusal(["demo"], status: 66)
      #expect(message.contains("keep the folder \(Self.bundle) beside the executable"))
      #expect(message.contains("\(Self.bundle)/kjv-llama: cannot find the embedded model"))
      #expect(try installed.run(["demo", "--help"]).status == 0)
      let result = try installed.json(["perplexity", Inputs.llama1, "--data", Inputs.rows])
      #expect(result["windows"]?.integer == 16)
    }
  }
}
