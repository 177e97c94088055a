import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// All that is needed to make the model again: the command, the settings, the files by their hashes.
  public static func provenance(of record: PruningRecord) -> PageSection {
    var facts: [PageBlock.Fact] = [
      .init("svnup", record.version), .init("kernel", record.kernel), .init("method", record.pruner.name),
    ]
    facts += settings(Registries.pruners.members(of: record.pruner))
    if let groups = record.groups?.groups { facts.append(.init("pattern", groups)) }
    facts += [
      .init("targets", record.targets.rawValue), .init("pruned at a time", record.sequencing.rawValue),
      .init("weighting", record.weighting.rawValue), .init("seed", "\(record.seed)"),
      .init("allocation", record.allocation.rule),
    ]
    if let spread = record.allocation.spread { facts.append(.init("spread", spread.exact)) }
    if let scaling = record.allocation.scaling { facts.append(.init("scaling", scaling.rawValue)) }
    if let samples = record.samples { facts.append(.init("calibration samples", "\(samples)")) }
    if let length = record.sampleLength { facts.append(.init("tokens a sample", "\(length)")) }
    if let states = record.calibrationStates { facts.append(.init("calibration states", states.rawValue)) }
    if let text = record.calibrationText { facts.append(.init("calibration text", text.provenance)) }
    if let evaluation = record.evaluation {
      facts.append(
        .init(
          "evaluation",
          "\(evaluation.tokens) tokens predicted in \(Quantity.counted(evaluation.windows, "window")) of \(evaluation.sequenceLength)"
        ))
      if let text = evaluation.text { facts.append(.init("evaluation text", text.provenance)) }
    }
    return provenance(facts, command: record.command, hashes: record.hashes.json)
  }

  /// All that is needed to take the values again.
  public static func provenance(of record: ShapleyRecord, command: [String]) -> PageSection {
    var facts: [PageBlock.Fact] = [.init("svnup", Version.current)]
    facts += settings(record.settings.members)
    facts.append(.init("windows", "\(record.windows) of \(record.sequenceLength) tokens"))
    if let samples = record.samples { facts.append(.init("calibration samples", "\(samples)")) }
    if let text = record.text { facts.append(.init("text", text.provenance)) }
    return provenance(facts, command: command, hashes: record.hashes)
  }

  private static func settings(_ members: [(String, JSON)]) -> [PageBlock.Fact] {
    members.filter { !$0.1.isNull }.map { .init($0.0, FigureTable.text($0.1)) }
  }

  static func provenance(_ facts: [PageBlock.Fact], command: [String], hashes: JSON) -> PageSection {
    var blocks: [PageBlock] = []
    if !command.isEmpty { blocks.append(.code(ShellCommand.lines(command))) }
    blocks.append(.facts(facts))
    var table = PageTable("SHA-256 of every file", [.text("role"), .text("file"), .text("SHA-256")])
    for (role, files) in hashes.objectMembers {
      for (name, hash) in files.objectMembers { table.append([role, name, hash.text ?? ""]) }
    }
    if !table.rows.isEmpty { blocks.append(.details("SHA-256 of every file", [.table(table)])) }
    return PageSection("Provenance", blocks)
  }
}

/// A command line in several lines.
enum ShellCommand {
  /// The words as a command for a shell, an option a line: a browser would break a line behind its dashes.
  static func lines(_ words: [String]) -> String {
    words.enumerated().map { index, word in
      (index == 0 ? "" : word.hasPrefix("--") ? " \\\n  " : " ") + word.shellWord
    }.joined()
  }
}

extension TextProtocol {
  /// How the text became tokens, with the whole hash.
  var provenance: String {
    let parts = [documents.map { "\($0) documents" }, joining, "\(tokens) tokens"].compactMap(\.self)
    let special = [("in front", bos), ("behind", eos)].compactMap { place, text in
      text.map { $0.isEmpty ? "nothing \(place)" : "\($0) \(place)" }
    }
    return (parts + special + ["SHA-256 \(hash)"]).joined(separator: ", ")
  }
}
