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
    "a model is replaced where nothing else lies in its folder: what svnup saved by its record, others by the names of their files",
    arguments: [
      ([:], nil), (["README.md": "", "LICENSE": "", ".gitattributes": "", "tokenizer.model": "", "code.py": ""], nil),
      (["notes.txt": ""], "notes.txt"), ([".env": ""], ".env"), (["data/thesis.txt": ""], "data"),
      (["svnup.json": "{}", "notes.txt": ""], "notes.txt"),
      (
        [
          "svnup.json": #"{"sha256": {"output": {"config.json": "0", "model.safetensors": "1", "notes.txt": "2"}}}"#,
          "notes.txt": "",
        ], nil
      ),
      (
        ["svnup.json": #"{"sha256": {"output": {"config.json": "0", "model.safetensors": "1"}}}"#, "notes.md": ""],
        "notes.md"
      ),
      (
        [
          "svnup.json": #"{"sha256": {"output": {"config.json": "0", "model.safetensors": "1"}}}"#,
          "model.packed.safetensors": "",
        ], nil
      ),
    ] as [([String: String], String?)])
  func replaced(files: [String: String], stranger: String?) throws {
    for name in ["config.json", "model.safetensors"] {
      try Data().write(to: path("empty/\(name)"))
    }
    for (name, text) in files {
      try FileManager.default.createDirectory(
        at: path("empty/\(name)").deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: path("empty/\(name)"))
    }
    let message = refusal { _ = try OutputFolder(folder.path + "/empty", inputs: [], replacing: true) }
    let reason = stranger.map { "it holds \($0), which is no part of the model; move that away, or choose another" }
    #expect(message == reason.map { "empty: cannot create: \($0)" })
  }

  @Test("a folder that only has a configuration, and names that mean standard output elsewhere")
  func noModel() throws {
    try Data().write(to: path("empty/config.json"))
    #expect(
      refusal { _ = try OutputFolder(folder.path + "/empty", inputs: [], replacing: true) }
        == "empty: cannot create: it exists and holds no model; remove it yourself, or choose another")
    for message in [
      refusal { _ = try OutputFolder("-", inputs: [], replacing: true) },
      refusal { _ = try OutputFile("-", inputs: [], replacing: true) },
    ] {
      #expect(message == "-: cannot create: results are on standard output anyway; a file of this name is ./-")
    }
  }

  @Test("a folder around a model whose name begins with a combining mark")
  func combiningMark() throws {
    let model = "models/\u{301}model"
    try FileManager.default.createDirectory(at: path(model), withIntermediateDirectories: true)
    try Data().write(to: path("models/config.json"))
    let output = folder.path + "/models"
    let message = refusal { _ = try OutputFolder(output, inputs: [folder.path + "/" + model], replacing: true) }
    #expect(message == "models: cannot create: it is the model's own directory, or holds it")
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
      ("link/vocab.json", false, "link/vocab.json: cannot create: it is a file of a model; choose another name"),
      ("vocab.json", false, nil), ("pytorch_model.bin", false, nil),
      (
        "models/model/pytorch_model.bin", true,
        "models/model/pytorch_model.bin: cannot create: it is a file of a model; choose another name"
      ),
    ] as [(String, Bool, String?)])
  func file(name: String, replacing: Bool, message: String?) {
    #expect(
      refusal { _ = try OutputFile(folder.path + "/" + name, inputs: [], replacing: replacing) } == message)
  }
}
