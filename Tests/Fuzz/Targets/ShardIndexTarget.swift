import Support
import Tensor

/// `model.safetensors.index.json` beside two shards: every tensor that it lists is where it says, in this folder.
struct ShardIndexTarget: FuzzTarget {
  static let name = "shard-index"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) throws {
    self.scratch = scratch
    for (shard, tensor) in [("a.safetensors", "x"), ("b.safetensors", "y")] {
      let header = #"{"\#(tensor)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
      let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
      try scratch.write(length + Array(header.utf8) + [7], to: shard)
    }
  }

  func check(_ bytes: [UInt8]) throws {
    let path = try scratch.write(bytes, to: "model.safetensors.index.json")
    let checkpoint: Checkpoint
    do throws(CheckpointError) { checkpoint = try Checkpoint(directory: scratch.path) } catch {
      try require(error.description.contains(scratch.path), "'\(error)' names no file")
      // A shard that is not there is missing input; everything else is the index's fault.
      try require([.badData, .noInput, .inputOutput].contains(error.failureKind), "'\(error)': \(error.failureKind)")
      return
    }
    let listed = try JSON.parse(bytes)["weight_map"]?.object?.members ?? []
    for (tensor, shard) in listed {
      let found = checkpoint.shard(of: TensorName(tensor))
      try require(found.map { Array(Path.name(of: $0.path).utf8) } == shard.bytes, "a tensor is in another shard")
    }
    try require(checkpoint.shards.allSatisfy { Path.parent(of: $0.path) == Path.parent(of: path) }, "a foreign folder")
  }
}
