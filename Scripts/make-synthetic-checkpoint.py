#!/usr/bin/env python3
"""Writes a LLaMA checkpoint with random weights, to measure time and memory at sizes that no repository can hold.

The defaults are the shape of TinyLlama: 1.1 billion parameters, 2.05 GiB in BF16, written in some seconds. The numbers are
drawn from a normal distribution of standard deviation 0.02, a page of them, from which every tensor takes its own stretch.
The model predicts nothing; its products cost what those of a trained one cost.

    Scripts/make-synthetic-checkpoint.py /tmp/synthetic --tokens 16384
    svnup perplexity /tmp/synthetic --data /tmp/synthetic/ids.npy --sequence-length 512

Needs Python 3 and its standard library.
"""

import argparse
import array
import json
import os
import random
import struct
import sys

# A prime number, so that the page begins anew elsewhere in each row: with a power of two every 1,024th row of 2,048 weights would be the same.
PAGE_VALUES = (1 << 21) - 9


def bfloat16(values):
    """The upper halves of little-endian floats."""
    floats = array.array("f", values)
    if sys.byteorder == "big":
        floats.byteswap()
    raw = floats.tobytes()
    result = bytearray(len(raw) // 2)
    result[0::2], result[1::2] = raw[2::4], raw[3::4]
    return bytes(result)


def tensors(shape):
    """Names and shapes in the order of the model; a vector is a norm's weight."""
    hidden, inner = shape.hidden, shape.intermediate
    head = hidden // shape.heads
    shared = head * shape.key_value_heads
    yield "model.embed_tokens.weight", [shape.vocabulary, hidden]
    for layer in range(shape.layers):
        name = f"model.layers.{layer}."
        yield name + "input_layernorm.weight", [hidden]
        yield name + "self_attn.q_proj.weight", [hidden, hidden]
        yield name + "self_attn.k_proj.weight", [shared, hidden]
        yield name + "self_attn.v_proj.weight", [shared, hidden]
        yield name + "self_attn.o_proj.weight", [hidden, hidden]
        yield name + "post_attention_layernorm.weight", [hidden]
        yield name + "mlp.gate_proj.weight", [inner, hidden]
        yield name + "mlp.up_proj.weight", [inner, hidden]
        yield name + "mlp.down_proj.weight", [hidden, inner]
    yield "model.norm.weight", [hidden]
    yield "lm_head.weight", [shape.vocabulary, hidden]


def write_weights(path, shape, generator):
    page = bfloat16(generator.gauss(0, 0.02) for _ in range(PAGE_VALUES))
    header, plan, end = {}, [], 0
    for name, dimensions in tensors(shape):
        size = 2
        for dimension in dimensions:
            size *= dimension
        header[name] = {"dtype": "BF16", "shape": dimensions, "data_offsets": [end, end + size]}
        plan.append((dimensions, size))
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for dimensions, size in plan:
            if len(dimensions) == 1:
                file.write(bfloat16([1.0]) * dimensions[0])
                continue
            # Each tensor begins elsewhere in the page.
            start = 2 * generator.randrange(PAGE_VALUES)
            while size > 0:
                part = page[start:start + size]
                file.write(part)
                size -= len(part)
                start = 0
    return end // 2


def write_ids(path, count, vocabulary, generator):
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({count},), }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    ids = (generator.randrange(vocabulary) for _ in range(count))
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(b"".join(struct.pack("<i", token) for token in ids))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="where to write; it is created, and an existing one is refused")
    parser.add_argument("--layers", type=int, default=22)
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--intermediate", type=int, default=5632)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--key-value-heads", type=int, default=4)
    parser.add_argument("--vocabulary", type=int, default=32000)
    parser.add_argument("--positions", type=int, default=2048)
    parser.add_argument("--tokens", type=int, default=0, help="also write so many random token ids, ids.npy")
    parser.add_argument("--seed", type=int, default=0)
    shape = parser.parse_args()
    if shape.hidden % shape.heads or shape.heads % shape.key_value_heads:
        parser.error("the heads must divide the hidden size, and the key/value heads the heads")
    generator = random.Random(shape.seed)
    os.makedirs(shape.directory)
    config = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_act": "silu", "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate, "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_value_heads, "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.positions, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    }
    with open(os.path.join(shape.directory, "config.json"), "w") as file:
        json.dump(config, file, indent=2)
    parameters = write_weights(os.path.join(shape.directory, "model.safetensors"), shape, generator)
    if shape.tokens:
        write_ids(os.path.join(shape.directory, "ids.npy"), shape.tokens, shape.vocabulary, generator)
    print(f"{parameters:,} parameters in {shape.directory}")


if __name__ == "__main__":
    main()
