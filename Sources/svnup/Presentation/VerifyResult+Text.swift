import ShapleyPrune
import Support

extension VerifyResult {
  var json: JSON {
    [
      "hashedFiles": hashedFiles.map { JSON($0) } ?? .null, "tensors": JSON(tensors), "linears": JSON(linears),
      "zeros": JSON(zeros), "sparsity": JSON(sparsity), "pattern": pattern?.groups.map { JSON($0) } ?? .null,
    ]
  }

  var text: String {
    let files =
      hashedFiles.map { "\($0), each with the SHA-256 it was saved with" }
      ?? "not compared: \(PruningRecord.fileName) is of a version that did not record their SHA-256"
    let groups = pattern?.groups.map { ", \($0) in every row" } ?? ""
    return """
      \(directory) is as it was saved
      files    \(files)
      tensors  \(tensors), all finite, in the shapes of the configuration
      linears  \(linears), \(Quantity.percent(sparsity)) zeros, each as recorded\(groups)
      """
  }
}
