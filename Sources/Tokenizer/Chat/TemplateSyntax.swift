/// An expression of a chat template; numbers are places in its source.
indirect enum TemplateExpression: Sendable {
  case literal(TemplateValue)
  case name(String)
  case member(TemplateExpression, String, Int)
  case element(TemplateExpression, TemplateExpression, Int)
  /// From one number to another, by a step; two or three, each of which may be missing.
  case slice(TemplateExpression, [TemplateExpression?], Int)
  case call(TemplateExpression, [TemplateArgument], Int)
  case filter(TemplateExpression, String, [TemplateArgument], Int)
  case test(TemplateExpression, String, [TemplateArgument], Int)
  case not(TemplateExpression)
  case negative(TemplateExpression, Int)
  case binary(String, TemplateExpression, TemplateExpression, Int)
  case choice(TemplateExpression, if: TemplateExpression, else: TemplateExpression?)
  case list([TemplateExpression])
  case object([(key: TemplateExpression, value: TemplateExpression)])
}

/// An argument of a call, with its name where it has one.
struct TemplateArgument: Sendable {
  let name: String?
  let value: TemplateExpression
}

/// A part of a chat template.
indirect enum TemplateStatement: Sendable {
  case text(String)
  case output(TemplateExpression)
  case branch([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
  case loop(
    [String], over: TemplateExpression, where: TemplateExpression?, body: [TemplateStatement],
    otherwise: [TemplateStatement], Int)
  case set(String, member: String?, TemplateExpression, Int)
  /// A name for what the body writes.
  case capture(String, member: String?, body: [TemplateStatement], Int)
}

/// What is wrong with a template, and where.
struct TemplateProblem: Error {
  let reason: String
  /// The byte at which it is.
  let place: Int
}
