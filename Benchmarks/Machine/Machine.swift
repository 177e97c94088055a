import Support
import Tensor

/// What the machine can do at most, measured by ourselves: the yardstick beside every figure.
final class Machine {
  /// What the operating system calls the processor, or nil where it does not.
  let processor: String?
  let cores: Int
  let memory: Int
  /// Bytes of the last-level cache, or nil where the system does not tell.
  let lastLevelCache: Int?
  private var peaks: [(kernel: Kernel, threads: Int, rate: Double)] = []
  private let bandwidths: [(threads: Int, rate: Double)]
  private let readByteCount: Int

  /// Measures with one thread, with all, and with the numbers that are asked for.
  init(kernels: [Kernel], threads: [Int], isQuick: Bool) {
    let counts = Set(threads + [1, Process.processorCount]).sorted()
    processor = Self.processorName
    cores = Process.processorCount
    memory = Process.physicalMemory
    lastLevelCache = Self.lastLevelCacheBytes
    readByteCount = isQuick ? 1 << 28 : 1 << 30
    bandwidths = ReadBandwidth.measure(byteCount: readByteCount, threads: counts)
    for kernel in kernels where kernel != .reference {
      for count in counts { peaks.append((kernel, count, MultiplyAddPeak.measure(kernel: kernel, threads: count))) }
    }
  }

  /// Measures a peak once more, briefly, and keeps it where it is higher than all before.
  ///
  /// Called between cases: a neighbour that took a core at the start would otherwise make every percentage too good.
  func raisePeak(_ kernel: Kernel, threads: Int) {
    guard let index = peaks.firstIndex(where: { $0.kernel == kernel && $0.threads == threads }) else { return }
    peaks[index].rate = max(peaks[index].rate, MultiplyAddPeak.measure(kernel: kernel, threads: threads, bursts: 2))
  }

  /// Floating-point operations a second; nil for the reference, whose loops are no measure of anything.
  func peak(_ kernel: Kernel, threads: Int) -> Double? {
    peaks.first { $0.kernel == kernel && $0.threads == threads }?.rate
  }

  /// Bytes read a second, measured now.
  func bandwidth(threads: Int) -> Double {
    ReadBandwidth.measure(byteCount: readByteCount, threads: [threads]).reduce(0) { max($0, $1.rate) }
  }

  /// Lines for people.
  var text: String {
    var lines = ["\(processor ?? "unknown processor"), \(cores) cores, kernel \(Kernel.automatic.rawValue)"]
    for peak in peaks {
      lines.append(
        "peak of \(peak.kernel.rawValue), \(Self.count(peak.threads)): \((peak.rate / 1e9).fixed(1)) GFLOP/s")
    }
    for bandwidth in bandwidths {
      lines.append("reading memory, \(Self.count(bandwidth.threads)): \((bandwidth.rate / 1e9).fixed(1)) GB/s")
    }
    return lines.joined(separator: "\n")
  }

  private static func count(_ threads: Int) -> String { threads == 1 ? "1 thread" : "\(threads) threads" }

  var json: JSON {
    [
      "program": "svnup", "processor": processor.map { JSON($0) } ?? .null, "cores": JSON(cores),
      "memoryBytes": JSON(memory),
      "lastLevelCacheBytes": lastLevelCache.map { JSON($0) } ?? .null, "kernel": JSON(Kernel.automatic.rawValue),
      "peaks": .array(
        peaks.map {
          ["kernel": JSON($0.kernel.rawValue), "threads": JSON($0.threads), "gigaflops": JSON($0.rate / 1e9)]
        }),
      "bandwidths": .array(
        bandwidths.map { ["threads": JSON($0.threads), "gigabytesPerSecond": JSON($0.rate / 1e9)] }),
    ]
  }

  private static var processorName: String? {
    let text = file("/proc/cpuinfo") ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix("model name") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return nil
  }

  /// The size of the largest cache that the first processor has, from its description such as `32768K`.
  static var lastLevelCacheBytes: Int? {
    (0..<8).compactMap { index -> Int? in
      guard let text = file("/sys/devices/system/cpu/cpu0/cache/index\(index)/size") else { return nil }
      let digits = text.prefix { $0.isNumber }
      let factor = text.contains("M") ? 1 << 20 : text.contains("K") ? 1 << 10 : 1
      guard let number = Int(digits) else { return nil }
      let bytes = number.multipliedReportingOverflow(by: factor)
      return bytes.overflow ? nil : bytes.partialValue
    }.max()
  }

  private static func file(_ path: String) -> String? {
    (try? FileSystem.readStream(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
  }
}
