import Support

/// How the text of a file is read: what its documents are, and how they become tokens.
///
///     job.evaluation = .text("wiki.test.raw", as: TextReading(format: .wikitext))
///     job.calibration = .text("c4.jsonl", as: TextReading(field: "content"))
public struct TextReading: Sendable, Equatable {
  /// What a file holds.
  public enum Format: String, CaseIterable, Sendable {
    /// JSON where the name ends in `.jsonl`, `.ndjson` or `.json`; else a text.
    case auto
    /// One text, as it is.
    case text
    /// Documents: an object with a text in each line, or an array of such objects.
    case json
    /// The rows of WikiText as the papers read them: every line with its newline is a row, a blank line is an empty one,
    /// and two newlines join them.
    case wikitext
  }

  /// What becomes of several documents.
  public enum Joining: String, CaseIterable, Sendable {
    /// A space joins them into one text, as SparseGPT measures C4.
    case space
    /// An empty line joins them into one text.
    case paragraph
    /// Each is tokenized by itself, and no window or sample goes over its end, as SparseGPT calibrates on C4.
    case apart
  }

  /// What the file holds.
  public var format: Format
  /// The member of a JSON object that has the text.
  public var field: String
  /// What becomes of several documents; nil for a space where perplexity is measured, apart where samples are drawn.
  public var joining: Joining?

  /// How a text is read; nothing given reads a file by its name.
  public init(format: Format = .auto, field: String = "text", joining: Joining? = nil) {
    (self.format, self.field, self.joining) = (format, field, joining)
  }

  /// Whether a file of this name holds JSON.
  func isJSON(_ path: String) -> Bool {
    format == .json || format == .auto && [".jsonl", ".ndjson", ".json"].contains { path.hasSuffix($0) }
  }
}

extension TextReading: Record {
  /// How a text is read where nobody says.
  public init() { self.init(format: .auto) }

  package static let fields: [RecordField<TextReading>] = [
    RecordField("format", \.format, .word, isRequired: false),
    RecordField("field", \.field, .text, isRequired: false),
    RecordField("documents", \.joining, FieldFormat.word.orNull, isRequired: false),
  ]
}
