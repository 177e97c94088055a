/// What a kind of work holds in memory at its peak.
package struct Footprint: Sendable {
  /// Bytes of one thing that is held.
  ///
  /// In Double: sizes from a configuration multiply to anything.
  package struct Part: Sendable {
    package let name: String
    package let bytes: Double

    package init(_ name: String, _ bytes: Double) { (self.name, self.bytes) = (name, bytes) }
  }

  package let work: String
  package let parts: [Part]

  package init(_ work: String, _ parts: [Part]) { (self.work, self.parts) = (work, parts) }

  package var bytes: Double { parts.reduce(0) { $0 + $1.bytes } }

  /// The same work while other things are held.
  package func beside(_ others: [Part]) -> Footprint { Footprint(work, parts + others) }
}
