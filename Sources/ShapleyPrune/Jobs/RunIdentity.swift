import Support
import Tensor
import Transformer

/// Everything that decides about Shapley values: games with equal identities have equal values, to the bit.
///
/// Plans, shards and journals know by it whether they belong together.
struct RunIdentity {
  let json: JSON

  init(_ game: PreparedGame) {
    let memory = game.memory
    var members: [(String, JSON)] = [
      ("svnup", JSON(Version.current)),
      // Two builds of one version may compute different last bits.
      ("executable", Self.executable.map { JSON($0) } ?? .null),
    ]
    members += game.settings.members
    members += [
      ("windows", JSON(game.windows.sequences)), ("sequenceLength", JSON(game.windows.length)),
      ("windowTokens", JSON(game.windows.tokens.sha256)),
      ("sampleTokens", game.calibration.map { JSON($0.tokens.sha256) } ?? .null),
      // Sums differ in their last bits from one instruction set to another.
      ("kernel", JSON(Kernel.current.rawValue)),
      ("calibrationStates", JSON(memory.calibrationStates.rawValue)),
      ("stripRows", Self.stripsShow(game) ? JSON(memory.stripRows) : .null), ("sha256", game.hashes.json),
    ]
    json = JSON(members: members)
  }

  /// The identity that a plan states.
  init(json: JSON) { self.json = json }

  /// SHA-256 of the identity.
  var hash: String { json.sha256 }

  /// SHA-256 of the program's own file; nil where the system does not tell which that is.
  static let executable = Process.executablePath.flatMap { try? SHA256.hexadecimal(ofFile: $0) }

  /// The kernel that a plan was made with.
  ///
  /// Throws where this machine does not have it.
  static func kernel(named name: String) throws(DocumentError) -> Kernel {
    guard let kernel = Kernel(rawValue: name), kernel.isAvailable else {
      throw DocumentError(
        "the plan",
        reason: "it was made with the kernel \(name.isEmpty ? "?" : name), which this machine cannot run; make it with "
          + "SVNUP_KERNEL set to one that all machines have")
    }
    return kernel
  }

  /// Whether the last bits depend on how the text is cut into strips: see Documentation/Memory.md.
  private static func stripsShow(_ game: PreparedGame) -> Bool {
    let probe = game.settings.probe
    let lengths = [game.windows.length] + (probe == nil ? [] : [game.calibration?.length ?? game.windows.length])
    if lengths.contains(where: { $0 <= PackingMemory.batchDependentRows(.current) }) { return true }
    return probe?.pruner.statistics == .gram && lengths.contains { $0 % 256 != 0 }
  }

  /// Throws where two identities differ; names the first difference.
  ///
  /// - Parameter source: the file that states this one.
  func check(_ other: RunIdentity, source: String) throws {
    guard json.encoded() != other.json.encoded() else { return }
    // Files first: they say more than what was made of them.
    guard let difference = json.firstDifference(from: other.json, first: "sha256") else {
      throw DocumentError(source, reason: "it was made by another version of svnup")
    }
    throw DocumentError(
      source, field: difference.field.joined(separator: "."),
      reason: "the plan was made with \(difference.wanted.brief), and here it is \(difference.found.brief)")
  }
}

extension JSON {
  /// The first member in which another value differs, of the members of a member the first, too; nil where all are the same.
  ///
  /// - Parameter first: the member that is looked at before the others.
  fileprivate func firstDifference(
    from other: JSON, first: String? = nil
  ) -> (field: [String], wanted: JSON, found: JSON)? {
    let members = objectMembers.filter { $0.0 == first } + objectMembers.filter { $0.0 != first }
    for (name, wanted) in members {
      let found = other[name] ?? .null
      guard wanted.encoded() != found.encoded() else { continue }
      guard let inner = wanted.firstDifference(from: found) else { return ([name], wanted, found) }
      return ([name] + inner.field, inner.wanted, inner.found)
    }
    return nil
  }

  /// A value in a message, cut short.
  fileprivate var brief: String {
    let text = String(decoding: encoded(), as: UTF8.self)
    return text.count <= 60 ? text : "\(text.prefix(57))…"
  }
}
