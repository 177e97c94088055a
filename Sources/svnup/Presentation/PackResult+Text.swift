import ShapleyPrune
import Support

extension PackResult {
  var json: JSON {
    [
      "output": JSON(output), "denseBytes": JSON(denseBytes), "packedBytes": JSON(storedBytes),
      "matrices": JSON(members: forms.map { ($0.name, JSON($0.count)) }),
    ]
  }

  var text: String {
    let fraction = Double(storedBytes) / Double(max(1, denseBytes))
    let forms = forms.filter { $0.count > 0 }.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
    return """
      \(output)
      dense     \(Quantity.bytes(denseBytes))
      packed    \(Quantity.bytes(storedBytes)), \(Quantity.percent(fraction)) of it
      matrices  \(forms)
      """
  }
}
