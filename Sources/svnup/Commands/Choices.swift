// The words of the command line for what a command can choose from.

import ShapleyPrune
import Support

package enum AbsenceChoice: String, CaseIterable, Sendable { case bypassed, pruned }

extension ValueKind {
  /// The name of a method, which has its usual settings then.
  static func method(_ registry: Registry<Value>, name: @escaping @Sendable (Value) -> String) -> Self {
    Self(registry.names.joined(separator: "|")) { text throws(InvalidValue) in
      guard let method = registry[text] else { throw InvalidValue("must be \(registry.names.alternatives)") }
      return method
    } spell: {
      name($0)
    }
  }
}

extension ValueKind where Value == any ShapleyEstimator {
  /// The name of an estimator.
  package static var estimator: Self { method(Registries.estimators) { $0.name } }
}

extension ValueKind where Value == any Pruner {
  /// The name of a method of pruning.
  package static var pruner: Self { method(Registries.pruners) { $0.name } }
}

extension ValueKind where Value == SparsityPattern {
  /// N:M: two integers with a colon between them, the number kept first.
  package static var groups: Self {
    Self("N:M") { text throws(InvalidValue) in
      if let pattern = SparsityPattern(groups: text) { return pattern }
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ Int($0) != nil }) else {
        throw InvalidValue("must be N:M, keep N of every M weights, as in 2:4")
      }
      throw InvalidValue(
        "keeps N of every M weights, so it must have 0 < N < M <= \(SparsityPattern.groupLimit)")
    } spell: {
      $0.groups ?? ""
    }
  }
}

/// How the budget is shared among the blocks: by one of three rules, or as a file says.
package enum AllocationChoice: Equatable, Sendable {
  case uniform, owl, shapley
  case file(String)
}

extension ValueKind where Value == AllocationChoice {
  /// A rule's name; any other text names a file, unless it is a name misspelt.
  package static var allocation: Self {
    Self("uniform|owl|shapley|FILE") { text throws(InvalidValue) in
      switch text {
      case "uniform": return .uniform
      case "owl": return .owl
      case "shapley": return .shapley
      default:
        let isPath = text.contains("/") || text.contains(".")
        if text.isEmpty { throw InvalidValue("must be uniform, owl, shapley or a file") }
        if !isPath, let nearest = Suggestion.nearest(to: text, among: ["uniform", "owl", "shapley"]) {
          throw InvalidValue("did you mean \(nearest)? A file of this name is ./\(text)")
        }
        return .file(text)
      }
    } spell: { choice in
      switch choice {
      case .uniform: "uniform"
      case .owl: "owl"
      case .shapley: "shapley"
      case .file(let path): path
      }
    }
  }
}

extension ValueKind where Value == Spread {
  /// A number from 0 to 0.5, or `auto`.
  package static var spread: Self {
    let number = ValueKind<Double>.number(0...0.5)
    return Self("λ|auto") { text throws(InvalidValue) in
      if text == "auto" { return .auto }
      do throws(InvalidValue) { return .number(try number.parse(text)) } catch {
        throw InvalidValue("\(error.requirement), or auto")
      }
    } spell: { choice in
      switch choice {
      case .number(let spread): number.spell(spread)
      case .auto: "auto"
      case .usual: ""
      }
    }
  }
}
