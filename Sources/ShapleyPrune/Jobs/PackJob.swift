import Support
import Tensor
import Transformer

/// The packed form of a model directory, whose matrices leave out their zeros, and the way back.
///
///     let result = try PackJob("opt-125m-pruned", output: "opt-125m-packed").run()
///     print(result.storedBytes, "of", result.denseBytes)
///
/// Documentation/Packed.md has the form. Every job reads both.
public struct PackJob: Sendable {
  /// Which way it goes.
  public enum Direction: Sendable {
    case pack
    /// To the files that were packed, to the byte.
    case unpack
  }

  /// The directory that is read.
  public var directory: String
  /// The directory that is written.
  public var output: String
  /// Whether an output that exists is replaced.
  public var replaces = false
  /// Which way it goes.
  public var direction: Direction
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// The packing of a directory, or the way back.
  public init(_ directory: String, output: String, direction: Direction = .pack) {
    (self.directory, self.output, self.direction) = (directory, output, direction)
  }

  /// Reads the directory and writes the other one: everything or nothing.
  ///
  /// Throws an error where the directory is not a model's, is already in the form that is asked for, or the output cannot be written.
  public func run() throws -> PackResult {
    let source = try ModelSource(directory)
    let (model, checkpoint) = (source.directory, source.directory.checkpoint)
    for note in model.notes { events.note(note) }
    guard checkpoint.isPacked == (direction == .unpack) else {
      throw direction == .pack
        ? FileError(directory, "pack", reason: "it is packed already", failureKind: .badData)
        : FileError(directory, "unpack", reason: "it is not packed", failureKind: .badData)
    }
    let folder = try OutputFolder(output, inputs: [directory], replacing: replaces)
    let sizes = checkpoint.packedSizes
    if direction == .unpack { try folder.checkSpace(for: model, bytes: sizes.denseBytes) }
    let writer = try DirectoryWriter(target: folder.path, replacing: folder.isReplaced)
    let (names, notes) = model.companions
    for note in notes { events.note("\(directory): \(note)") }
    // The record of a pruning is of the numbers, which are the same.
    let record = FileSystem.exists(Path.join(directory, PruningRecord.fileName)) ? [PruningRecord.fileName] : []
    for name in names + record { try writer.copy(Path.join(directory, name)) }
    var written = sizes
    switch direction {
    case .pack:
      written = try events.duringBytes("packing \(directory)", total: 2 * checkpoint.byteCount) {
        try checkpoint.writePacked(to: writer, progress: $0)
      }
    case .unpack:
      try events.duringBytes("unpacking \(directory)", total: sizes.denseBytes) {
        try checkpoint.writeDense(to: writer, progress: $0)
      }
    }
    // What was written is opened before it takes its place.
    _ = try Checkpoint(directory: writer.temporary)
    try folder.commit(writer, events)
    return PackResult(directory: directory, output: output, sizes: written)
  }
}

/// What a packing came to.
public struct PackResult: Sendable {
  /// The directory that was read.
  public let directory: String
  /// The directory that was written.
  public let output: String
  /// How the matrices are stored in the packed one.
  package let sizes: Checkpoint.PackedSizes

  /// How many matrices have each of the forms: dense, bitmap, columns.
  public var forms: [(name: String, count: Int)] {
    MatrixForm.allCases.map { ($0.rawValue, sizes.matrices[$0] ?? 0) }
  }
  /// Bytes of all tensors with their zeros.
  public var denseBytes: Int { sizes.denseBytes }
  /// Bytes of all tensors as they are packed.
  public var storedBytes: Int { sizes.storedBytes }
}
