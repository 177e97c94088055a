// The words of the command line for what a command can choose from.

import ShapleyPrune

package enum PruningMethodChoice: String, Word { case magnitude, wanda, sparsegpt }

package enum EstimatorChoice: String, Word { case exact, window }

package enum AbsenceChoice: String, Word { case bypassed, pruned }

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
