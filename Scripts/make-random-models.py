#!/usr/bin/env python3
"""Writes fixtures of Tests/Fixtures/random-models: small random models with what PyTorch computes for them.

usage: make-random-models.py [NAME ...]        (pip install torch transformers)

A folder has the weights, `config.json` in the classic spelling, `config.transformers5.json` as transformers 5 writes it, hidden
states and logits of two short rows in `expected.safetensors`, and losses in `expected.json`. Both spellings are read back by
transformers and must give the same logits.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/Fixtures"
TINY = {
    "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 16,
    "initializer_range": 0.02, "intermediate_size": 40, "max_position_embeddings": 64, "num_attention_heads": 4,
    "num_hidden_layers": 2, "num_key_value_heads": 2, "pad_token_id": None, "rms_norm_eps": 1e-6, "tie_word_embeddings": True,
    "torch_dtype": "bfloat16", "transformers_version": "4.51.0", "use_cache": True, "vocab_size": 512,
}
QWEN3 = TINY | {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "head_dim": 8, "rope_theta": 1000000.0}
LLAMA = TINY | {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_attention_heads": 2, "num_key_value_heads": 1,
                "rope_theta": 10000.0}

# name: (fields of the classic spelling, files of weights)
MODELS = {
    # The window is as long as the rows of ids/calib.safetensors.
    "qwen3": (QWEN3 | {"attention_bias": False, "max_position_embeddings": 128, "max_window_layers": 1, "rope_scaling": None,
                       "sliding_window": 64, "use_sliding_window": True}, 3),
    "qwen3-yarn": (QWEN3 | {"attention_bias": True, "max_window_layers": 2, "sliding_window": None, "tie_word_embeddings": False,
                            "use_sliding_window": False,
                            "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 16, "rope_type": "yarn"}}, 1),
    "llama-yarn": (LLAMA | {"rope_scaling": {
        "attention_factor": 0.875, "beta_fast": 4.0, "beta_slow": 0.5, "factor": 2.5, "finetuned": True,
        "original_max_position_embeddings": 24, "truncate": False, "type": "yarn"}}, 1),
    "llama-yarn-mscale": (LLAMA | {"rope_scaling": {
        "beta_fast": 32, "beta_slow": 1, "factor": 16, "mscale": 1.5, "mscale_all_dim": 0.7,
        "original_max_position_embeddings": 32, "type": "yarn"}}, 1),
    "llama-dynamic": (LLAMA | {"rope_scaling": {"factor": 3.0, "type": "dynamic"}}, 1),
}


def randomize(model, generator):
    """Weights that keep hidden states and logits moderate, norms around 1, biases that count; all are numbers of BF16."""
    for name, parameter in model.named_parameters():
        values = torch.randn(parameter.shape, generator=generator)
        if name.endswith("norm.weight"):
            values = 1 + 0.2 * values
        elif name.endswith("bias"):
            values = 0.3 * values
        elif "embed_tokens" in name:
            values = 0.4 * values
        else:
            values = values / parameter.shape[-1] ** 0.5
        parameter.data = values.to(torch.bfloat16).float()


def losses(logits, tokens):
    """The mean negative log-likelihood of every row, in double."""
    scores = torch.log_softmax(logits[:, :-1].double(), -1)
    return -scores.gather(-1, tokens[:, 1:, None]).squeeze(-1).mean(-1)


def read(fields, weights):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(fields))
        config = AutoConfig.from_pretrained(folder)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    if weights is not None:
        model.load_state_dict(weights)
    return model


def write(name):
    fields, files = MODELS[name]
    folder = FIXTURES / "random-models" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(sorted(MODELS).index(name) + 1)
    model = read(fields, None)
    randomize(model, generator)
    model.tie_weights()

    with tempfile.TemporaryDirectory() as saved:
        model.config.save_pretrained(saved)
        modern = json.loads((pathlib.Path(saved) / "config.json").read_text()) | {"dtype": "bfloat16", "use_cache": False}
    for file, contents in [("config.json", fields), ("config.transformers5.json", modern)]:
        (folder / file).write_text(json.dumps(contents, indent=2, sort_keys=True) + "\n")

    weights = {key: value.to(torch.bfloat16).contiguous() for key, value in model.state_dict().items()}
    if fields["tie_word_embeddings"]:
        del weights["lm_head.weight"]
    names = sorted(weights)
    if files == 1:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        place = {key: f"model-{1 + i * files // len(names):05}-of-{files:05}.safetensors" for i, key in enumerate(names)}
        for file in sorted(set(place.values())):
            save_file({key: weights[key] for key in names if place[key] == file}, folder / file, metadata={"format": "pt"})
        size = sum(value.numel() * value.element_size() for value in weights.values())
        index = {"metadata": {"total_size": size}, "weight_map": place}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")

    tokens = torch.randint(0, 512, (2, 8), generator=generator)
    calibration = load_file(FIXTURES / "ids/calib.safetensors")["input_ids"].long()
    expected = {"input_ids": tokens.to(torch.int32)}

    def keep(key):
        def hook(module, inputs, output):
            expected[key] = (output[0] if isinstance(output, tuple) else output).float().contiguous()
        return hook

    decoder = model.model
    handles = [decoder.embed_tokens.register_forward_hook(keep("hidden.0")), decoder.norm.register_forward_hook(keep("head_input"))]
    handles += [layer.register_forward_hook(keep(f"hidden.{i + 1}")) for i, layer in enumerate(decoder.layers)]
    with torch.no_grad():
        logits = model(tokens, use_cache=False).logits
        for handle in handles:
            handle.remove()
        expected["logits"] = logits.contiguous()
        rows = losses(logits, tokens)
        whole = losses(model(calibration, use_cache=False).logits, calibration)
        for spelling in ["config.json", "config.transformers5.json"]:
            again = read(json.loads((folder / spelling).read_text()), model.state_dict())
            assert torch.equal(again(tokens, use_cache=False).logits, logits), spelling
            assert torch.equal(losses(again(calibration, use_cache=False).logits, calibration), whole), spelling
    save_file(expected, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps({
        "mean_nll": rows.mean().item(), "ppl": rows.mean().exp().item(), "row_mean_nll": rows.tolist(),
        "targets": tokens[:, 1:].numel(), "logits_absmax": logits.abs().max().item(),
        "argmax_last": logits[:, -1].argmax(-1).tolist(), "calib_mean_nll": whole.mean().item(),
        "note": "Scripts/make-random-models.py: transformers float32, attn eager; hidden.0 = input of layer 0, hidden.k = output of "
                "layer k-1, head_input = lm_head's input; calib_mean_nll: ids/calib.safetensors, 64 tokens a row",
    }, indent=1) + "\n")
    print(f"{name}: {sum(file.stat().st_size for file in folder.iterdir())} bytes, mean NLL {rows.mean():.6f}, {whole.mean():.6f}")


for name in sys.argv[1:] or MODELS:
    write(name)
