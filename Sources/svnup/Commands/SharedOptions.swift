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
    "samples", .integer(1...1_000_000), default: Calibration.usualSamples,
    help: "Calibration samples to draw from a text.")

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
