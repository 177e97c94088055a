/// The three standard streams.
package enum StandardStream: Int32, Sendable {
  case input = 0
  case output = 1
  case error = 2

  /// Whether a person reads this stream on a terminal.
  package var isTerminal: Bool { System.isTerminal(rawValue) }

  /// Columns of the terminal; 80 where there is none.
  package var columns: Int { System.columns(rawValue) ?? 80 }

  /// Writes the whole text, for news rather than results: what cannot be written is lost, and then this returns false.
  @discardableResult
  package func write(_ text: String) -> Bool { (try? send(text)) ?? false }

  /// Writes the whole text; returns false where the reader has gone, throws where the system refuses for another reason.
  package func send(_ text: String) throws(FileError) -> Bool {
    let code = writeAll(text)
    guard code != 0 else { return true }
    guard System.meaning(code) == .brokenPipe else { throw FileError("standard \(self)", "write", code) }
    return false
  }

  /// Writes the whole text and returns 0, or the number of the error that stopped it.
  private func writeAll(_ text: String) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = System.write(rawValue, rest)
        if count >= 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        } else if System.meaning(Int32(-count)) != .interrupted {
          return Int32(-count)
        }
      }
      return 0
    }
  }
}
