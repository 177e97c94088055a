import Support
import TestSupport
import Testing

@Suite struct JSONParsingTests {
  private func parse(_ text: String) throws(JSONError) -> JSON { try JSON.parse(Array(text.utf8)) }

  @Test func valuesOfEveryKind() throws {
    let json = try parse(" { \"a\" : [ 1 , -2.5e3 , true , false , null , \"x\" ] ,\r\n\t\"b\" : { } , \"c\":[]} ")
    let array = try #require(json["a"]?.array)
    #expect(array.count == 6)
    #expect(array[0].integer == 1 && array[0].double == 1)
    #expect(array[1].double == -2500 && array[1].integer == nil)
    #expect(array[2].bool == true && array[3].bool == false)
    #expect(array[4].isNull && array[5].text == "x")
    #expect(json["b"]?.object?.members.isEmpty == true)
    #expect(json["c"]?.array?.isEmpty == true)
    #expect(json["d"] == nil && array[0]["a"] == nil)
    #expect(array.map(\.kind) == ["a number", "a number", "a boolean", "a boolean", "null", "a string"])
  }

  @Test(
    "Escapes stand for their characters",
    arguments: [
      (#"\" \\ \/ \b \f \n \r \t"#, "\" \\ / \u{8} \u{C} \n \r \t"), (#"\u0041\u00e9\u20AC"#, "Aé€"),
      (#"\ud83d\ude00"#, "😀"), (#"\uD834\uDD1Ex"#, "𝄞x"), (#"\u0000"#, "\0"), (#"a\u0062c"#, "abc"),
      (#"\uFFFF\uE000"#, "\u{FFFF}\u{E000}"), ("é😀\u{7F}", "é😀\u{7F}"), ("", ""),
    ])
  func escapes(written: String, meant: String) throws {
    #expect(try parse("\"\(written)\"").bytes == Array(meant.utf8))
  }

  @Test(
    "What is not JSON is refused at the byte where it goes wrong",
    arguments: [
      ("", 0), ("  ", 2), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\" 1}", 5), ("{\"a\":}", 5), ("{a:1}", 1),
      ("{\"a\":1,}", 7), ("1 2", 2), ("tru", 0), ("nul", 0), ("True", 0), ("NaN", 0), ("Infinity", 0), ("'a'", 0),
      ("01", 0), ("-", 0), ("-01", 0), ("1.", 0), (".5", 0), ("1e", 0), ("1e+", 0), ("+1", 0), ("0x10", 1), ("1_0", 1),
      ("\"a", 0), ("\"\\", 1), ("\"\\x\"", 1), ("\"\\u12\"", 1), ("\"\\u12g4\"", 1), ("\"\\ud800\"", 1),
      ("\"\\ud800\\n\"", 1), ("\"\\ud800\\u0041\"", 1), ("\"\\udc00\"", 1), ("\"\n\"", 1), ("\"\u{1F}\"", 1),
      ("[1", 2), ("// x\n1", 0), ("\u{FEFF}1", 0),
    ])
  func malformed(text: String, offset: Int) {
    let error = try? thrown(JSONError.self) { try parse(text) }
    #expect(error?.offset == offset)
    #expect(error?.description.contains("at byte \(offset)") == true)
  }

  @Test(
    "A key that appears twice is refused, however it is spelled",
    arguments: [
      (#"{"a":1,"a":2}"#, 7), (#"{"a":1,"\u0061":2}"#, 7), (#"{"\u0061":1,"b":2,"a":3}"#, 18), (#"{"":1,"":2}"#, 6),
      (#"{"x":{"é":1,"\u00e9":2}}"#, 13), (#"{"\/":1,"/":2}"#, 8),
    ])
  func duplicateKeys(text: String, offset: Int) {
    let error = try? thrown(JSONError.self) { try parse(text) }
    #expect(error?.offset == offset)
    #expect(error?.reason.contains("appears twice") == true)
  }

  @Test("Keys that are only canonically equivalent stay apart")
  func canonicallyEquivalentKeys() throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    try #require(composed == decomposed)
    let json = try parse("{\"\(composed)\":1,\"\(decomposed)\":2}")
    #expect(json[composed]?.integer == 1)
    #expect(json[decomposed]?.integer == 2)
  }

  @Test("Nesting is followed to the limit and refused beyond it, however deep", arguments: ["[", "{\"a\":"])
  func depth(opening: String) throws {
    let closing = opening == "[" ? "]" : "}"
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)).utf8)
    }
    #expect(throws: Never.self) { try JSON.parse(nested(128)) }
    #expect(throws: JSONError.self) { try JSON.parse(nested(129)) }
    #expect(throws: Never.self) { try JSON.parse(nested(3), depthLimit: 3) }
    #expect(throws: JSONError.self) { try JSON.parse(nested(4), depthLimit: 3) }
    let error = try? thrown(JSONError.self) {
      try JSON.parse(Array(String(repeating: opening, count: 100_000).utf8))
    }
    #expect(error?.reason == "nested deeper than 128")
    #expect(error?.offset == 128 * opening.utf8.count)
  }

  @Test("More values than the limit are refused where it is passed, whatever they are")
  func valueLimit() {
    let zeros = Array(("[" + String(repeating: "0,", count: JSON.valueLimit)).utf8)
    let error = try? thrown(JSONError.self) { try JSON.parse(zeros) }
    #expect(error?.offset == 2 * JSON.valueLimit - 1)
    #expect(error?.reason == "more than \(JSON.valueLimit) values")
  }

  @Test("Numbers keep their text; integers are read only where they are written as such")
  func numbers() throws {
    #expect(try parse("9223372036854775807").integer == .max)
    #expect(try parse("-9223372036854775808").integer == .min)
    #expect(try parse("9223372036854775808").integer == nil)
    #expect(try parse("1e3").integer == nil && parse("1e3").double == 1000)
    #expect(try parse("1.0").integer == nil)
    #expect(try parse("0.1").double == 0.1)
    #expect(try parse("-0").double?.sign == .minus)
    #expect(try parse("-0").integer == nil)
    #expect(try parse("5e-324").double == .leastNonzeroMagnitude)
    #expect(try parse("\"1\"").double == nil)
    #expect(
      try String(decoding: parse("12345678901234567890.50E+07").encoded(), as: UTF8.self)
        == "12345678901234567890.50E+07")
  }

  @Test("Bytes that are not UTF-8 are refused at their offset, in strings and elsewhere")
  func invalidUTF8() {
    for (bytes, offset) in [
      ([0x22, 0x61, 0xFF, 0x22], 2), ([0x22, 0xC0, 0x80, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x80], 0),
      ([0x22, 0xE2, 0x82], 1),
    ] as [([UInt8], Int)] {
      let error = try? thrown(JSONError.self) { try JSON.parse(bytes) }
      #expect(error?.reason == "not UTF-8" && error?.offset == offset)
    }
  }

  @Test("Random damage to a document never traps")
  func damage() {
    let document = Array(#"{"a\u00e9":[1.5e-3,true,null,{"b":"\ud83d\ude00\\"}],"c":"x\ny"}"#.utf8)
    var generator = SeededGenerator(seed: 2)
    var accepted = 0
    for _ in 0..<20_000 {
      var bytes = document
      for _ in 0...generator.below(3) {
        let index = generator.below(bytes.count)
        switch generator.below(3) {
        case 0: bytes[index] = UInt8(generator.below(256))
        case 1: bytes.remove(at: index)
        default: bytes.insert(bytes[generator.below(bytes.count)], at: index)
        }
      }
      guard let json = try? JSON.parse(bytes) else { continue }
      accepted += 1
      let again = try? JSON.parse(json.encoded())
      #expect(again?.encoded() == json.encoded())
    }
    #expect(accepted > 100)
  }
}

@Suite struct JSONWritingTests {
  @Test("Compact and indented text")
  func text() {
    let json: JSON = [
      "a": [1, 2, JSON.null], "b": ["c": "x\"y\\z\n\u{1}\u{7F}é"], "d": [], "e": [:], "f": ["s", true],
    ]
    #expect(
      String(decoding: json.encoded(), as: UTF8.self)
        == #"{"a":[1,2,null],"b":{"c":"x\"y\\z\n\u0001\u007fé"},"d":[],"e":{},"f":["s",true]}"#)
    #expect(
      json.document == #"""
        {
          "a": [1, 2, null],
          "b": {
            "c": "x\"y\\z\n\u0001\u007fé"
          },
          "d": [],
          "e": {},
          "f": [
            "s",
            true
          ]
        }

        """#)
  }

  @Test("Doubles read back to the bit; NaN and infinity become null")
  func doubles() throws {
    var generator = SeededGenerator(seed: 1)
    var values = [0, -0.0, 1e16, 1e-5, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 123_456_789]
    values += (0..<5000).map { _ in Double(bitPattern: generator.next()) }.filter(\.isFinite)
    let read = try #require(JSON.parse(JSON(values).encoded()).array).map { $0.double?.bitPattern }
    #expect(read == values.map(\.bitPattern))
    #expect(JSON(Double.nan).isNull && JSON(-Double.infinity).isNull)
  }

  @Test("Random values survive writing and reading, compact and indented")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 5)
    func random(_ depth: Int) -> JSON {
      switch generator.below(depth > 4 ? 4 : 6) {
      case 0: return JSON(generator.normal())
      case 1: return JSON(generator.below(2) == 0)
      case 2: return .null
      case 3: return .string(randomText())
      case 4: return .array((0..<generator.below(5)).map { _ in random(depth + 1) })
      default:
        let keys = Set((0..<generator.below(5)).map { _ in randomText() })
        return .object(JSONObject(keys.map { ($0, random(depth + 1)) }))
      }
    }
    func randomText() -> [UInt8] {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<generator.below(8) {
        let limit = [0x20, 0x80, 0x800, 0x11_0000][generator.below(4)]
        if let scalar = Unicode.Scalar(UInt32(generator.below(limit))) { scalars.append(scalar) }
      }
      return Array(String(scalars).utf8)
    }
    for _ in 0..<500 {
      let json = random(0)
      let compact = json.encoded()
      #expect(try JSON.parse(compact).encoded() == compact)
      #expect(try JSON.parse(json.encoded(indentation: 2)).encoded() == compact)
    }
  }
}
