"""What the peer scripts share: the command line, the clock, and the JSON that `Benchmarks compare` reads.

A case has the same name here and there, and the same number of threads; see Documentation/Benchmarks.md.
"""

import argparse
import json
import statistics
import sys
import time

LEAST_RUNS = 7
MOST_RUNS = 31
LEAST_TOTAL = 0.5
LEAST_RUN = 0.002


def arguments(description, benchmarks):
    """The options that every script has; returns a parser to which a script may add its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK",
                        help=f"all unless some are named: {', '.join(benchmarks)}")
    parser.add_argument("--threads", type=int, default=2, help="number of threads (2)")
    parser.add_argument("--output", help="file for the JSON; standard output unless given")
    return parser


def chosen(parser, options, benchmarks):
    """The benchmarks that a command line names, in the order of the table."""
    for name in options.benchmarks:
        if name not in benchmarks:
            parser.error(f"unknown benchmark '{name}'; there are {', '.join(benchmarks)}")
    return [name for name in benchmarks if not options.benchmarks or name in options.benchmarks]


def require(module, package, remedy=None):
    """Imports a module, or ends with one line that says what is missing."""
    try:
        return __import__(module)
    except ImportError as error:
        sys.exit(f"{sys.argv[0]}: {package} is missing ({error}); {remedy or 'pip install ' + package}")


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return None


def clocked(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def last_level_cache():
    """Bytes of the largest cache of the first processor; 0 where the system does not tell."""
    largest = 0
    for index in range(8):
        try:
            with open(f"/sys/devices/system/cpu/cpu0/cache/index{index}/size") as file:
                text = file.read().strip()
        except OSError:
            continue
        factor = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:], 1)
        digits = text.rstrip("KM")
        largest = max(largest, int(digits) * factor if digits.isdigit() else 0)
    return largest


class Results:
    """Times cases by the rule of the Swift harness and collects them."""

    def __init__(self, program, kernel, options, facts=None):
        self.machine = {"program": program, "processor": processor(), **(facts or {})}
        self.kernel = kernel
        self.options = options
        self.results = []
        # Now, since whatever is wrong with it should be known before the measurements.
        if options.output:
            open(options.output, "a").close()

    def time(self, benchmark, case, body, parts=1, prepare=None, threads=None, facts=None):
        """Times `body`, which does `parts` times the work of the case; `prepare` makes its argument, untimed."""
        repetitions = 1
        if prepare is None:
            while True:
                seconds = clocked(lambda: [body() for _ in range(repetitions)])
                if seconds >= LEAST_RUN or repetitions >= 1 << 20:
                    break
                repetitions *= 2

            def once():
                return clocked(lambda: [body() for _ in range(repetitions)]) / repetitions
        else:
            def once():
                argument = prepare()
                return clocked(lambda: body(argument))
            once()
        times = []
        while len(times) < LEAST_RUNS or (sum(times) < LEAST_TOTAL and len(times) < MOST_RUNS):
            times.append(once())
        result = {
            "benchmark": benchmark, "case": case, "kernel": self.kernel,
            "threads": threads or self.options.threads, "runs": len(times),
            "medianSeconds": statistics.median(times) / parts, "leastSeconds": min(times) / parts,
            "mostSeconds": max(times) / parts, **(facts or {}),
        }
        self.results.append(result)
        print(f"{case:<44} {1e3 * result['medianSeconds']:10.3f} ms "
              f"[{1e3 * result['leastSeconds']:.3f}, {1e3 * result['mostSeconds']:.3f}]", file=sys.stderr)

    def write(self):
        document = json.dumps({"machine": self.machine, "results": self.results}, indent=2) + "\n"
        if self.options.output:
            with open(self.options.output, "w") as file:
                file.write(document)
        else:
            sys.stdout.write(document)


# The sizes of svnup's own benchmarks, which its help has; a test compares them.
MATMUL_SHAPES = [
    (1024, 1024, 1024), (2048, 2048, 2048), (4096, 4096, 4096),
    (2048, 768, 768), (2048, 2048, 768), (2048, 768, 2048), (4096, 352, 128),
    (1021, 509, 251), (2048, 2048, 64), (2048, 64, 2048), (64, 4096, 4096), (256, 4096, 4096),
]
GEMV_SHAPES = [
    (1, 4096, 4096), (4, 4096, 4096), (8, 4096, 4096), (1, 32000, 2048), (4, 32000, 2048), (8, 32000, 2048),
]
GEMV_WORKING_SET = max(192 << 20, 2 * last_level_cache())
ATTENTION_SHAPES = [(12, 12, 2048, 64), (32, 4, 2048, 64)]
CHOLESKY_SIZES = [(768,), (2048,), (3072,)]
SPARSEGPT_SHAPES = [(768, 3072), (2048, 2048)]
WANDA_SHAPES = [(768, 3072)]

# Blocks, hidden size, heads, intermediate size, vocabulary, tokens of a window; then the decoding.
LLAMA = (12, 768, 12, 2048, 32000, 2048)
PROMPT, DECODED = 16, 32
SHORT_PROMPTS = (8, 32, 64)


def add_size(parser):
    """The option for another LLaMA than the usual one."""
    def size(text):
        parts = tuple(int(part) for part in text.split("x"))
        if len(parts) != len(LLAMA) or min(parts) < 1:
            raise ValueError(text)
        return parts
    parser.add_argument("--size", type=size, default=LLAMA, help="the LLaMA: BxDxHxIxVxT, as Benchmarks forward takes it")


def name(benchmark, shape, variant):
    return f"{benchmark}/{'x'.join(map(str, shape))}/{variant}"
