/// Elementary functions on Double that the Swift standard library does not have.
package enum Math {
  package static func exp(_ x: Double) -> Double { System.exponential(x) }
  package static func log(_ x: Double) -> Double { System.logarithm(x) }
  package static func pow(_ x: Double, _ y: Double) -> Double { System.power(x, y) }
  package static func sin(_ x: Double) -> Double { System.sine(x) }
  package static func cos(_ x: Double) -> Double { System.cosine(x) }
  package static func atan(_ x: Double) -> Double { System.arcTangent(x) }
}
