/// A pattern as places and the ways between them.
///
/// Place 0 is before a match; each other place is behind one character that the pattern takes. A place and the class of
/// the next character tell the ways that are open, in the order of their priority.
struct PatternGraph {
  /// In the place of a way's target: the match ends here.
  static let match: Int16 = -1
  static let largestCount = 500
  static let wayLimit = 1 << 18

  let classes: CharacterPartition
  /// How many places there are.
  let count: Int
  /// Classes of characters, then the end of the text, then what continues a character.
  var kindCount: Int { classes.count + 2 }
  var end: Int { classes.count }
  var continuation: Int { classes.count + 1 }

  /// Where the ways of each place and class begin in `targets`: place by place; one more for the end.
  private(set) var starts: [Int32] = [0]
  private(set) var targets: [Int16] = []

  init(_ program: PatternProgram) throws(PatternError) {
    let classes = try CharacterPartition(program.sets)
    self.classes = classes
    let instructions = program.instructions
    var places: [Int: Int] = [:]
    var following = [0]
    var taken = [ClassSet()]
    for (i, instruction) in instructions.enumerated() {
      guard case .set(let set) = instruction else { continue }
      places[i] = following.count
      following.append(i + 1)
      taken.append(classes.memberships[set])
    }
    count = following.count
    guard count <= Self.largestCount else { throw .tooLarge }
    var steps = 0
    for place in 0..<count {
      let ways = try Self.ways(from: following[place], instructions, classes, &steps)
      for kind in 0..<kindCount {
        if kind == continuation {
          if place > 0 { targets.append(Int16(place)) }
        } else {
          addTargets(of: ways, kind, places, taken)
        }
        starts.append(Int32(targets.count))
      }
      guard targets.count <= Self.wayLimit else { throw .tooLarge }
    }
  }

  /// A way to an instruction that takes a character, or to the match.
  private typealias Way = (instruction: Int, guards: ClassSet)

  /// The ways from an instruction on, by priority, each with the classes that may come next.
  private static func ways(
    from start: Int, _ instructions: [PatternProgram.Instruction], _ classes: CharacterPartition, _ steps: inout Int
  ) throws(PatternError) -> [Way] {
    var ways: [Way] = []
    var seen: [Int: [ClassSet]] = [:]
    var open: [Way] = [(start, .all)]
    while let (i, guards) = open.popLast() {
      // Whoever came here before under a weaker condition goes before all that could follow.
      if seen[i]?.contains(where: { guards.isSubset(of: $0) }) == true { continue }
      steps += 1 + (seen[i]?.count ?? 0)
      guard steps <= 2_000_000 else { throw .tooLarge }
      seen[i, default: []].append(guards)
      switch instructions[i] {
      case .set, .match:
        ways.append((i, guards))
      case .jump(let target):
        open.append((target, guards))
      case .fork(let first, let second):
        open.append((second, guards))
        open.append((first, guards))
      case .look(let set, let atEnd):
        var wanted = classes.memberships[set]
        if atEnd { wanted.insert(classes.count) }
        let both = guards.intersection(wanted)
        if !both.isEmpty { open.append((i + 1, both)) }
      }
    }
    return ways
  }

  private mutating func addTargets(of ways: [Way], _ kind: Int, _ places: [Int: Int], _ taken: [ClassSet]) {
    let first = targets.count
    for way in ways where way.guards.contains(kind) {
      guard let place = places[way.instruction] else {
        // The match ends: nothing of lower priority is ever tried.
        targets.append(Self.match)
        return
      }
      let target = Int16(place)
      if taken[place].contains(kind), !targets[first...].contains(target) { targets.append(target) }
    }
  }

  /// The ways that are open from a place before a class, by priority.
  func ways(from place: Int, before kind: Int) -> ArraySlice<Int16> {
    let cell = place * kindCount + kind
    return targets[Int(starts[cell])..<Int(starts[cell + 1])]
  }
}
