import Foundation
import ShapleyPrune
import Testing
import svnup

@Suite("Outputs are checked before anything is computed")
final class OutputTests {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("svnup-test-\(UUID().uuidString)")
    for name in ["models/model", "empty"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    for name in ["file", "models/model/config.json", "models/model/model.safetensors", "models/model/values.json"] {
      try Data().write(to: path(name))
    }
    try FileManager.default.createSymbolicLink(at: path("link"), withDestinationURL: path("models/model"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func path(_ name: String) -> URL { folder.appendingPathComponent(name) }

  private func refusal(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)".replacing(folder.path + "/", with: "").replacing(folder.path, with: ".")
    }
  }

  @Test(
    "a directory",
    arguments: [
      ("new", false, nil), ("new/", false, nil), ("models/model/new", false, nil), ("empty", true, nil),
      ("empty", false, "empty: cannot create: it exists"),
      ("file", true, "file: cannot create: something that is not a folder is there"),
      ("none/new", false, "none/new: cannot create: the folder none does not exist"),
      ("models/model", true, "models/model: cannot create: it is the model's own directory, or holds it"),
      (
        "models/../models/model/", true,
        "models/../models/model/: cannot create: it is the model's own directory, or holds it"
      ),
      ("link", true, "link: cannot create: it is the model's own directory, or holds it"),
      ("models", true, "models: cannot create: it is the model's own directory, or holds it"),
    ] as [(String, Bool, String?)])
  func directory(name: String, replacing: Bool, message: String?) {
    let output = folder.path + "/" + name
    let model = path("models/model").path
    #expect(refusal { _ = try OutputFolder(output, inputs: [model], replacing: replacing) } == message)
  }

  @Test(
    "a file",
    arguments: [
      ("new", false, nil), ("file", true, nil),
      ("file", false, "file: cannot create: it exists"),
      ("empty", true, "empty: cannot create: something that is not a file is there"),
      ("none/new", false, "none/new: cannot create: the folder none does not exist"),
      ("file/new", false, "file/new: cannot create: the folder file does not exist"),
      ("models/model/values.json", true, nil), ("models/model/report.html", false, nil),
      (
        "models/model/model.safetensors", true,
        "models/model/model.safetensors: cannot create: it is a file of a model; choose another name"
      ),
      ("link/config.json", true, "link/config.json: cannot create: it is a file of a model; choose another name"),
    ] as [(String, Bool, String?)])
  func file(name: String, replacing: Bool, message: String?) {
    #expect(
      refusal { _ = try OutputFile(folder.path + "/" + name, inputs: [], replacing: replacing) } == message)
  }
}
