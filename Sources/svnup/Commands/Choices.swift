import ShapleyPrune
import Support

extension ValueKind {
  /// The name of a method, which has its usual settings then.
  ///
  /// - Parameter placeholder: what stands for it in a usage; nil for the names themselves.
  static func method(
    _ registry: Registry<Value>, placeholder: String? = nil, name: @escaping @Sendable (Value) -> String
  ) -> Self {
    Self(placeholder: placeholder ?? registry.names.joined(separator: "|"), words: registry.names) {
      text throws(UsageError) in
      guard let method = registry[text] else { throw UsageError("must be \(registry.names.alternatives)") }
      return method
    } spell: {
      name($0)
    }
  }
}

extension ValueKind where Value == any ShapleyEstimator {
  static var estimator: Self { method(Registries.estimators) { $0.name } }
}

extension ValueKind where Value == any Pruner {
  static var pruner: Self { method(Registries.pruners, placeholder: "METHOD") { $0.name } }
}

extension ValueKind where Value == SparsityPattern {
  /// N:M: two integers with a colon between them, the number kept first.
  package static var groups: Self {
    Self(placeholder: "N:M") { text throws(UsageError) in
      if let pattern = SparsityPattern(groups: text) { return pattern }
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts.allSatisfy({ Int($0) != nil }) else {
        throw UsageError("must be N:M, keep N of every M weights, as in 2:4")
      }
      throw UsageError("keeps N of every M weights, so it must have 0 < N < M <= \(SparsityPattern.groupLimit)")
    }
  }
}

/// How the budget is shared among the blocks: by a rule, or by the numbers of a file.
package enum AllocationChoice: Equatable, Sendable {
  case uniform, owl, dlp, alphaPruning, shapley, search
  case file(String)

  /// The rules by their names.
  static let rules: [(name: String, choice: AllocationChoice)] = [
    (Allocation.uniform.name, .uniform), (Allocation.owl().name, .owl), (Allocation.dlp().name, .dlp),
    (Allocation.alphaPruning().name, .alphaPruning), (Allocation.shapley().name, .shapley),
    (Allocation.search().name, .search),
  ]
}

extension ValueKind where Value == AllocationChoice {
  /// A rule's name; any other text names a file, unless it is a name misspelt.
  package static var allocation: Self {
    let names = AllocationChoice.rules.map(\.name)
    return Self(placeholder: "RULE|FILE", words: names) { text throws(UsageError) in
      if let rule = AllocationChoice.rules.first(where: { $0.name == text }) { return rule.choice }
      if text.isEmpty { throw UsageError("must be \((names + ["a file"]).alternatives)") }
      let isPath = text.contains("/") || text.contains(".")
      if !isPath, let nearest = Suggestion.nearest(to: text, among: names) {
        throw UsageError("did you mean \(nearest)? A file of this name is ./\(text)")
      }
      return .file(text)
    }
  }
}

extension ValueKind where Value == Spread {
  /// A number from 0 to 0.5, or `auto`.
  package static var spread: Self {
    let number = ValueKind<Double>.number(0...0.5)
    return Self(placeholder: "λ|auto") { text throws(UsageError) in
      if text == "auto" { return .auto }
      do throws(UsageError) { return .number(try number.parse(text)) } catch {
        throw UsageError("\(error.message), or auto")
      }
    }
  }
}
