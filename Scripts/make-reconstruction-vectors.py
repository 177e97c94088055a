#!/usr/bin/env python3
"""Writes Tests/Fixtures/reconstruction/vectors.json: what ADMM, ALPS and dense targets make of a small linear, in double precision.

usage: make-reconstruction-vectors.py > Tests/Fixtures/reconstruction/vectors.json        (pip install numpy torch)

Plain PyTorch in double precision after the papers' formulas: Boza (arXiv 2401.02938), Meng et al. (arXiv 2406.07831). The inputs have a few common
directions, as activations have, and one that is always zero; "inputs" are those of the pruned model, "denseInputs" those of the dense
one, "residual" is the difference of the residual streams. Weights are (outputs, inputs), row by row.
"""
import json

import numpy as np
import torch

TOKENS, OUTPUTS, INPUTS, DEAD = 64, 9, 16, 11
PATTERNS = [0.5, 0.7, [2, 4]]


def smallest(scores, pattern, share=1.0):
    """True where a pattern keeps a weight; the first of equal scores go."""
    keep = torch.ones(scores.shape, dtype=torch.bool)
    if isinstance(pattern, list):
        kept, group = pattern
        for row in range(scores.shape[0]):
            for start in range(0, scores.shape[1], group):
                order = torch.argsort(scores[row, start:start + group], stable=True)
                keep[row, start + order[:group - kept]] = False
    else:
        order = torch.argsort(scores.reshape(-1), stable=True)[:int(scores.numel() * (pattern * share))]
        keep.reshape(-1)[order] = False
    return keep


def unit_diagonal(gram):
    scale = torch.diag(gram).sqrt()
    dead = scale == 0
    scale[dead] = 1
    h = gram / torch.outer(scale, scale)
    h[dead, dead] = 1
    return h, scale, dead


def admm(weight, gram, pattern, dampening=0.1, rho=1.0, rounds=20, choosing=15):
    h, scale, dead = unit_diagonal(gram)
    scaled = weight * scale
    scaled[:, dead] = 0
    n = len(scale)
    inverse = torch.linalg.inv(h + (dampening + rho) * torch.eye(n, dtype=torch.double))
    constant = scaled @ (h + dampening * torch.eye(n, dtype=torch.double))
    x, u, keep = scaled, torch.zeros_like(scaled), None
    for t in range(rounds):
        if t < choosing:
            keep = smallest(torch.abs(x + u), pattern, 1 - (1 - (t + 1) / choosing) ** 3)
        z = (x + u) * keep
        u = u + x - z
        x = (constant + rho * (z - u)) @ inverse
    return (x + u) * keep / scale


def alps(weight, gram, pattern, interval, steps, dampening=0.01, rho=0.1, rounds=300):
    h, scale, dead = unit_diagonal(gram)
    scaled = weight * scale
    scaled[:, dead] = 0
    n = len(scale)
    damped = h + dampening * torch.eye(n, dtype=torch.double)
    constant = scaled @ damped
    keep = smallest(torch.abs(scaled), pattern)
    z, v, old = scaled * keep, torch.zeros_like(scaled), keep
    for t in range(1, rounds + 1):
        x = (constant - v + rho * z) @ torch.linalg.inv(damped + rho * torch.eye(n, dtype=torch.double))
        keep = smallest(torch.abs(x + v / rho), pattern)
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
    direction, squares, first = residual, (residual ** 2).sum(1, keepdim=True), (residual ** 2).sum()
    for _ in range(steps):
        if squares.sum() <= 1e-8 * first:
            break
        image = (direction @ damped) * keep
        length = squares / (direction * image).sum(1, keepdim=True).clamp(min=1e-300)
        z = z + length * direction
        residual = residual - length * image
        following = (residual ** 2).sum(1, keepdim=True)
        direction = residual + following / squares.clamp(min=1e-300) * direction
        squares = following
    return z / scale


def towards_dense(weight, dense, pruned, residual, floor=1e-3, ridge=0.1, step=0.5):
    gram = pruned.T @ pruned
    h, scale, _ = unit_diagonal(gram + floor * torch.trace(gram) / len(gram) * torch.eye(len(gram), dtype=torch.double))
    missing = weight @ ((dense - pruned).T @ pruned)
    if residual is not None:
        missing = missing + residual.T @ pruned
    return weight + step * ((missing / scale) @ torch.linalg.inv(h + ridge * torch.eye(len(scale), dtype=torch.double))) / scale


def main():
    rng = np.random.default_rng(7)
    single = lambda x: x.astype(np.float32).astype(np.float64)
    inputs = single(rng.normal(size=(TOKENS, 4)) @ rng.normal(size=(4, INPUTS)) + 0.7 * rng.normal(size=(TOKENS, INPUTS)))
    inputs[:, DEAD] = 0
    dense = single(inputs + 0.3 * rng.normal(size=inputs.shape) + 0.2 * inputs[:, ::-1])
    residual = single(0.4 * rng.normal(size=(TOKENS, OUTPUTS)) + 0.3 * inputs[:, :OUTPUTS])
    weight = single(rng.normal(size=(OUTPUTS, INPUTS)))
    inputs, dense, residual, weight = map(torch.from_numpy, (inputs, dense, residual, weight))
    gram = inputs.T @ inputs
    flat = lambda x: [float(f"{value:.9g}") for value in x.reshape(-1).tolist()]
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
