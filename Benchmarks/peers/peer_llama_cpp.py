"""llama.cpp, through llama-cpp-python, on a random LLaMA of the shape that `Benchmarks forward` has.

Needs llama-cpp-python, gguf and numpy. Build the first for the machine: CMAKE_ARGS=-DGGML_NATIVE=ON.
"""

import os
import sys
import tempfile

import harness

BENCHMARKS = ["forward"]


def write_model(gguf, numpy, path, shape, is_bfloat16):
    """A GGUF with the random weights and a vocabulary of as many made-up tokens."""
    blocks, hidden, heads, intermediate, vocabulary, tokens = shape
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(tokens)
    writer.add_embedding_length(hidden)
    writer.add_block_count(blocks)
    writer.add_feed_forward_length(intermediate)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("llama")
    special = ["<unk>", "<s>", "</s>"]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    names = special + bytes_
    names += [f"token{index}" for index in range(vocabulary - len(names))]
    writer.add_token_list(names)
    writer.add_token_scores([0.0] * vocabulary)
    types = [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.BYTE] * 256
    writer.add_token_types(types + [gguf.TokenType.NORMAL] * (vocabulary - len(types)))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    generator = numpy.random.default_rng(1)

    def add(name, *shape):
        if len(shape) == 1:
            return writer.add_tensor(name, numpy.ones(shape, numpy.float32))
        weight = (generator.random(shape, numpy.float32) * 2 - 1) * numpy.float32(0.02 * 3 ** 0.5)
        if not is_bfloat16:
            return writer.add_tensor(name, weight)
        quantized = gguf.quants.quantize(weight, gguf.GGMLQuantizationType.BF16)
        return writer.add_tensor(name, quantized, raw_dtype=gguf.GGMLQuantizationType.BF16)

    add("token_embd.weight", vocabulary, hidden)
    for index in range(blocks):
        block = f"blk.{index}"
        add(f"{block}.attn_norm.weight", hidden)
        for part in ("q", "k", "v", "output"):
            add(f"{block}.attn_{part}.weight", hidden, hidden)
        add(f"{block}.ffn_norm.weight", hidden)
        add(f"{block}.ffn_gate.weight", intermediate, hidden)
        add(f"{block}.ffn_up.weight", intermediate, hidden)
        add(f"{block}.ffn_down.weight", hidden, intermediate)
    add("output_norm.weight", hidden)
    add("output.weight", vocabulary, hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class Model:
    """A model and its context, by the C interface: nothing is copied into Python but the logits of one token."""

    def __init__(self, llama_cpp, path, tokens, vocabulary, threads):
        self.api, self.vocabulary = llama_cpp, vocabulary
        parameters = llama_cpp.llama_model_default_params()
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), parameters)
        if not self.model:
            sys.exit(f"{sys.argv[0]}: llama.cpp cannot load the random model")
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = settings.n_batch = tokens
        settings.n_ubatch = 512
        settings.n_threads = settings.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, settings)
        if not self.context:
            sys.exit(f"{sys.argv[0]}: llama.cpp cannot make a context of {tokens} tokens")
        self.batch = llama_cpp.llama_batch_init(tokens, 0, 1)

    def run(self, ids, position, every_logit):
        batch = self.batch
        batch.n_tokens = len(ids)
        for index, token in enumerate(ids):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = every_logit or index == len(ids) - 1
        if self.api.llama_decode(self.context, batch) != 0:
            sys.exit(f"{sys.argv[0]}: llama.cpp cannot evaluate {len(ids)} tokens")

    def clear(self):
        self.api.llama_memory_clear(self.api.llama_get_memory(self.context), True)

    def window(self, ids):
        """All logits of a window; their log-softmax, which ours has, is left out: in Python it would not be theirs."""
        self.clear()
        self.run(ids, 0, True)

    def prompt(self, ids):
        """The logits behind a prompt."""
        self.clear()
        self.run(ids, 0, False)

    def choose(self, numpy):
        """The token with the largest logit behind the last one."""
        logits = numpy.ctypeslib.as_array(self.api.llama_get_logits_ith(self.context, -1), (self.vocabulary,))
        return int(logits.argmax())

    def decode(self, numpy, prompt, count):
        """A prompt and the tokens behind it, of which the last one need not pass the model."""
        self.prompt(prompt)
        self.text(numpy, len(prompt), count - 1)
        self.choose(numpy)

    def text(self, numpy, position, count):
        """Tokens behind a prompt that has passed."""
        for step in range(count):
            self.run([self.choose(numpy)], position + step, False)

    def close(self):
        self.api.llama_batch_free(self.batch)
        self.api.llama_free(self.context)
        self.api.llama_model_free(self.model)


def main():
    parser = harness.arguments(__doc__.splitlines()[0], BENCHMARKS)
    harness.add_size(parser)
    options = parser.parse_args()
    harness.chosen(parser, options, BENCHMARKS)
    numpy = harness.require("numpy", "numpy")
    gguf = harness.require("gguf", "gguf")
    llama_cpp = harness.require(
        "llama_cpp", "llama-cpp-python", "CMAKE_ARGS=-DGGML_NATIVE=ON pip install llama-cpp-python")
    # What it logs while it loads is no news here; the callback must live as long as it may be called.
    silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silence, None)
    results = harness.Results(
        "llama.cpp", f"llama-cpp-python {llama_cpp.__version__}", options,
        {"system": llama_cpp.llama_print_system_info().decode()})
    shape = options.size
    vocabulary, tokens = shape[4:]
    generator = numpy.random.default_rng(2)
    # A window may be shorter than a prompt, or than what is decoded.
    positions = max(tokens, harness.PROMPT + harness.DECODED, *harness.SHORT_PROMPTS)
    ids = generator.integers(3, vocabulary, positions).tolist()
    prompt = generator.integers(3, vocabulary, harness.PROMPT).tolist()
    with tempfile.TemporaryDirectory() as folder:
        for variant in ("f32", "bf16"):
            path = os.path.join(folder, f"{variant}.gguf")
            write_model(gguf, numpy, path, shape, variant == "bf16")

            model = Model(llama_cpp, path, positions, vocabulary, options.threads)
            results.time("forward", harness.name("forward", shape, variant), lambda: model.window(ids[:tokens]))
            results.time("forward", harness.name("decode", shape, variant),
                         lambda: model.decode(numpy, prompt, harness.DECODED))
            results.time("forward", harness.name("text", shape, variant),
                         lambda _: model.text(numpy, len(prompt), harness.DECODED),
                         prepare=lambda: model.prompt(prompt))
            for length in harness.SHORT_PROMPTS:
                results.time("forward", harness.name(f"prompt{length}", shape, variant),
                             lambda: model.prompt(ids[:length]))
            model.close()
            os.remove(path)
    results.write()


if __name__ == "__main__":
    sys.exit(main())
