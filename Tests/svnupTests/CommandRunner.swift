import Foundation
import Testing

/// Runs the real executable, which SwiftPM puts beside the test bundle.
struct CommandRunner {
  struct Result {
    var status: Int32
    var output: String
    var error: String

    /// The error without the newline at its end; a second line would still show.
    var message: String { error.hasSuffix("\n") ? String(error.dropLast()) : error }
  }

  struct NotFound: Error, CustomStringConvertible {
    var description: String {
      "the executable svnup is not beside the test bundle: \(ProcessInfo.processInfo.arguments)"
    }
  }

  let executable: URL

  /// A runner of a copy of the executable, or of a link to it.
  init(executable: URL) { self.executable = executable }

  init() throws {
    // Linux runs the bundle itself, macOS hands its path to a helper; either way some argument lies in a folder or file
    // named *.xctest.
    for argument in ProcessInfo.processInfo.arguments {
      var url = URL(fileURLWithPath: argument)
      while url.path != "/" {
        let candidate = url.deletingLastPathComponent().appendingPathComponent("svnup")
        if url.pathExtension == "xctest", FileManager.default.isExecutableFile(atPath: candidate.path) {
          executable = candidate
          return
        }
        url = url.deletingLastPathComponent()
      }
    }
    throw NotFound()
  }

  /// Runs `svnup` with these arguments and waits for its end.
  func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Result {
    try run(executable, arguments, input: input, environment: environment)
  }

  /// Runs a line of shell in which `$SVNUP` is the executable.
  func run(shell line: String) throws -> Result {
    let shell = URL(fileURLWithPath: "/bin/sh")
    return try run(shell, ["-c", line], input: "", environment: ["SVNUP": executable.path])
  }

  /// Standard streams are files, so no amount of output can block the command.
  private func run(
    _ program: URL, _ arguments: [String], input: String, environment: [String: String]
  ) throws -> Result {
    let manager = FileManager.default
    let folder = manager.temporaryDirectory.appendingPathComponent("svnup-test-\(UUID().uuidString)")
    try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? manager.removeItem(at: folder) }
    let files = ["input", "output", "error"].map { folder.appendingPathComponent($0) }
    try Data(input.utf8).write(to: files[0])
    for file in files.dropFirst() { try Data().write(to: file) }

    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
      error: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
  }
}

extension CommandRunner {
  /// Starts `svnup` and does not wait; what it says is dropped.
  func start(
    _ arguments: [String], environment: [String: String] = [:], error: FileHandle? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = error ?? FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Whether the system has a device that refuses every write.
  static var hasFullDevice: Bool { FileManager.default.fileExists(atPath: "/dev/full") }

  /// Whether `script` of util-linux can run a command on a pseudo-terminal.
  static let hasTerminals: Bool = {
    (try? CommandRunner().run(shell: "script -qec true /dev/null").status) == 0
  }()
}
