"""The tokenizers of Hugging Face, in Rust: a text line by line and as a whole, on one thread, with an empty and a full word cache.

`encode_batch_fast` is the quickest call there is: it makes no offsets and comes back to Python once."""

import os
import pathlib
import sys

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = harness.arguments(__doc__, ["tokenizer"])
    parser.add_argument("--text", help="a text; the King James Bible unless given")
    parser.add_argument("--tokenizer", help="a folder with tokenizer.json; the embedded model's unless given")
    parser.add_argument("--split-pattern", help="split words by this pattern, then into bytes, instead of as the tokenizer does")
    parser.set_defaults(threads=1)
    options = parser.parse_args()
    if options.threads != 1:
        parser.error("argument --threads: texts are tokenized on one thread here, as in svnup's benchmark")
    harness.chosen(parser, options, ["tokenizer"])
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    tokenizers = harness.require("tokenizers", "tokenizers")

    resources = ROOT / "Sources/svnup/Resources"
    folder = pathlib.Path(options.tokenizer) if options.tokenizer else resources / "kjv-llama"
    texts = ([pathlib.Path(options.text)] if options.text
             else [resources / f"kjv-text/{name}.txt" for name in ("calibration", "test", "valid")])
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    if options.split_pattern:
        pre = tokenizers.pre_tokenizers
        tokenizer.pre_tokenizer = pre.Sequence([pre.Split(tokenizers.Regex(options.split_pattern), "isolated"),
                                                pre.ByteLevel(add_prefix_space=False, use_regex=False)])
    text = b"".join(path.read_bytes() for path in texts).decode()
    lines = [line for line in text.split("\n") if line]
    case = f"tokenizer/{folder.name}{'+pattern' if options.split_pattern else ''}/{pathlib.Path(options.text).name if options.text else 'kjv-text'}"
    results = harness.Results("tokenizers", f"tokenizers {tokenizers.__version__}", options)

    def encode(texts):
        return sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False))

    for form, texts in [("lines", lines), ("whole", [text])]:
        facts = {"bytes": sum(len(text.encode()) for text in texts), "texts": len(texts), "ids": encode(texts)}
        results.time("tokenizer", f"{case}/{form}/cold", lambda _: encode(texts),
                     prepare=tokenizer.model._clear_cache, facts=facts)
        results.time("tokenizer", f"{case}/{form}/warm", lambda: encode(texts), facts=facts)
    results.write()


if __name__ == "__main__":
    sys.exit(main())
