/// A time by the clock and the calendar of the place where the machine is.
package struct LocalTime: Sendable, Equatable {
  let year: Int
  /// From 1.
  let month: Int
  /// From 1.
  let day: Int
  let hour: Int
  let minute: Int
  let second: Int

  /// A time of the Gregorian calendar.
  package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  /// This moment.
  package static var now: LocalTime { System.localTime }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  /// Days from 1 March of the year 0, where years begin with March, so that the day that leap years have comes last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let years = month < 3 ? year - 1 : year
    let months = (month + 9) % 12
    return 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1
  }

  private var weekday: Int { (Self.days(year, month, day) + 3) % 7 }
  private var dayOfYear: Int { Self.days(year, month, day) - Self.days(year, 1, 1) + 1 }

  /// The time as C's `strftime` writes it in English: %Y, %d, %B and their like, %-d for a number without zeros in front.
  ///
  /// - Returns: nil where the format has a directive that is not known.
  package func formatted(_ format: String) -> String? {
    var result = ""
    var rest = format.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let isBare = rest.first == "-"
      if isBare { rest.removeFirst() }
      guard let directive = rest.popFirst(), let field = field(directive) else { return nil }
      let bare = field.drop { $0 == "0" || $0 == " " }
      result += isBare ? (bare.isEmpty ? "0" : String(bare)) : field
    }
    return result
  }

  private func field(_ directive: Unicode.Scalar) -> String? {
    func digits(_ number: Int, _ count: Int, _ fill: Character = "0") -> String {
      let text = String(number)
      return String(repeating: fill, count: max(0, count - text.count)) + text
    }
    return switch directive {
    case "Y": String(year)
    case "y": digits(year % 100, 2)
    case "m": digits(month, 2)
    case "B": Self.months[month - 1]
    case "b", "h": String(Self.months[month - 1].prefix(3))
    case "d": digits(day, 2)
    case "e": digits(day, 2, " ")
    case "j": digits(dayOfYear, 3)
    case "A": Self.weekdays[weekday]
    case "a": String(Self.weekdays[weekday].prefix(3))
    case "H": digits(hour, 2)
    case "I": digits((hour + 11) % 12 + 1, 2)
    case "p": hour < 12 ? "AM" : "PM"
    case "M": digits(minute, 2)
    case "S": digits(second, 2)
    case "F": formatted("%Y-%m-%d")
    case "T": formatted("%H:%M:%S")
    case "%": "%"
    default: nil
    }
  }
}
