#!/usr/bin/env python3
"""Writes Tests/Fixtures/gradients.json: gradients that PyTorch computes for the models of Tests/Fixtures/random-models.

usage: make-gradient-vectors.py        (pip install torch transformers)

A model is {"tokens": rows of ids, "loss": mean negative log-likelihood of all tokens but the first of each row, "linears": {weight:
[< gradient, d > for each direction d]}}. The directions are minus the weight, and the weight times a pattern of its own:
w[r][c] · ((7 r + 3 c) mod 5 - 2). All is computed in double, but
for norms, angles and softmaxes, which transformers computes in float.
"""
import json
import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from transformers import AutoConfig, AutoModelForCausalLM

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/Fixtures"
LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "out_proj", "gate_proj", "up_proj", "down_proj", "fc1", "fc2")


def directions(weight):
    rows = torch.arange(weight.shape[0])[:, None]
    columns = torch.arange(weight.shape[1])[None, :]
    return [-weight, weight * ((7 * rows + 3 * columns) % 5 - 2)]


def vectors(folder):
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, config=config, attn_implementation="eager", dtype=torch.float64).eval()
    generator = torch.Generator().manual_seed(7)
    tokens = torch.randint(0, config.vocab_size, (3, 13), generator=generator)
    scores = torch.log_softmax(model(tokens, use_cache=False).logits[:, :-1], -1)
    loss = -scores.gather(-1, tokens[:, 1:, None]).mean()
    loss.backward()
    linears = {
        name: [(parameter.grad * d).sum().item() for d in directions(parameter.detach())]
        for name, parameter in model.named_parameters() if name.split(".")[-2] in LINEARS and name.endswith(".weight")}
    return {"tokens": tokens.tolist(), "loss": loss.item(), "linears": linears}


models = {folder.name: vectors(folder) for folder in sorted((FIXTURES / "random-models").iterdir())}
lines = [f"{json.dumps(name)}:{json.dumps(model, separators=(',', ':'))}" for name, model in models.items()]
(FIXTURES / "gradients.json").write_text("{" + ",\n".join(lines) + "}\n")
