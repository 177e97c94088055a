import KernelTemplate
import Tensor

/// Products of packed panels by a kernel's tile: first in two loops, then in the five of Van Zee and Van de Geijn ("BLIS", 2015).
struct PackedRungs {
  /// Rows, columns and depth of what five loops pack at a time: A's part for the second-level cache, a panel of B for the first.
  private static let (rowBlock, columnBlock, depthBlock) = (96, 4096, 256)

  private let instructions: any InstructionSet.Type
  /// Rows and columns of the tile.
  private let height: Int
  private let width: Int

  init(_ instructions: any InstructionSet.Type) {
    self.instructions = instructions
    (height, width) = (instructions.tileRows, instructions.tileColumns)
  }

  /// Both operands packed whole, then every panel of A by every panel of B.
  func panels(_ a: Matrix, _ b: Matrix) -> Matrix {
    Operands.product(a, b) { operands in
      let packedA = Panels(operands.a, width: height, instructions)
      let packedB = Panels(operands.b, width: width, instructions)
      multiply(packedA, packedB, into: operands.c, accumulate: false)
    }
  }

  /// Five loops: columns, depth and rows in blocks, and within them panels of B and of A.
  func blocks(_ a: Matrix, _ b: Matrix) -> Matrix {
    Operands.product(a, b) { operands in
      let (a, b, c) = (operands.a, operands.b, operands.c)
      for columns in ranges(c.columns, by: Self.columnBlock) {
        for depth in ranges(a.columns, by: Self.depthBlock) {
          let packedB = Panels(b.part(rows: columns, columns: depth), width: width, instructions)
          for rows in ranges(c.rows, by: Self.rowBlock) {
            let packedA = Panels(a.part(rows: rows, columns: depth), width: height, instructions)
            multiply(packedA, packedB, into: c.part(rows: rows, columns: columns), accumulate: depth.lowerBound > 0)
          }
        }
      }
    }
  }

  /// The two loops inside: each panel of B stays in the nearest cache while all of A's pass by.
  private func multiply(_ a: Panels, _ b: Panels, into c: MutableRows, accumulate: Bool) {
    let edge = AlignedStorage(byteCount: 4 * height * width)
    defer { withExtendedLifetime((a, b, edge)) {} }
    for columns in ranges(c.columns, by: width) {
      for rows in ranges(c.rows, by: height) {
        let panel = b.panel(at: columns.lowerBound)
        instructions.multiply(
          a.panel(at: rows.lowerBound), panel, into: c.part(rows: rows, columns: columns), accumulate: accumulate,
          edge: edge.pointer.assumingMemoryBound(to: Float.self), next: panel.elements)
      }
    }
  }

  private func ranges(_ count: Int, by step: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: step).map { $0..<min(count, $0 + step) }
  }
}

/// The rows of an operand in panels of some width, step by step of the depth: what a tile reads in order.
private struct Panels {
  private let storage: AlignedStorage
  private let depth: Int
  private let width: Int

  init(_ view: StridedView, width: Int, _ instructions: any InstructionSet.Type) {
    (depth, self.width) = (view.columns, width)
    let count = (view.rows + width - 1) / width
    storage = AlignedStorage(byteCount: 4 * count * width * view.columns)
    let floats = storage.pointer.assumingMemoryBound(to: Float.self)
    for first in stride(from: 0, to: view.rows, by: width) {
      instructions.pack(
        view.part(rows: first..<min(view.rows, first + width)), scale: 1, width: width, into: floats + first * depth)
    }
  }

  /// The panel that begins with a row, a multiple of the width; valid as long as this is.
  func panel(at first: Int) -> Panel {
    Panel(storage.pointer.assumingMemoryBound(to: Float.self) + first * depth, depth: depth, stride: width)
  }
}
