/// The options that every command has.
package enum CommonOptions {
  package static let json = Option.flag("json", help: "Print the result as one JSON document on standard output.")
  package static let quiet = Option.flag("quiet", help: "No notes and no progress on standard error.")
  package static let threads: Option<Int?> = Option(
    "threads", .integer(1...1024), defaultText: "one a processor",
    help: "Threads to compute with. The results are the same for any number.")
  package static let help = Option.flag("help", help: "Show this help; also -h.")

  package static let group = OptionGroup("Common options", [json, quiet, threads, help])
}
