// The sets that a pattern names: by escapes such as \s, and by general categories such as \p{Lu}.
extension ScalarSet {
  /// `\p{L}`.
  static let letters = ScalarSet(table: CharacterClassRanges.letters)
  /// `\p{N}`.
  static let numbers = ScalarSet(table: CharacterClassRanges.numbers)
  /// `\s`.
  static let blanks = ScalarSet(table: CharacterClassRanges.blanks)
  /// `\w`.
  static let wordCharacters = letters.union(ScalarSet(table: CharacterClassRanges.otherWordCharacters))

  /// What `Digits` takes for a number: it follows the tables of Rust, which are of Unicode 17.
  static let numbersOfDigits = numbers.union(ScalarSet(0x11DE0...0x11DE9)).union(ScalarSet(0x16FF4...0x16FF6))

  /// What `Whitespace` takes for `\w`, by Rust's regular expressions.
  static let wordsOfWhitespace = union(of: [
    wordCharacters.intersection(union(of: [0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE].map { ScalarSet($0) }).complement),
    ScalarSet(0x200C...0x200D),
  ])

  /// What `Punctuation` takes for punctuation: ASCII's marks and symbols, and the category P as of Unicode 8.
  static let punctuation: ScalarSet = {
    let ranges: [ClosedRange<UInt32>] = [
      0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E, 0x166D...0x166D, 0x111C9...0x111C9,
    ]
    let others = ranges.map { ScalarSet($0) } + [category("P") ?? .empty]
    return union(of: others).intersection(laterPunctuation.complement)
  }()

  /// Punctuation that Unicode 9 to 16 added.
  private static let laterPunctuation = ScalarSet(table: [
    0x61D, 0x61D, 0x9FD, 0x9FD, 0xA76, 0xA76, 0xC77, 0xC77, 0xC84, 0xC84, 0x1B4E, 0x1B4F, 0x1B7D, 0x1B7F,
    0x2E43, 0x2E4F, 0x2E52, 0x2E5D, 0x10D6E, 0x10D6E, 0x10EAD, 0x10EAD, 0x10F55, 0x10F59, 0x10F86, 0x10F89,
    0x113D4, 0x113D5, 0x113D7, 0x113D8, 0x1144B, 0x1144F, 0x1145A, 0x1145B, 0x1145D, 0x1145D, 0x11660, 0x1166C,
    0x116B9, 0x116B9, 0x1183B, 0x1183B, 0x11944, 0x11946, 0x119E2, 0x119E2, 0x11A3F, 0x11A46, 0x11A9A, 0x11A9C,
    0x11A9E, 0x11AA2, 0x11B00, 0x11B09, 0x11BE1, 0x11BE1, 0x11C41, 0x11C45, 0x11C70, 0x11C71, 0x11EF7, 0x11EF8,
    0x11F43, 0x11F4F, 0x11FFF, 0x11FFF, 0x12FF1, 0x12FF2, 0x16D6D, 0x16D6F, 0x16E97, 0x16E9A, 0x16FE2, 0x16FE2,
    0x1E5FF, 0x1E5FF, 0x1E95E, 0x1E95F,
  ])

  /// The scalars of a general category, such as `Lu`, or of a group of them, such as `L`; nil for other names.
  static func category(_ name: String) -> ScalarSet? {
    switch name {
    case "L", "Letter": return letters
    case "N", "Number": return numbers
    case "M", "Mark": return group("M")
    case "P", "Punctuation", "Punct": return group("P")
    case "S", "Symbol": return group("S")
    case "Z", "Separator": return group("Z")
    case "C", "Other": return group("C")
    default: return categories[name]
    }
  }

  private static func group(_ letter: Character) -> ScalarSet {
    categories.reduce(.empty) { $1.key.first == letter ? $0.union($1.value) : $0 }
  }

  /// Scalars other than ASCII, ſ and K (Kelvin) that change with case.
  static let otherCasedScalars: ScalarSet = {
    var result = ScalarSet.empty
    for value in UInt32(0x80)..<0x1F200 where value != 0x17F && value != 0x212A {
      guard let scalar = Unicode.Scalar(value), scalar.properties.changesWhenCaseMapped else { continue }
      result.append(value..<value + 1)
    }
    return result
  }()

  /// The general categories as of Unicode 16.
  ///
  /// Letters and numbers are those of `CharacterClassRanges`, so that a matcher agrees with the scanners; the standard
  /// library tells them apart and knows the rest. What it knows of later versions counts as unassigned.
  private static let categories: [String: ScalarSet] = {
    var sets: [String: ScalarSet] = [:]
    var start: UInt32 = 0
    var name = "Cc"
    for value in UInt32(0)..<limit {
      // Nothing is assigned between the ideographs and the tags, nor named in the last two planes.
      if (0x34000..<0xE0000).contains(value) || value > 0xE1000 && value & 0xFFFF > 1 && value & 0xFFFF < 0xFFFD {
        continue
      }
      let next = categoryName(value)
      if next == name { continue }
      sets[name, default: .empty].append(start..<value)
      (start, name) = (value, next)
    }
    sets[name, default: .empty].append(start..<limit)
    return sets
  }()

  private static func categoryName(_ value: UInt32) -> String {
    guard let scalar = Unicode.Scalar(value) else { return "Cs" }
    let properties = scalar.properties
    let name = abbreviation(properties.generalCategory)
    switch CharacterClasses.unicode16(value) {
    // Unicode 17 made ʕ a letter without case.
    case CharacterClass.letter: return value == 0x295 ? "Ll" : name.first == "L" ? name : "Lo"
    case CharacterClass.number: return name.first == "N" ? name : "No"
    default:
      if name.first == "L" || name.first == "N" { return "Cn" }
      if let age = properties.age, age.major > 16 { return "Cn" }
      return name
    }
  }

  private static func abbreviation(_ category: Unicode.GeneralCategory) -> String {
    switch category {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .titlecaseLetter: "Lt"
    case .modifierLetter: "Lm"
    case .otherLetter: "Lo"
    case .nonspacingMark: "Mn"
    case .spacingMark: "Mc"
    case .enclosingMark: "Me"
    case .decimalNumber: "Nd"
    case .letterNumber: "Nl"
    case .otherNumber: "No"
    case .connectorPunctuation: "Pc"
    case .dashPunctuation: "Pd"
    case .openPunctuation: "Ps"
    case .closePunctuation: "Pe"
    case .initialPunctuation: "Pi"
    case .finalPunctuation: "Pf"
    case .otherPunctuation: "Po"
    case .mathSymbol: "Sm"
    case .currencySymbol: "Sc"
    case .modifierSymbol: "Sk"
    case .otherSymbol: "So"
    case .spaceSeparator: "Zs"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    case .control: "Cc"
    case .format: "Cf"
    case .surrogate: "Cs"
    case .privateUse: "Co"
    case .unassigned: "Cn"
    @unknown default: "Cn"
    }
  }
}
