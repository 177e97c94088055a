import Foundation
import Support
import TestSupport
import Testing
import Transformer

/// A save of a model of four shards over a save that is there, or to a free place, with something going wrong at every operation.
///
/// Afterwards the target is what it was or what was to be, by the hashes of its files, and never anything else.
@Suite struct SaveTests {
  /// What the target is before, and what the file system can do.
  enum Situation: String, CaseIterable, Codable, Sendable {
    case free, replaced, replacedWithoutExchange

    var hasOld: Bool { self != .free }

    /// What the file system itself refuses.
    func refusal(_ operation: FileOperation) -> Int32 {
      self == .replacedWithoutExchange && operation == .exchange ? ENOSYS : 0
    }
  }

  /// How a file system fails.
  enum Fault: CaseIterable, Sendable {
    /// One operation, once.
    case once
    /// From then on nothing new finds room.
    case full
    /// From then on nothing works.
    case broken

    func code(_ operation: FileOperation, isFirst: Bool) -> Int32 {
      switch self {
      case .once: isFirst ? EIO : 0
      case .full: [.makeDirectory, .create, .write, .synchronize].contains(operation) ? ENOSPC : 0
      case .broken: EIO
      }
    }
  }

  /// A folder with a target of another model beside it, where the situation has one.
  final class Place {
    let folder: String
    let target: String
    /// SHA-256 of the files of a target; empty where there is none.
    typealias State = [String: String]

    init(_ situation: Situation, in parent: String, _ name: String) throws {
      folder = Path.join(parent, name)
      target = Path.join(folder, "model")
      try FileSystem.makeDirectory(folder)
      guard situation.hasOld else { return }
      try FileManager.default.copyItem(atPath: Fixtures.path("random-models/llama-v1"), toPath: target)
    }

    func state() throws -> State {
      guard FileSystem.exists(target) else { return [:] }
      return try Dictionary(
        uniqueKeysWithValues: FileSystem.list(target).map {
          ($0, try SHA256.hexadecimal(ofFile: Path.join(target, $0)))
        })
    }

    /// Whether nothing but the target is there.
    func isClean() throws -> Bool { try FileSystem.list(folder).allSatisfy { $0 == "model" } }
  }

  /// A model, read once.
  struct Source: Sendable {
    let directory: ModelDirectory
    let model: any CausalLM

    init() throws {
      directory = try ModelDirectory(path: Fixtures.path("random-models/llama3-gqa"))
      model = try directory.loadModel()
    }

    func save(to target: String) throws {
      let writer = try DirectoryWriter(target: target, replacing: true)
      try directory.write(model, to: writer)
      try writer.write("svnup.json", Array("{}".utf8))
      try writer.commit()
    }
  }

  /// The operations of a save that nothing disturbs, and what it leaves.
  static func undisturbed(_ situation: Situation, _ source: Source) throws -> (
    operations: [FileOperation], state: Place.State
  ) {
    try withTemporaryFolder { folder in
      let place = try Place(situation, in: folder, "undisturbed")
      let log = OperationLog { operation, _ in situation.refusal(operation) }
      try log.record { try source.save(to: place.target) }
      #expect(try place.isClean())
      return (log.operations, try place.state())
    }
  }

  /// The number of the operation that puts the new folder in its place.
  static func turningPoint(_ operations: [FileOperation], _ situation: Situation) throws -> Int {
    try #require(operations.lastIndex(of: situation == .replaced ? .exchange : .rename))
  }

  @Test("Every operation fails in turn", arguments: Situation.allCases, Fault.allCases)
  func failures(situation: Situation, fault: Fault) throws {
    let source = try Source()
    let (operations, new) = try Self.undisturbed(situation, source)
    #expect(source.directory.checkpoint.shards.count == 4)
    let turningPoint = try Self.turningPoint(operations, situation)
    let old = try withTemporaryFolder { try Place(situation, in: $0, "old").state() }
    #expect(old != new)
    try withTemporaryFolder { folder in
      for index in operations.indices {
        let place = try Place(situation, in: folder, "\(index)")
        let log = OperationLog { operation, count in
          let refusal = situation.refusal(operation)
          return refusal != 0 ? refusal : count < index ? 0 : fault.code(operation, isFirst: count == index)
        }
        let error = log.error { try source.save(to: place.target) }
        let operation = operations[index]
        var state = try place.state()
        if situation == .replacedWithoutExchange, fault == .broken, index == turningPoint {
          // The old folder was moved aside, and nothing could move it back.
          #expect(state.isEmpty)
          try DirectoryWriter.check(place.target, replacing: true)
          state = try place.state()
          #expect(state == old)
        }
        let isNew = state == new
        #expect(isNew || state == old, "\(operation) \(index)")
        if error == nil { #expect(isNew, "\(operation) \(index)") }
        if isNew && fault == .once { #expect(index > turningPoint || error == nil, "\(operation) \(index)") }
        if let error { #expect(error.failureKind == .inputOutput, "\(error)") }
        // What cannot be removed stays, until the next save.
        let isRemoval = operation == .removeFile || operation == .removeDirectory
        if fault == .full || fault == .once && !isRemoval {
          #expect(try place.isClean(), "\(operation) \(index)")
        }
        try source.save(to: place.target)
        #expect(try place.isClean(), "\(operation) \(index)")
        #expect(try place.state() == new)
        FileSystem.removeTree(place.folder)
      }
    }
  }

  // Exit tests that capture values came with 6.3.
  #if compiler(>=6.3)
    @Test("The process is killed before every operation in turn", arguments: Situation.allCases)
    func kills(situation: Situation) async throws {
      let source = try Source()
      let (operations, new) = try Self.undisturbed(situation, source)
      let turningPoint = try Self.turningPoint(operations, situation)
      let parent = Path.join(FileManager.default.temporaryDirectory.path, "svnup-tests-\(UUID().uuidString)")
      try FileSystem.makeDirectory(parent)
      defer { FileSystem.removeTree(parent) }
      let old = try Place(situation, in: parent, "old").state()
      for index in operations.indices {
        let place = try Place(situation, in: parent, "\(index)")
        let target = place.target
        await #expect(processExitsWith: .signal(SIGKILL)) {
          [target = target as String, index = index as Int, situation = situation as Situation] in
          let log = OperationLog { operation, count in
            if count == index { kill(getpid(), SIGKILL) }
            return situation.refusal(operation)
          }
          try log.record { try Source().save(to: target) }
        }
        var state = try place.state()
        if situation == .replacedWithoutExchange, index == turningPoint {
          // The one moment without a target, on file systems where two folders cannot change places.
          #expect(state.isEmpty)
          try DirectoryWriter.check(target, replacing: true)
          state = try place.state()
          #expect(state == old)
        }
        #expect(state == (index <= turningPoint ? old : new), "\(operations[index]) \(index)")
        // Whatever the dead process left, the next save removes.
        try source.save(to: target)
        #expect(try place.isClean(), "\(operations[index]) \(index)")
        #expect(try place.state() == new)
        FileSystem.removeTree(place.folder)
      }
    }
  #endif

  @Test(
    "A disk that is full for real, earlier and later in the save",
    .enabled(if: SmallDisk.isPossible, "only root may mount a file system of a few kilobytes"),
    arguments: [8, 64, 128, 256, 384])
  func fullDisk(kilobytes: Int) throws {
    let source = try Source()
    #expect(try source.directory.byteCount() > kilobytes << 10)
    try SmallDisk.withDisk(kilobytes: kilobytes) { disk in
      let target = Path.join(disk, "model")
      try FileSystem.makeDirectory(target)
      try Data("old".utf8).write(to: URL(filePath: Path.join(target, "config.json")))
      let error = try #require(OperationLog().error { try source.save(to: target) })
      #expect(error.failureKind == .inputOutput)
      #expect(error.description.hasSuffix("No space left on device"), "\(error)")
      #expect(try FileSystem.list(disk) == ["model"])
      #expect(try FileSystem.list(target) == ["config.json"])
      #expect(try File.contents(of: Path.join(target, "config.json")) == Array("old".utf8))
    }
  }
}
