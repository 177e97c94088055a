// The words of the command line for what a command can choose from.

import ShapleyPrune

package enum PruningMethodChoice: String, Word { case magnitude, wanda, sparsegpt }

package enum EstimatorChoice: String, Word { case exact, window, permutation }

package enum AbsenceChoice: String, Word { case bypassed, pruned }

extension Granularity: Word {}
extension WindowPlacement: Word {}
extension LayerGame.Value: Word {}
extension ImportanceScaling: Word {}

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

/// How far the densities of the parts of a model lie apart.
package enum SpreadChoice: Equatable, Sendable {
  case number(Double)
  /// Several are tried.
  case auto
}

extension ValueKind where Value == SpreadChoice {
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
      }
    }
  }
}
