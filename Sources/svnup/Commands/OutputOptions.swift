import Support

/// Where a command writes.
package enum OutputOptions {
  package static let force = Option.flag("force", help: "Replace an output that exists.")

  /// What to do about an output that is there already.
  static func remedy(for error: any Error) -> String? {
    (error as? FileError)?.isForExistingOutput == true ? "--force replaces it" : nil
  }
}
