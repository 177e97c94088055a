// Arguments and options that more than one command has, declared once so that they mean the same everywhere.

import ShapleyPrune

/// What a command reads.
package enum InputOptions {
  package static let model = Positional.required(
    "MODEL", help: "A Hugging Face directory: config.json, the tokenizer's files, safetensors.")

  package static let data: Option<String?> = Option(
    "data", .text("FILE"),
    help: "The text to measure on: UTF-8, or token ids (.npy, or .safetensors holding input_ids; rows are windows).")

  package static let calibration: Option<String?> = Option(
    "calibration", .text("FILE"),
    help: """
      The text whose activations tell which weights matter: UTF-8, or token ids (.npy, or .safetensors holding input_ids; \
      rows are samples).
      """)

  package static let samples = Option(
    "samples", .integer(1...1_000_000), default: 128, help: "Calibration samples to draw from a text.")

  package static let seed = Option(
    "seed", .integer(0...Int.max), default: 0, help: "Where calibration samples, and random orders, are drawn.")

  /// A window of one token has nothing to predict.
  package static let sequenceLength: Option<Int?> = Option(
    "sequence-length", .integer(2...1_048_576), defaultText: "the model's positions, at most 2048",
    help: "Tokens in a window and in a calibration sample.")
}

/// What a run may use.
package enum ResourceOptions {
  package static let memory: Option<Int?> = Option(
    "memory", .byteSize, defaultText: "no limit",
    help: """
      The memory to plan for, as in 4GiB: shorter strips of the text go through the model at a time and, as the last resort, \
      calibration states are stored as BF16. What is changed is said; a run that cannot keep within it is refused.
      """)

  package static let group = OptionGroup("Resources", [memory])
}

/// The cooperative game that the parts of a model play, and the estimator of its Shapley values.
package enum GameOptions {
  package static let players: Option<Granularity?> = Option(
    "players", .word(), defaultText: "linears; blocks with --absence bypassed",
    help: "Who plays and gets a sparsity: every block, attention and MLP of every block, or every linear.")

  package static let estimator = Option<EstimatorChoice>(
    "estimator", .word(), default: .window,
    help: """
      Exact values (2^n evaluations, up to 20 players), those of the game within a window around each player, or the means \
      over random orders of the players.
      """)

  package static let window = Option(
    "window", .integer(1...20), default: 3, help: "Consecutive players in a window; 1 is leave-one-out.")

  package static let placement = Option<WindowPlacement>(
    "placement", .word(), default: .averaged,
    help: "One window centred on the player, or the mean over every window that holds it, from the same evaluations.")

  package static let evaluations = Option(
    "evaluations", .integer(2...100_000_000), default: 1000, help: "Coalitions that random orders may take.")

  package static let tolerance: Option<Double?> = Option(
    "tolerance", .number(0...1e9, excludingLower: true), defaultText: "none",
    help: "Draw no more orders when every standard error is at most this.")

  package static let absence = Option<AbsenceChoice>(
    "absence", .word(), default: .pruned,
    help: "What a player outside a coalition is: skipped, or pruned by the probe.")

  package static let probeMethod = Option<PruningMethodChoice>(
    "probe-method", .word(), default: .wanda, help: "How an absent player is pruned.")

  package static let value = Option<LayerGame.Value>(
    "value", .word(), default: .nll, help: "What a coalition is worth: minus the mean NLL, or minus the perplexity.")

  package static let estimation: [any OptionDeclaration] = [estimator, window, placement, evaluations, tolerance]

  /// The options without the probe's sparsity, whose default differs from command to command.
  package static let all: [any OptionDeclaration] = [players] + estimation + [absence, probeMethod, value]

  /// Refuses options that the chosen estimator or the chosen absence would ignore.
  package static func validate(_ arguments: Arguments, probeSparsity: Option<some Sendable>) throws(UsageError) {
    if arguments[estimator] != .window { try arguments.refuse([window, placement], unless: "--estimator window") }
    if arguments[estimator] != .permutation {
      try arguments.refuse([evaluations, tolerance], unless: "--estimator permutation")
    }
    if arguments[absence] == .bypassed {
      try arguments.refuse([probeSparsity, probeMethod], unless: "--absence pruned")
      if arguments[players] == .linears {
        throw UsageError("--players linears: a linear cannot be skipped, so it goes with --absence pruned only")
      }
    }
  }
}
