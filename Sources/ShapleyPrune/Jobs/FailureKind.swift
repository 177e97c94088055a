import Support

/// What kind of failure an error tells of that a library of this package threw.
///
///     do { try result.save() } catch {
///       if FailureKind(error) == .cannotCreate { print("choose another folder: \(error)") }
///     }
public typealias FailureKind = Support.FailureKind
