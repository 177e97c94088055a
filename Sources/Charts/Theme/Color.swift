import Support

/// A colour of the sRGB space.
public struct Color: Hashable, Sendable {
  /// Red, green and blue from 0 to 255.
  public let red: UInt8, green: UInt8, blue: UInt8

  /// The colour of six hexadecimal digits, as in `0x0072B2`.
  init(_ digits: UInt32) {
    (red, green, blue) = (UInt8(digits >> 16 & 255), UInt8(digits >> 8 & 255), UInt8(digits & 255))
  }

  private init(_ red: Double, _ green: Double, _ blue: Double) {
    func byte(_ value: Double) -> UInt8 { UInt8(min(max(value.rounded(), 0), 255)) }
    (self.red, self.green, self.blue) = (byte(red), byte(green), byte(blue))
  }

  /// The colour as style sheets write it.
  public var hexadecimal: String { "#\(red.hexadecimal)\(green.hexadecimal)\(blue.hexadecimal)" }

  /// The relative luminance of WCAG 2.
  public var luminance: Double {
    func linear(_ part: UInt8) -> Double {
      let value = Double(part) / 255
      return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// The contrast of WCAG 2, from 1 to 21.
  public func contrast(with other: Color) -> Double {
    let (a, b) = (luminance + 0.05, other.luminance + 0.05)
    return max(a, b) / min(a, b)
  }

  /// Black or white, whichever is read better on this colour; the contrast is above 4.5 on every colour.
  var ink: Color {
    let (black, white) = (Color(0x000000), Color(0xFFFFFF))
    return contrast(with: black) >= contrast(with: white) ? black : white
  }

  /// Colours in even steps along a line through these.
  static func ramp(_ stops: [UInt32], count: Int) -> [Color] {
    let stops = stops.map { Color($0) }
    return (0..<count).map { index in
      let place = Double(index) * Double(stops.count - 1) / Double(max(count - 1, 1))
      let low = min(Int(place), max(stops.count - 2, 0))
      let (a, b, share) = (stops[low], stops[min(low + 1, stops.count - 1)], place - Double(low))
      func mix(_ a: UInt8, _ b: UInt8) -> Double { Double(a) + (Double(b) - Double(a)) * share }
      return Color(mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue))
    }
  }
}
