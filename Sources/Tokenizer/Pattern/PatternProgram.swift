/// A pattern as instructions: at a fork the first way goes before the second.
struct PatternProgram {
  enum Instruction {
    /// Takes a character of a set.
    case set(Int)
    /// Goes on before a character of a set or, where `atEnd`, before the end of the text.
    case look(Int, atEnd: Bool)
    case fork(first: Int, second: Int)
    case jump(Int)
    case match
  }

  static let longestProgram = 4096
  /// How often a node may be written: repetitions within repetitions write nodes of no instruction, too.
  static let stepLimit = 100_000

  private(set) var instructions: [Instruction] = []
  /// The sets that instructions name by their place here, each once.
  private(set) var sets: [ScalarSet] = []
  private var places: [ScalarSet: Int] = [:]
  private var steps = 0

  init(_ pattern: PatternNode) throws(PatternError) {
    guard !pattern.isNullable else {
      throw PatternError(position: 0, reason: "the pattern can match where there is nothing")
    }
    try write(pattern)
    instructions.append(.match)
  }

  private mutating func append(_ instruction: Instruction) throws(PatternError) {
    guard instructions.count < Self.longestProgram else { throw .tooLarge }
    instructions.append(instruction)
  }

  private mutating func place(of set: ScalarSet) -> Int {
    if let place = places[set] { return place }
    sets.append(set)
    places[set] = sets.count - 1
    return sets.count - 1
  }

  private mutating func write(_ node: PatternNode) throws(PatternError) {
    steps += 1
    guard steps <= Self.stepLimit else { throw .tooLarge }
    switch node {
    case .set(let set):
      try append(.set(place(of: set)))
    case .look(let set, let atEnd):
      try append(.look(place(of: set), atEnd: atEnd))
    case .sequence(let nodes):
      for node in nodes { try write(node) }
    case .choice(let nodes):
      try writeChoice(nodes)
    case .repetition(let body, let minimum, let maximum, let isLazy):
      try writeRepetition(body, minimum, maximum, isLazy)
    }
  }

  private mutating func writeChoice(_ nodes: [PatternNode]) throws(PatternError) {
    var exits: [Int] = []
    for (number, node) in nodes.enumerated() {
      if number == nodes.count - 1 {
        try write(node)
      } else {
        let fork = instructions.count
        try append(.fork(first: fork + 1, second: 0))
        try write(node)
        exits.append(instructions.count)
        try append(.jump(0))
        instructions[fork] = .fork(first: fork + 1, second: instructions.count)
      }
    }
    for exit in exits { instructions[exit] = .jump(instructions.count) }
  }

  private mutating func writeRepetition(
    _ body: PatternNode, _ minimum: Int, _ maximum: Int?, _ isLazy: Bool
  ) throws(PatternError) {
    for _ in 0..<minimum { try write(body) }
    guard let maximum else {
      let fork = instructions.count
      try append(.fork(first: 0, second: 0))
      try write(body)
      try append(.jump(fork))
      instructions[fork] = Self.fork(into: fork + 1, past: instructions.count, isLazy)
      return
    }
    var forks: [Int] = []
    for _ in 0..<max(0, maximum - minimum) {
      forks.append(instructions.count)
      try append(.fork(first: 0, second: 0))
      try write(body)
    }
    for fork in forks { instructions[fork] = Self.fork(into: fork + 1, past: instructions.count, isLazy) }
  }

  private static func fork(into body: Int, past end: Int, _ isLazy: Bool) -> Instruction {
    isLazy ? .fork(first: end, second: body) : .fork(first: body, second: end)
  }
}

extension PatternError {
  static let tooLarge = PatternError(
    position: 0, reason: "the pattern is too large once its repetitions are written out")
}
