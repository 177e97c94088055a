import Support
import Testing

@Suite struct LocalTimeTests {
  @Test(
    "The calendar has leap years, weekdays and days of a year",
    arguments: [
      (2026, 11, 29, "Sunday 333"), (2000, 12, 31, "Sunday 366"), (1900, 3, 1, "Thursday 060"),
      (2100, 3, 1, "Monday 060"),
      (2024, 1, 1, "Monday 001"), (2023, 12, 31, "Sunday 365"),
    ])
  func calendar(year: Int, month: Int, day: Int, text: String) {
    #expect(LocalTime(year: year, month: month, day: day).formatted("%A %j") == text)
  }

  @Test("Hours of twelve, numbers without zeros, and what is not known")
  func directives() {
    let hours = [0, 1, 11, 12, 13, 23].map { LocalTime(year: 7, month: 1, day: 2, hour: $0).formatted("%I%p %-H") }
    #expect(hours == ["12AM 0", "01AM 1", "11AM 11", "12PM 12", "01PM 13", "11PM 23"])
    #expect(LocalTime(year: 1999, month: 1, day: 2).formatted("%y%%%-d%-e%-m") == "99%221")
    for format in ["%", "%-", "%Q", "a %5d"] {
      #expect(LocalTime(year: 1999, month: 1, day: 2).formatted(format) == nil)
    }
  }
}
