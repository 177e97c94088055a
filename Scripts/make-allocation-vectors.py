#!/usr/bin/env python3
"""Writes Tests/Fixtures/allocations.json: what AlphaPruning and DLP make of spectra and medians, in double precision.

usage: make-allocation-vectors.py > Tests/Fixtures/allocations.json        (pip install numpy)

Plain NumPy after Lu et al. (arXiv 2410.10912) and Chen et al. (arXiv 2505.23807), and after the conventions of the code that the
former published. Singular values are LAPACK's; weights are those of the repository's own models. Spectra have eight digits, and
what is told of them is of these digits.
"""
import json
import os
import struct

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
MODELS = {"kjv-llama": "Sources/svnup/Resources/kjv-llama", "llama3-gqa": "Tests/Fixtures/random-models/llama3-gqa",
          "opt-350m": "Tests/Fixtures/random-models/opt-350m"}


def tensors(folder):
    for name in sorted(os.listdir(folder)):
        if not name.startswith("model") or not name.endswith(".safetensors"):
            continue
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        start = 8 + struct.unpack("<Q", data[:8])[0]
        for key, entry in json.loads(data[8:start]).items():
            if key == "__metadata__":
                continue
            raw = data[start + entry["data_offsets"][0]:start + entry["data_offsets"][1]]
            if entry["dtype"] == "BF16":
                values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
            else:
                values = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[entry["dtype"]])
            yield key, values.astype(np.float64).reshape(entry["shape"])


def fit(eigenvalues, begin):
    tail = eigenvalues[begin:]
    logs = np.log(tail / tail[0]).sum()
    if logs == 0:
        return None, 1
    alpha = 1 + len(tail) / logs
    law = 1 - (tail / tail[0]) ** (1 - alpha)
    return alpha, np.abs(law - np.arange(len(tail)) / len(tail)).max()


def half(eigenvalues):
    return fit(eigenvalues, len(eigenvalues) // 2)[0]


def peak(eigenvalues):
    logs = np.log10(eigenvalues)
    counts, edges = np.histogram(logs, bins=100, range=(logs[0], logs[-1]))
    mode = 10 ** edges[np.argmax(counts)]
    fits = [fit(eigenvalues, i) for i, value in enumerate(eigenvalues[:-1])
            if np.log10(0.95 * mode) <= value <= 1.5 * mode]
    return fits[int(np.argmin([distance for _, distance in fits]))][0]


def alpha_pruning(exponents, parameters, target, epsilon):
    exponents, parameters = np.array(exponents), np.array(parameters)
    ratios = (exponents - exponents.min()) / (exponents.max() - exponents.min()) * 2 * epsilon + 1 - epsilon
    return ratios * parameters.sum() * target / (parameters * ratios).sum()


def dlp(medians, target, alpha):
    importance = 1 - np.array(medians) / np.sum(medians)
    keep = (importance - importance.min()) / (importance.max() - importance.min()) * 2 * alpha
    return importance, 1 - (keep - keep.mean() + 1 - target)


def main():
    rng = np.random.default_rng(11)
    spectra = [
        np.linalg.svd(rng.normal(size=shape), compute_uv=False) ** 2 for shape in [(2, 2), (5, 9), (40, 40), (64, 200)]]
    spectra += [0.001 * rng.pareto(2.5, size=90) + 1e-5, 50 * (1 + rng.pareto(1.5, size=41)), np.array([1.0, 3.0, 3.0, 3.0])]
    spectra = [np.array([float(f"{value:.8g}") for value in np.sort(spectrum)]) for spectrum in spectra]
    models = {}
    for name, path in MODELS.items():
        blocks = {}
        for key, value in tensors(os.path.join(ROOT, path)):
            if ".layers." in key and key.endswith(".weight") and value.ndim == 2:
                blocks.setdefault(int(key.split(".layers.")[1].split(".")[0]), []).append(value)
        spectra_of = [[np.sort(np.linalg.svd(weight, compute_uv=False) ** 2) for weight in blocks[i]]
                      for i in sorted(blocks)]
        parameters = [int(sum(weight.size for weight in blocks[i])) for i in sorted(blocks)]
        models[name] = {}
        for tail in (peak, half):
            exponents = [float(np.mean([tail(spectrum) for spectrum in block])) for block in spectra_of]
            models[name][tail.__name__] = {
                "exponents": exponents, "sparsities": list(alpha_pruning(exponents, parameters, 0.7, 0.3))}
    exponents, parameters = [3.1, 2.2, 4.7, 2.9, 3.3], [100, 250, 100, 300, 50]
    medians = [0.0123, 0.0201, 0.0177, 0.0311]
    importances, sparsities = dlp(medians, 0.7, 0.15)
    print(json.dumps({
        "spectra": [{"eigenvalues": list(spectrum), "peak": peak(spectrum), "half": half(spectrum)} for spectrum in spectra],
        "models": models,
        "alphaPruning": {"exponents": exponents, "parameters": parameters, "target": 0.6, "spread": 0.2,
                         "sparsities": list(alpha_pruning(exponents, parameters, 0.6, 0.2))},
        "dlp": {"medians": medians, "importances": list(importances), "target": 0.7, "sparsities": list(sparsities)},
    }))


if __name__ == "__main__":
    main()
