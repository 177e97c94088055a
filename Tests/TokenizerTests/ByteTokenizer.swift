import Support
import Tokenizer

/// Byte-level tokenizers whose tokens are bytes and given pieces, so that ids show where a text was cut.
enum ByteTokenizer {
  static func make(_ pieces: [[UInt8]], preTokenizer: JSON) throws -> BPETokenizer {
    let bytes = (0..<256).map { [UInt8($0)] }
    var vocabulary: [(String, JSON)] = []
    var known: Set<[UInt8]> = []
    for word in bytes + pieces where known.insert(word).inserted {
      vocabulary.append((String(decoding: spelling(word), as: UTF8.self), JSON(vocabulary.count)))
    }
    let json: JSON = [
      "pre_tokenizer": preTokenizer, "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "ignore_merges": true, "vocab": JSON(members: vocabulary), "merges": []],
    ]
    return try TemporaryTokenizer(json).load()
  }

  /// Bytes in the alphabet of byte-level vocabularies.
  static func spelling(_ bytes: [UInt8]) -> [UInt8] { bytes.flatMap { Array(alphabet[Int($0)].utf8) } }

  private static let alphabet: [String] = {
    let others = (0..<256).filter { !((0x21...0x7E).contains($0) || (0xA1...0xAC).contains($0) || $0 >= 0xAE) }
    return (0..<256).map { byte in
      let place = others.firstIndex(of: byte).map { 0x100 + $0 } ?? byte
      return Unicode.Scalar(UInt32(place)).map { String($0) } ?? ""
    }
  }()
}
