import Support

/// What kind of failure an error of this package's libraries tells of.
///
///     do { try result.save() } catch {
///       if FailureKind(error) == .cannotCreate { print("choose another folder: \(error)") }
///     }
public typealias FailureKind = Support.FailureKind
