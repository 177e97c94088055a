import Charts
import Report
import ShapleyPrune
import Support

/// Where a command writes its report and its charts: checked, and the names taken, before anything is computed.
struct ReportOutput {
  private let page: OutputFile?
  private let charts: ChartFolder?

  /// Refuses what could not be written, and what would lie in another output, or hold one.
  ///
  /// - Parameters:
  ///   - page: the file for the page; nil for none.
  ///   - charts: the folder for the charts; nil for none.
  ///   - inputs: what the command reads.
  ///   - outputs: what else the command writes.
  init(page: String?, charts: String?, inputs: [String?], outputs: [String?], replacing: Bool) throws(FileError) {
    let outputs = outputs.compactMap(\.self)
    if let page { try Self.check(page, beside: outputs + [charts].compactMap(\.self)) }
    if let charts { try Self.check(charts, beside: outputs + inputs.compactMap(\.self)) }
    self.page = try page.map { (path) throws(FileError) in
      try OutputFile(path, inputs: inputs.compactMap(\.self), replacing: replacing)
    }
    self.charts = try charts.map { (path) throws(FileError) in try ChartFolder(path, replacing: replacing) }
  }

  /// Whether there is anything to write.
  private var isWanted: Bool { page != nil || charts != nil }

  /// The console, with times of the phases taken where a report shows them.
  func events(_ console: Console) -> TimedEvents? { isWanted ? TimedEvents(console) : nil }

  /// Writes what was asked for, each complete or not at all, and says so.
  func write(_ report: @autoclosure () -> Page, _ console: Console) throws(FileError) {
    guard isWanted else { return }
    let report = report()
    if let page {
      try page.write(report.rendered)
      console.note("report in \(page.path)")
    }
    guard let charts else { return }
    if report.charts.isEmpty {
      console.note("no charts in \(charts.path): of this run there is nothing to draw")
    } else {
      try charts.write(report)
      console.note("charts in \(charts.path)")
    }
  }

  /// Tells the result, and writes what was asked for: neither a disk that is full nor a reader who has gone costs the other.
  func write(_ report: @autoclosure () -> Page, _ console: Console, beside tell: () throws -> Void) throws {
    let told = Result(catching: tell)
    try write(report(), console)
    try told.get()
  }

  private static func check(_ path: String, beside others: [String]) throws(FileError) {
    let place = FileSystem.place(path)
    for other in others {
      let there = FileSystem.place(other)
      let (isInside, isAround) = (Path.isWithin(place, there), Path.isWithin(there, place))
      guard isInside || isAround else { continue }
      throw FileError.cannotCreate(
        path,
        isInside && isAround
          ? "it is \(other), which this run reads or writes" : "it lies in \(other), or holds it")
    }
  }
}

/// A folder for charts, complete or not at all.
private struct ChartFolder {
  let path: String
  private let isReplaced: Bool

  /// Refuses a folder that could not be written, and the replacement of one that holds anything but drawings.
  init(_ path: String, replacing: Bool) throws(FileError) {
    self.path = path
    isReplaced = replacing
    try DirectoryWriter.check(path, replacing: replacing)
    if let names = try? FileSystem.list(path), let other = names.first(where: { !Self.isDrawing($0, in: path) }) {
      throw FileError.cannotCreate(
        path, "it holds \(other), which is no chart of a report; remove it yourself, or choose another")
    }
    try DirectoryWriter.rehearse(path, replacing: replacing)
  }

  /// Whether a file of a folder is one of a report's, by its name and by what it begins with.
  private static func isDrawing(_ name: String, in folder: String) -> Bool {
    guard Page.isDrawingName(name), let file = try? File(Path.join(folder, name)), let status = try? file.status(),
      let beginning = try? file.read(count: min(512, status.size), at: 0)
    else { return false }
    return Page.isDrawing(beginning)
  }

  func write(_ report: Page) throws(FileError) {
    let folder = try DirectoryWriter(target: path, replacing: isReplaced)
    for (name, svg) in report.drawings { try folder.write(name, Array(svg.utf8)) }
    try folder.commit()
  }
}
