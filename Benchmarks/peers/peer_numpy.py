"""The matrix product in numpy, on whatever BLAS it was built with.

OpenBLAS picks its kernels by the processor's family; OPENBLAS_CORETYPE=SKYLAKEX asks for those of AVX-512.
"""

import os
import sys

import harness


def main():
    parser = harness.arguments(__doc__.splitlines()[0], ["matmul", "gemv"])
    options = parser.parse_args()
    benchmarks = harness.chosen(parser, options, ["matmul", "gemv"])
    # Read by the BLAS when it is loaded, so they come before numpy.
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    harness.require("numpy", "numpy")
    import numpy

    blas = numpy.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    core = os.environ.get("OPENBLAS_CORETYPE", "")
    label = "numpy" + (f" {core}" if core else "")
    results = harness.Results(
        label, f"{blas.get('name', 'BLAS')} {blas.get('version', '')}".strip(), options,
        {"numpy": numpy.__version__, "blas": {key: str(value) for key, value in blas.items()},
         "openblasCoreType": core or None})
    generator = numpy.random.default_rng(1)

    def uniform(rows, columns):
        return generator.uniform(-1, 1, (rows, columns)).astype(numpy.float32)

    if "matmul" in benchmarks:
        for m, n, k in harness.MATMUL_SHAPES:
            a, b = uniform(m, k), uniform(n, k)
            results.time("matmul", harness.name("matmul", (m, n, k), "f32"), lambda: a @ b.T)
    if "gemv" in benchmarks:
        for rows, n, k in harness.GEMV_SHAPES:
            a, b = uniform(rows, k), uniform(n, k)
            copies = [b.copy() for _ in range(max(1, -(-harness.GEMV_WORKING_SET // b.nbytes)))]
            results.time("gemv", harness.name("gemv", (rows, n, k), "f32"),
                         lambda: [a @ w.T for w in copies], parts=len(copies))
    results.write()


if __name__ == "__main__":
    sys.exit(main())
