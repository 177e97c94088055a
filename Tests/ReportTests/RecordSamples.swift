import ShapleyPrune
import Support

/// Records as files have them, with every kind of figure in them.
enum RecordSamples {
  static let linears = [
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj",
    "mlp.down_proj",
  ]
  static let roles = ["query", "key", "value", "output", "gate", "up", "down"]
  static let hostile = "</title><script>alert('x')</script>\u{202E}\u{7}\"&"

  /// A number that no other place of a record has; it has many digits.
  private struct Numbers {
    var state = 1.0
    mutating func next(_ scale: Double = 1) -> JSON {
      state += 1
      return JSON(scale / state.squareRoot())
    }
  }

  /// Values of Shapley of so many blocks.
  static func values(_ blocks: Int, errors: Bool = true) -> JSON {
    var numbers = Numbers(state: 1000)
    let names = (0..<blocks).flatMap { block in roles.map { "\(block).\($0)" } }
    return [
      "estimator": "permutation", "window": .null, "seed": 17, "budget": 4400, "evaluations": 4321, "tolerance": .null,
      "nodes": .null,
      "values": .array(names.enumerated().map { index, _ in numbers.next(index % 3 == 0 ? -0.1 : 0.4) }),
      "standardErrors": errors ? .array(names.map { _ in numbers.next(0.01) }) : .null,
      "emptyValue": JSON(-3.668812345), "grandValue": JSON(-2.50253987654), "efficiencyGap": 0,
      "additionalEvaluations": 2, "coalitionsAsked": 9876, "players": "linears", "value": "nll", "absence": "pruned",
      "probeMethod": "wanda", "probeSparsity": JSON(0.7125), "names": .array(names.map { JSON($0) }), "windows": 8,
      "sequenceLength": 255,
      "text": [
        "joining": "the file as it is", "documents": .null, "tokens": 53756, "bos": "<s>", "eos": "",
        "sha256": "56836fc2fe876026",
      ],
      "calibrationSamples": 63, "applications": 4153, "applicationsOfNaiveRun": 7979,
      "sha256": ["model": ["config.json": "aa11", "model.safetensors": "bb22"]],
    ]
  }

  /// A pruning of a model of so many blocks.
  static func pruning(_ blocks: Int, hostile: Bool = false) -> JSON {
    var numbers = Numbers()
    let text = hostile ? Self.hostile : "c4.jsonl"
    let records = (0..<blocks).map { block -> JSON in
      let members = linears.map { name -> (String, JSON) in
        (
          name,
          [
            "sparsity": numbers.next(), "target": numbers.next(), "zeros": JSON(700 + block), "count": 1024,
            "tensor": JSON("model.layers.\(block).\(name).weight"), "loss": numbers.next(1000), "dampening": JSON(0.01),
            "deadInputs": JSON(block),
          ]
        )
      }
      return ["sparsity": numbers.next(), "target": numbers.next(), "linears": JSON(members: members)]
    }
    let windows = 20
    return [
      "svnup": "0.1.0", "command": .array(["svnup", "prune", text, "--sparsity", "0.7"].map { JSON($0) }),
      "method": "sparsegpt", "pattern": .null, "dampening": JSON(0.011), "blockSize": 127, "targets": "own",
      "sequential": "block", "weighting": "equal", "seed": 3, "calibrationSamples": 127, "calibrationLength": 2047,
      "calibrationText": .null, "calibrationStates": .null, "kernel": "avx2", "sparsity": JSON(0.70012345),
      "densePerplexity": JSON(11.389123456789), "prunedPerplexity": JSON(13.490332633231318),
      "evaluation": [
        "tokens": 20401, "windows": JSON(windows), "sequenceLength": 257,
        "text": [
          "joining": JSON(text), "documents": 5, "tokens": 72287, "bos": "<s>", "eos": "", "sha256": "4610dff6",
        ],
        "denseWindowNLL": .array((0..<windows).map { _ in numbers.next(2) }),
        "prunedWindowNLL": .array((0..<windows).map { _ in numbers.next(3) }),
      ],
      "allocation": [
        "rule": "shapley", "spread": JSON(0.15), "scaling": "exponential", "players": "linears",
        "sparsities": JSON(
          members: (0..<blocks).flatMap { block in roles.map { ("\(block).\($0)", numbers.next()) } }),
        "outlierRatios": .array((0..<blocks).map { _ in numbers.next() }), "relativeImportances": .null,
        "hillExponents": .array((0..<blocks).map { _ in numbers.next(7) }), "tail": .null, "shapley": values(blocks),
        "tries": .array((1...4).map { ["spread": JSON(Double($0) / 8), "perplexity": numbers.next(90)] }),
        "search": [
          "start": "values", "generations": 77, "accepted": 33, "offspring": 16, "survivors": [4, 2, 1],
          "windows": [1, 4, 9], "step": 4099, "reach": 6, "startDivergence": JSON(0.412345),
          "divergence": JSON(0.298765),
          "heldBackWindows": 21, "startPerplexity": JSON(14.234567), "perplexity": JSON(14.012345), "kept": "found",
        ],
      ],
      "blocks": .array(records),
      "sha256": [
        "model": ["config.json": "aa11"], "calibration": JSON(members: [(text, "cc33")]),
        "output": ["config.json": "dd44"],
      ],
    ]
  }

  static func record(_ blocks: Int, hostile: Bool = false) throws -> PruningRecord {
    try PruningRecord(FieldReader(pruning(blocks, hostile: hostile), source: "sample"))
  }

  static func shapley(_ blocks: Int, errors: Bool = true) throws -> ShapleyRecord {
    try ShapleyRecord(FieldReader(values(blocks, errors: errors), source: "sample"))
  }
}
