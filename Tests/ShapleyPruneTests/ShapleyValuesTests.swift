import ShapleyPrune
import Support
import TestSupport
import Testing

@Suite struct ShapleyValuesTests {
  @Test("Results of every estimator read back from JSON as they were, to the bit")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 31)
    let game = TableGame.random(playerCount: 6, using: &generator)
    let estimators: [any ShapleyEstimator] = [
      ExactShapley(), SlidingWindowShapley(length: 3, placement: .centred), PermutationShapley(budget: 12, seed: .max),
      SlidingWindowShapley(length: 2, placement: .averaged, surroundings: .absent),
      PermutationShapley(budget: 40, seed: 3),
    ]
    for estimator in estimators {
      let result = try estimator.estimate(of: game)
      let text = result.json.encoded(indentation: 2)
      #expect(try ShapleyValues(FieldReader(JSON.parse(text), source: "-")) == result)
    }
  }

  @Test("The JSON names what it holds")
  func keys() throws {
    let exact = try ExactShapley().estimate(of: AdditiveGame(weights: [1, 2], constant: 4)).json
    #expect(exact["estimator"]?.text == "exact")
    #expect(exact["window"]?.isNull == true)
    #expect(exact["values"]?.array?.compactMap(\.double) == [1, 2])
    #expect(exact["evaluations"]?.integer == 4)
    #expect(exact["emptyValue"]?.double == 4)
    #expect(exact["grandValue"]?.double == 7)
    #expect(exact["efficiencyGap"]?.double == 0)
    #expect(exact["standardErrors"]?.isNull == true)
    let window = try SlidingWindowShapley(length: 1, placement: .centred).estimate(
      of: AdditiveGame(weights: [1, 2, 4])
    ).json
    #expect(window["estimator"]?.text == "window")
    #expect(window["window"]?.integer == 1)
    #expect(window["placement"]?.text == "centred")
    #expect(window["surroundings"]?.text == "intact")
    #expect(window["evaluations"]?.integer == 4)
    #expect(window["additionalEvaluations"]?.integer == 1)
  }

  @Test("A window's efficiency gap is what it does not see")
  func gap() throws {
    let game = UnanimityGame(playerCount: 4, terms: [.init(carrier: [0, 3], coefficient: 1)])
    // Each of the two sees the other present and claims the whole.
    #expect(try SlidingWindowShapley(length: 2, placement: .centred).estimate(of: game).efficiencyGap == -1)
    #expect(
      try SlidingWindowShapley(length: 2, placement: .centred, surroundings: .absent).estimate(of: game).efficiencyGap
        == 1)
  }

  @Test(
    "A bad file is an error that names the field",
    arguments: [
      ("values", #"{"values": null}"#), ("values", #"{"values": []}"#), ("values[1]", #"{"values": [1, "2"]}"#),
      ("values[0]", #"{"values": [1e999, 2]}"#), ("standardErrors", #"{"standardErrors": [1]}"#),
      ("emptyValue", #"{"emptyValue": null}"#), ("grandValue", #"{"grandValue": "x"}"#),
      ("evaluations", #"{"evaluations": -1}"#), ("evaluations", #"{"evaluations": 1.5}"#),
      ("coalitionsAsked", #"{"coalitionsAsked": null}"#), ("estimator", #"{"estimator": "guess"}"#),
      ("window", #"{"estimator": "window", "window": 0}"#), ("placement", #"{"estimator": "window", "window": 1}"#),
      ("seed", #"{"estimator": "permutation", "budget": 9, "seed": -1}"#),
    ])
  func badFields(field: String, change: String) throws {
    let good = try ExactShapley().estimate(of: AdditiveGame(weights: [1, 2])).json
    let changes = try #require(JSON.parse(Array(change.utf8)).object).members
    let members = try #require(good.object).members.filter { member in !changes.contains { $0.key == member.key } }
    let bad = JSON.object(JSONObject(members + changes))
    let error = try? thrown(DocumentError.self) { try ShapleyValues(FieldReader(bad, source: "v.json")) }
    #expect(error?.field == field)
    #expect(error?.description.hasPrefix("v.json: \(field): ") == true)
  }

  @Test("A missing member is named, and a document that is no object is refused")
  func missing() throws {
    let good = try ExactShapley().estimate(of: AdditiveGame(weights: [1, 2])).json
    for name in ["values", "estimator", "emptyValue", "grandValue", "evaluations", "additionalEvaluations"] {
      let members = try #require(good.object).members.filter { $0.key != Array(name.utf8) }
      let error = try? thrown(DocumentError.self) {
        try ShapleyValues(FieldReader(.object(JSONObject(members)), source: "v.json"))
      }
      #expect(error?.field == name)
      #expect(error?.reason == "it is missing")
    }
    #expect(throws: DocumentError.self) { try ShapleyValues(FieldReader([1, 2], source: "v.json")) }
  }

  @Test("A setting of the estimator that is missing is named, and not taken for the usual one")
  func missingSetting() throws {
    let game = AdditiveGame(weights: [1, 2, 3])
    for (estimator, name) in [
      (SlidingWindowShapley(length: 2), "window"), (SlidingWindowShapley(length: 2), "placement"),
      (PermutationShapley(budget: 9), "seed"),
    ] as [(any ShapleyEstimator, String)] {
      let members = try #require(try estimator.estimate(of: game).json.object).members
      let rest = JSON.object(JSONObject(members.filter { $0.key != Array(name.utf8) }))
      let error = try? thrown(DocumentError.self) { try ShapleyValues(FieldReader(rest, source: "v.json")) }
      #expect(error == DocumentError("v.json", field: name, reason: "it is missing"))
    }
  }
}
