"""The same work in PyTorch: products, attention, Cholesky factors, pruning, a LLaMA of transformers, Shapley values.

SparseGPT and Wanda are written here from the papers' formulas, in the form in which their authors run them on a CPU.
"""

import copy
import itertools
import os
import pathlib
import sys

import harness

BENCHMARKS = ["matmul", "gemv", "attention", "cholesky", "sparsegpt", "wanda", "forward", "shapley"]


def matmul(torch, results):
    for shape in harness.MATMUL_SHAPES:
        m, n, k = shape
        a, b = uniform(torch, m, k), uniform(torch, n, k)
        for variant, x, w in types(torch, a, b):
            results.time("matmul", harness.name("matmul", shape, variant), lambda: x @ w.T)


def gemv(torch, results):
    for shape in harness.GEMV_SHAPES:
        rows, n, k = shape
        a, b = uniform(torch, rows, k), uniform(torch, n, k)
        for variant, x, w in types(torch, a, b):
            size = w.numel() * w.element_size()
            copies = [w.clone() for _ in range(max(1, -(-harness.GEMV_WORKING_SET // size)))]
            results.time("gemv", harness.name("gemv", shape, variant), lambda: [x @ w.T for w in copies],
                         parts=len(copies))


def attention(torch, results):
    for shape in harness.ATTENTION_SHAPES:
        heads, shared, tokens, columns = shape
        q = uniform(torch, heads * tokens, columns).view(1, heads, tokens, columns)
        k = uniform(torch, shared * tokens, columns).view(1, shared, tokens, columns)
        v = uniform(torch, shared * tokens, columns).view(1, shared, tokens, columns)
        results.time(
            "attention", harness.name("attention", shape, "f32"),
            lambda: torch.nn.functional.scaled_dot_product_attention(
                q, k, v, is_causal=True, enable_gqa=heads != shared))


def cholesky(torch, results):
    for n, in harness.CHOLESKY_SIZES:
        a = positive_definite(torch, n)
        results.time("cholesky", harness.name("cholesky", (n,), "factor"), lambda: torch.linalg.cholesky(a))
        results.time("cholesky", harness.name("cholesky", (n,), "inverse-factor"),
                     lambda: inverse_factor(torch, a))


def inverse_factor(torch, a):
    """The upper U with A^-1 = U^T U, in three steps: factor, invert, factor again."""
    return torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(a)), upper=True)


def sparsegpt(torch, results):
    for rows, columns in harness.SPARSEGPT_SHAPES:
        weight, gram = uniform(torch, rows, columns), gram_of_inputs(torch, columns)
        results.time("sparsegpt", harness.name("sparsegpt", (rows, columns), "f32"),
                     lambda w: sparsegpt_prune(torch, w, gram), prepare=weight.clone)


def sparsegpt_prune(torch, w, gram, sparsity=0.5, block_size=128, dampening=0.01):
    """Frantar and Alistarh, "SparseGPT" (2023), algorithm 1, with the Hessian 2/n X^T X of n = 2 sequences."""
    h = gram * (2 / 2)
    dead = torch.diag(h) == 0
    h[dead, dead] = 1
    w[:, dead] = 0
    h.diagonal().add_(dampening * torch.diag(h).mean())
    u = inverse_factor(torch, h)
    for start in range(0, w.shape[1], block_size):
        end = min(start + block_size, w.shape[1])
        block, factor = w[:, start:end].clone(), u[start:end, start:end]
        errors = torch.zeros_like(block)
        scores = (block / torch.diag(factor)) ** 2
        mask = scores <= torch.sort(scores.flatten())[0][int(scores.numel() * sparsity)]
        for j in range(end - start):
            column = block[:, j]
            kept = torch.where(mask[:, j], 0, column)
            error = (column - kept) / factor[j, j]
            block[:, j:] -= error[:, None] @ factor[j:j + 1, j:]
            block[:, j] = kept
            errors[:, j] = error
        w[:, start:end] = block
        w[:, end:] -= errors @ u[start:end, end:]


def wanda(torch, results):
    for rows, columns in harness.WANDA_SHAPES:
        weight = uniform(torch, rows, columns)
        squares = torch.diag(gram_of_inputs(torch, columns)) / 2

        def by_rows(w):
            # Sun et al., "Wanda" (2023): the scores of every output are sorted, and the first half goes.
            scores = w.abs() * squares.sqrt()
            order = torch.sort(scores, dim=1, stable=True)[1]
            w.scatter_(1, order[:, :columns // 2], 0)

        def at_once(w):
            scores = w.abs()
            w[scores <= torch.sort(scores.flatten())[0][w.numel() // 2]] = 0

        results.time("wanda", harness.name("wanda", (rows, columns), "wanda"), by_rows, prepare=weight.clone)
        results.time("wanda", harness.name("wanda", (rows, columns), "magnitude"), at_once, prepare=weight.clone)


def forward(torch, results):
    transformers = harness.require("transformers", "transformers")
    blocks, hidden, heads, intermediate, vocabulary, tokens = harness.LLAMA
    configuration = transformers.LlamaConfig(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=blocks,
        num_attention_heads=heads, num_key_value_heads=heads, max_position_embeddings=tokens,
        tie_word_embeddings=False, bos_token_id=None, eos_token_id=None, pad_token_id=0)
    configuration._attn_implementation = "sdpa"
    torch.manual_seed(1)
    ids = torch.randint(vocabulary, (1, tokens))
    prompt = torch.randint(vocabulary, (1, harness.PROMPT))
    for variant, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        model = transformers.LlamaForCausalLM(configuration).to(dtype).eval()

        def window():
            logits = model(ids, use_cache=False).logits[0, :-1].float()
            torch.nn.functional.cross_entropy(logits, ids[0, 1:])

        def decode():
            model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False,
                           min_new_tokens=harness.DECODED, max_new_tokens=harness.DECODED)

        results.time("forward", harness.name("forward", harness.LLAMA, variant), window)
        results.time("forward", harness.name("decode", harness.LLAMA, variant), decode)


def shapley(torch, results):
    """One forward pass for each of the coalitions of a sliding window of five blocks, absent blocks pruned to 70 %."""
    transformers = harness.require("transformers", "transformers")
    folder = pathlib.Path(__file__).resolve().parents[2] / "Sources/svnup/Resources/kjv-llama"
    model = transformers.LlamaForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    dense = list(model.model.layers)
    pruned = [copy.deepcopy(block) for block in dense]
    for block in pruned:
        for layer in block.modules():
            if isinstance(layer, torch.nn.Linear):
                # Which weights are zero makes no difference to a dense product.
                layer.weight[:, :int(0.7 * layer.in_features)] = 0
    count, width = len(dense), 5
    ids = torch.randint(model.config.vocab_size, (2, 256))

    coalitions = {tuple(True for _ in dense), tuple(False for _ in dense)}
    for start in range(count - width + 1):
        for inside in itertools.product((False, True), repeat=width):
            coalitions.add(tuple(inside[block - start] if start <= block < start + width else True
                                 for block in range(count)))

    def estimate():
        for coalition in sorted(coalitions):
            model.model.layers = torch.nn.ModuleList(
                [dense[block] if present else pruned[block] for block, present in enumerate(coalition)])
            logits = model(ids, use_cache=False).logits[:, :-1]
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())

    results.time("shapley", f"shapley/kjv-llama/w{width}", estimate, facts={"coalitions": len(coalitions)})


def uniform(torch, rows, columns):
    return torch.rand(rows, columns) * 2 - 1


def types(torch, a, b):
    """Both sides in one type, which is what torch takes: in BF16 and F16 its arithmetic is not that of Float."""
    return [("f32", a, b), ("bf16", a.bfloat16(), b.bfloat16()), ("f16", a.half(), b.half())]


def gram_of_inputs(torch, columns):
    x = uniform(torch, 2 * columns, columns) * (0.5 + (torch.arange(columns) % 7) / 4)
    return x.T @ x


def positive_definite(torch, n):
    x = uniform(torch, 2 * n, n)
    a = x.T @ x
    a.diagonal().add_(0.01 * torch.diag(a).mean())
    return a


def main():
    parser = harness.arguments(__doc__.splitlines()[0], BENCHMARKS)
    options = parser.parse_args()
    benchmarks = harness.chosen(parser, options, BENCHMARKS)
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(options.threads)
    torch = harness.require("torch", "torch", "pip install torch --index-url https://download.pytorch.org/whl/cpu")
    torch.set_num_threads(options.threads)
    results = harness.Results(
        "torch", f"torch {torch.__version__}", options,
        {"torch": torch.__version__, "configuration": torch.__config__.show()})
    functions = [matmul, gemv, attention, cholesky, sparsegpt, wanda, forward, shapley]
    with torch.inference_mode():
        for name, function in zip(BENCHMARKS, functions):
            if name in benchmarks:
                function(torch, results)
    results.write()


if __name__ == "__main__":
    sys.exit(main())
