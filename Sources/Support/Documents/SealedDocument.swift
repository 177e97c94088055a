// Documents that tell by a checksum whether somebody changed them.

extension JSON {
  private static let seal = "sha256"

  /// The object with the SHA-256 of its compact form as one more member.
  package var sealed: JSON { with(Self.seal, JSON(sha256)) }

  /// Whether it has the checksum of its other members.
  package var isSealed: Bool {
    self[Self.seal]?.text == JSON(members: objectMembers.filter { $0.0 != Self.seal }).sha256
  }
}

extension FieldReader {
  /// Throws unless the object has the checksum of its other members.
  ///
  /// - Parameter meaning: what that means, and what to do about it.
  package func checkSeal(_ meaning: String) throws(DocumentError) {
    guard !json.isSealed else { return }
    throw failure("it is not the hash of the rest: \(meaning)", at: "sha256")
  }
}
