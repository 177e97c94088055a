import Support
import Tensor
var g = SeededGenerator(seed: 1)
for k in MatmulKernel.allCases where k.isAvailable && k != .reference {
 MatmulKernel.$current.withValue(k) {
  for (m,n,d) in [(1024,1024,1024),(4096,128,128),(4096,352,128),(2048,2048,2048)] {
   let a = Matrix(rows: m, columns: d, elements: (0..<m*d).map { _ in Float(g.normal()) })
   let b = Matrix(rows: n, columns: d, elements: (0..<n*d).map { _ in Float(g.normal()) })
   for t in [1,2] {
    Parallel.$threadCount.withValue(t) {
    var best = 1e9
    for _ in 0..<5 { let s = ContinuousClock.now; _ = matmul(a, transposed: b); best = min(best, (ContinuousClock.now - s).seconds) }
    print(k, m,n,d, t, (2.0*Double(m*n*d)/best/1e9).fixed(0), "GFLOP/s")
   }}
  }
 }
}
