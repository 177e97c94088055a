#!/usr/bin/env python3
"""Writes Tests/Fixtures/reconstruction/vectors.json: what ADMM, ALPS and dense targets make of a small linear, in double precision.

usage: make-reconstruction-vectors.py > Tests/Fixtures/reconstruction/vectors.json        (pip install numpy)

Plain NumPy after the papers' formulas: Boza (arXiv 2401.02938), Meng et al. (arXiv 2406.07831). The inputs have a few common
directions, as activations have, and one that is always zero; "inputs" are those of the pruned model, "denseInputs" those of the dense
one, "residual" is the difference of the residual streams. Weights are (outputs, inputs), row by row.
"""
import json

import numpy as np

TOKENS, OUTPUTS, INPUTS, DEAD = 64, 9, 16, 11
PATTERNS = [0.5, 0.7, [2, 4]]


def smallest(scores, pattern, share=1.0):
    """True where a pattern keeps a weight; the first of equal scores go."""
    keep = np.ones(scores.shape, bool)
    if isinstance(pattern, list):
        kept, group = pattern
        for row in range(scores.shape[0]):
            for start in range(0, scores.shape[1], group):
                order = np.argsort(scores[row, start:start + group], kind="stable")
                keep[row, start + order[:group - kept]] = False
    else:
        order = np.argsort(scores.reshape(-1), kind="stable")[:int(scores.size * (pattern * share))]
        keep.reshape(-1)[order] = False
    return keep


def unit_diagonal(gram):
    scale = np.sqrt(np.diag(gram))
    dead = scale == 0
    scale[dead] = 1
    h = gram / np.outer(scale, scale)
    h[dead, dead] = 1
    return h, scale, dead


def admm(weight, gram, pattern, dampening=0.1, rho=1.0, rounds=20, choosing=15):
    h, scale, dead = unit_diagonal(gram)
    scaled = weight * scale
    scaled[:, dead] = 0
    n = len(scale)
    inverse = np.linalg.inv(h + (dampening + rho) * np.eye(n))
    constant = scaled @ (h + dampening * np.eye(n))
    x, u, keep = scaled, np.zeros_like(scaled), None
    for t in range(rounds):
        if t < choosing:
            keep = smallest(np.abs(x + u), pattern, 1 - (1 - (t + 1) / choosing) ** 3)
        z = (x + u) * keep
        u = u + x - z
        x = (constant + rho * (z - u)) @ inverse
    return (x + u) * keep / scale


def alps(weight, gram, pattern, interval, steps, dampening=0.01, rho=0.1, rounds=300):
    h, scale, dead = unit_diagonal(gram)
    scaled = weight * scale
    scaled[:, dead] = 0
    n = len(scale)
    damped = h + dampening * np.eye(n)
    constant = scaled @ damped
    keep = smallest(np.abs(scaled), pattern)
    z, v, old = scaled * keep, np.zeros_like(scaled), keep
    for t in range(1, rounds + 1):
        x = (constant - v + rho * z) @ np.linalg.inv(damped + rho * np.eye(n))
        keep = smallest(np.abs(x + v / rho), pattern)
        z = (x + v / rho) * keep
        v = v + rho * (x - z)
        if t % interval == 0:
            changes = int((keep != old).sum())
            if changes == 0:
                break
            old = keep
            share = changes / keep.sum()
            rho *= 1.3 if share >= 0.1 else 1.2 if share >= 0.005 else 1.1
    residual = ((scaled - z) @ damped) * keep
    direction, squares, first = residual, (residual ** 2).sum(1, keepdims=True), (residual ** 2).sum()
    for _ in range(steps):
        if squares.sum() <= 1e-8 * first:
            break
        image = (direction @ damped) * keep
        length = squares / np.maximum((direction * image).sum(1, keepdims=True), 1e-300)
        z = z + length * direction
        residual = residual - length * image
        following = (residual ** 2).sum(1, keepdims=True)
        direction = residual + following / np.maximum(squares, 1e-300) * direction
        squares = following
    return z / scale


def towards_dense(weight, dense, pruned, residual, floor=1e-3, ridge=0.1, step=0.5):
    gram = pruned.T @ pruned
    h, scale, _ = unit_diagonal(gram + floor * np.trace(gram) / len(gram) * np.eye(len(gram)))
    missing = weight @ ((dense - pruned).T @ pruned)
    if residual is not None:
        missing = missing + residual.T @ pruned
    return weight + step * ((missing / scale) @ np.linalg.inv(h + ridge * np.eye(len(scale)))) / scale


def main():
    rng = np.random.default_rng(7)
    single = lambda x: x.astype(np.float32).astype(np.float64)
    inputs = single(rng.normal(size=(TOKENS, 4)) @ rng.normal(size=(4, INPUTS)) + 0.7 * rng.normal(size=(TOKENS, INPUTS)))
    inputs[:, DEAD] = 0
    dense = single(inputs + 0.3 * rng.normal(size=inputs.shape) + 0.2 * inputs[:, ::-1])
    residual = single(0.4 * rng.normal(size=(TOKENS, OUTPUTS)) + 0.3 * inputs[:, :OUTPUTS])
    weight = single(rng.normal(size=(OUTPUTS, INPUTS)))
    gram = inputs.T @ inputs
    flat = lambda x: [float(f"{value:.9g}") for value in x.reshape(-1)]
    cases = []
    for pattern in PATTERNS:
        cases.append({"method": "admm", "pattern": pattern, "weight": flat(admm(weight, gram, pattern))})
        for interval, steps in [(3, 10), (2, 3)]:
            cases.append({"method": "alps", "pattern": pattern, "interval": interval, "refinements": steps,
                          "weight": flat(alps(weight, gram, pattern, interval, steps))})
    print(json.dumps({
        "outputs": OUTPUTS, "inputs": INPUTS, "tokens": TOKENS, "weight": flat(weight), "activations": flat(inputs),
        "denseActivations": flat(dense), "residual": flat(residual), "cases": cases,
        "towardsDense": flat(towards_dense(weight, dense, inputs, None)),
        "towardsDenseWithResidual": flat(towards_dense(weight, dense, inputs, residual)),
    }))


if __name__ == "__main__":
    main()
