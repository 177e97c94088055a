import ShapleyPrune
import Testing
import svnup

private enum Fixture: Command {
  static let input = Positional.required("INPUT", help: "What to read.")
  static let extra = Positional.optional("EXTRA", help: "What else to read.")
  static let count = Option("count", .integer(1...9), default: 3, help: "How many.")
  static let ratio: Option<Double?> = Option("ratio", .number(0...1, excludingLower: true), help: "How much.")
  static let file: Option<String?> = Option("file", .text("FILE"), help: "Where.")
  static let placement = Option<WindowPlacement>("placement", .word, default: .centred, help: "Which.")
  static let pattern: Option<SparsityPattern?> = Option("pattern", .groups, help: "N of M.")
  static let seed = Option("seed", .integer(0...Int.max), default: 0, help: "Where from.")
  static let loud = Option.flag("loud", help: "Loud.")

  static let many = Option.repeated("many", .text("FILE"), help: "Several.")
  static let list = Option("list", .list(of: .integer(1...9)), default: [1, 2], help: "Several at once.")

  static let name = "try"
  static let family = CommandFamily.help
  static let summary = "A command for tests."
  static let positionals: [any Declaration] = [input, extra]
  static let groups: [OptionGroup] = [("Options", [count, ratio, file, placement, pattern, seed, loud, many, list])]
  static let examples: KeyValuePairs = ["Try:": "svnup try x"]

  static func run(_ arguments: Arguments, console: Console) {}

  static func parse(_ words: String...) throws(UsageError) -> Arguments {
    try Arguments(parsing: words, for: Fixture.self)
  }
}

@Suite("Arguments")
struct ArgumentsTests {
  /// The message of the usage error that a body throws.
  private func problem(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      #expect((error as? UsageError)?.command == "try")
      return (error as? UsageError)?.message ?? "\(error)"
    }
  }

  @Test("options that are not given have their defaults")
  func defaults() throws {
    let arguments = try Fixture.parse("a")
    #expect(arguments[Fixture.input] == "a")
    #expect(arguments[Fixture.extra] == nil)
    #expect(arguments[Fixture.count] == 3)
    #expect(arguments[Fixture.ratio] == nil)
    #expect(arguments[Fixture.placement] == .centred)
    #expect(!arguments[Fixture.loud])
    #expect(!arguments.isGiven(Fixture.count))
    #expect(!arguments.isGiven(Fixture.extra))
  }

  @Test("values have their types, whether after a blank or an equals sign, before or after the arguments")
  func values() throws {
    let arguments = try Fixture.parse(
      "--count", "7", "a", "--ratio=0.25", "--placement", "averaged", "--pattern=2:4", "--loud", "b", "--file=a=b",
      "--seed", "9223372036854775807")
    #expect(arguments[Fixture.input] == "a")
    #expect(arguments[Fixture.extra] == "b")
    #expect(arguments[Fixture.count] == 7)
    #expect(arguments[Fixture.ratio] == 0.25)
    #expect(arguments[Fixture.placement] == .averaged)
    #expect(arguments[Fixture.pattern] == .structured(keep: 2, of: 4))
    #expect(arguments[Fixture.file] == "a=b")
    #expect(arguments[Fixture.seed] == .max)
    #expect(arguments[Fixture.loud])
    #expect(arguments.isGiven(Fixture.count))
    #expect(arguments.isGiven(Fixture.extra))
  }

  @Test("an option given with its default counts as given")
  func givenDefault() throws {
    #expect(try Fixture.parse("a", "--count", "3").isGiven(Fixture.count))
  }

  @Test("-- ends the options; a lone dash is an argument and a value")
  func dashes() throws {
    let arguments = try Fixture.parse("--file", "-", "--", "--loud", "-")
    #expect(arguments[Fixture.input] == "--loud")
    #expect(arguments[Fixture.extra] == "-")
    #expect(arguments[Fixture.file] == "-")
    #expect(!arguments[Fixture.loud])
    #expect(try Fixture.parse("--", "a", "--")[Fixture.extra] == "--")
    #expect(try Fixture.parse("a", "--file=-x")[Fixture.file] == "-x")
  }

  @Test(
    "each mistake has its message",
    arguments: [
      ([], "INPUT is missing"),
      ([""], "INPUT must not be empty"),
      (["a", "b", "c"], "unexpected argument 'c': try takes only INPUT EXTRA"),
      (["a", "--cuont", "3"], "unknown option --cuont, did you mean --count?"),
      (["a", "-count", "3"], "unknown option -count, did you mean --count?"),
      (["a", "--quantum"], "unknown option --quantum"),
      (["a", "--Count=3"], "unknown option --Count, did you mean --count?"),
      (["a", "-5"], "unknown option -5; an argument that begins with a dash comes after --"),
      (["a", "--count", "3", "--count=3"], "--count is given twice"),
      (["a", "--loud", "--loud"], "--loud is given twice"),
      (["a", "--loud=yes"], "--loud takes no value"),
      (["a", "--file"], "--file needs a value: --file FILE"),
      (["a", "--file", "--loud"], "--file needs a value: --file FILE"),
      (["a", "--file", "--count=3"], "--file needs a value: --file FILE"),
      (["a", "--file", "--"], "--file needs a value: --file FILE"),
      (["a", "--file", "-x"], "--file needs a value; one that begins with a dash is written --file=-x"),
      (["a", "--file="], "--file '': must not be empty"),
      (["a", "--count", "0"], "--count 0: must be between 1 and 9"),
      (["a", "--count", "-1"], "--count -1: must be between 1 and 9"),
      (["a", "--count", "2.5"], "--count 2.5: must be an integer, between 1 and 9"),
      (["a", "--count", "1e0"], "--count 1e0: must be an integer, between 1 and 9"),
      (["a", "--count="], "--count '': must be an integer, between 1 and 9"),
      (["a", "--seed", "-1"], "--seed -1: must be 0 or more"),
      (["a", "--seed", "9223372036854775808"], "--seed 9223372036854775808: must be at most 9223372036854775807"),
      (["a", "--ratio", "0"], "--ratio 0: must be more than 0 and at most 1"),
      (["a", "--ratio", "-1e-9"], "--ratio -1e-9: must be more than 0 and at most 1"),
      (["a", "--ratio", "30"], "--ratio 30: must be more than 0 and at most 1; 30 % is 0.3"),
      (["a", "--ratio", "1.1"], "--ratio 1.1: must be more than 0 and at most 1; 1.1 % is 0.011"),
      (["a", "--ratio", "1e999"], "--ratio 1e999: must be a number more than 0 and at most 1"),
      (["a", "--ratio", "inf"], "--ratio inf: must be a number more than 0 and at most 1"),
      (["a", "--ratio", "-inf"], "--ratio -inf: must be a number more than 0 and at most 1"),
      (["a", "--ratio", "0x1p-1"], "--ratio 0x1p-1: must be a number more than 0 and at most 1"),
      (["a", "--ratio", "0,5"], "--ratio 0,5: must be a number more than 0 and at most 1"),
      (["a", "--placement", "left"], "--placement left: must be centred or averaged"),
      (["a", "--placement", "Centred"], "--placement Centred: must be centred or averaged"),
    ])
  func mistakes(words: [String], message: String) {
    #expect(problem { _ = try Arguments(parsing: words, for: Fixture.self) } == message)
  }

  @Test("an option may be given several times, where it says so, and a list has commas between its values")
  func several() throws {
    let arguments = try Fixture.parse("--many", "x", "a", "--many=y,z", "--list", "3,1")
    #expect(arguments[Fixture.many] == ["x", "y,z"])
    #expect(arguments[Fixture.list] == [3, 1])
    #expect(try Fixture.parse("a")[Fixture.many].isEmpty)
    #expect(Fixture.list.defaultText == "1,2")
    #expect(problem { _ = try Fixture.parse("a", "--list", "3,3") } == "--list 3,3: has 3 twice")
    #expect(problem { _ = try Fixture.parse("a", "--list", "3,03") } == "--list 3,03: has 03 twice")
    #expect(problem { _ = try Fixture.parse("a", "--list", "3,") }?.contains("an empty value must be") == true)
    #expect(problem { _ = try Fixture.parse("a", "--list", "0") }?.contains("must be between 1 and 9") == true)
    #expect(problem { _ = try Fixture.parse("a", "--count", "1", "--count", "2") } == "--count is given twice")
    #expect(problem { _ = try Fixture.parse("a", "--many", "x", "--many=x") } == "--many x is given twice")
  }

  @Test("a command checks what its options need of each other")
  func relations() throws {
    let none = try Fixture.parse("a")
    let both = try Fixture.parse("a", "--ratio", "0.5", "--pattern", "1:2")
    let one = try Fixture.parse("a", "--ratio", "0.5")
    let pair: [any OptionDeclaration] = [Fixture.ratio, Fixture.pattern]
    #expect(problem { try none.requireExactlyOne(of: pair) } == "one of --ratio X or --pattern N:M is needed")
    #expect(problem { try both.requireExactlyOne(of: pair) } == "--ratio and --pattern exclude each other")
    #expect(problem { try one.requireExactlyOne(of: pair) } == nil)
    #expect(problem { try one.refuse(pair, unless: "--loud") } == "--ratio has an effect only with --loud")
    #expect(problem { try none.refuse(pair, unless: "--loud") } == nil)
    #expect(problem { _ = try none.required(Fixture.file) } == "--file FILE is missing")
    #expect(problem { _ = try none.required(Fixture.file, by: "--loud") } == "--loud needs --file FILE")
    #expect(try one.required(Fixture.ratio) == 0.5)
  }

  @Test("N:M keeps N of every M", arguments: ["2:4", "1:2", "63:64", "4:8"])
  func patterns(text: String) throws {
    let pattern = try Fixture.parse("a", "--pattern", text)[Fixture.pattern]
    #expect(pattern?.groups == text)
  }

  @Test(
    "other patterns are refused", arguments: ["4:2", "0:4", "4:4", "-1:4", "1:65", "2:x", "2", ":", "2:4:8", "2/4", ""])
  func wrongPatterns(text: String) {
    let message = problem { _ = try Fixture.parse("a", "--pattern=\(text)") }
    #expect(message?.hasPrefix("--pattern \(text.isEmpty ? "''" : text): ") == true)
  }
}
