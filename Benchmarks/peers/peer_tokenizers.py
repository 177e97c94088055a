"""The tokenizers of Hugging Face, in Rust: a text line by line on one thread."""

import os
import pathlib
import sys

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = harness.arguments(__doc__, ["tokenizer"])
    parser.add_argument("--text", help="a text; the King James Bible unless given")
    parser.add_argument("--tokenizer", help="a folder with tokenizer.json; the embedded model's unless given")
    options = parser.parse_args()
    harness.chosen(parser, options, ["tokenizer"])
    options.threads = 1
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    tokenizers = harness.require("tokenizers", "tokenizers")

    resources = ROOT / "Sources/svnup/Resources"
    folder = pathlib.Path(options.tokenizer) if options.tokenizer else resources / "kjv-llama"
    texts = ([pathlib.Path(options.text)] if options.text
             else [resources / f"kjv-text/{name}.txt" for name in ("calibration", "test", "valid")])
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    text = b"".join(path.read_bytes() for path in texts).decode()
    lines = [line for line in text.split("\n") if line]
    case = f"tokenizer/{folder.name}/{pathlib.Path(options.text).name if options.text else 'kjv-text'}"
    results = harness.Results("tokenizers", f"tokenizers {tokenizers.__version__}", options)
    count = sum(len(tokenizer.encode(line, add_special_tokens=False).ids) for line in lines)
    results.time(
        "tokenizer", case,
        lambda: sum(len(tokenizer.encode(line, add_special_tokens=False).ids) for line in lines),
        facts={"bytes": sum(len(line.encode()) for line in lines), "lines": len(lines), "ids": count})
    results.write()


if __name__ == "__main__":
    sys.exit(main())
