import Foundation
import Support
import Tensor
import TestSupport
import Testing

/// Creates or replaces a file; nobody waits for the disk.
func write(_ bytes: [UInt8], to path: String) throws {
  try #require(FileManager.default.createFile(atPath: path, contents: Data(bytes)), "cannot write \(path)")
}

/// Opens a file with these bytes.
func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
  try withTemporaryFolder { folder in
    let path = Path.join(folder, "model.safetensors")
    try write(bytes, to: path)
    return try SafetensorsFile(path: path)
  }
}

/// What is wrong with a file of these bytes; checks that the error is bad data and one line that begins with the file and names
/// `words`.
func problem(_ bytes: [UInt8], naming words: String..., sourceLocation: SourceLocation = #_sourceLocation)
  throws -> CheckpointError.Problem
{
  try withTemporaryFolder { folder in
    let path = Path.join(folder, "model.safetensors")
    try write(bytes, to: path)
    let error = try thrown(CheckpointError.self, sourceLocation: sourceLocation) {
      try SafetensorsFile(path: path)
    }
    #expect(error.failureKind == .badData, sourceLocation: sourceLocation)
    expectOneLine(error, file: path, naming: words, sourceLocation: sourceLocation)
    return error.problem
  }
}

/// Checks that an error's description is one line that begins with the file and contains every one of `words`.
func expectOneLine(
  _ error: CheckpointError, file: String, naming words: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(error.file == file, sourceLocation: sourceLocation)
  #expect(error.description.hasPrefix("\(file): "), sourceLocation: sourceLocation)
  #expect(!error.description.contains { $0.isNewline }, sourceLocation: sourceLocation)
  for word in words {
    #expect(error.description.contains(word), "it must name \(word)", sourceLocation: sourceLocation)
  }
}
