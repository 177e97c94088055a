#!/usr/bin/env python3
"""Makes a task for `svnup evaluate` of a text: which of four second halves belongs to the first half of a sentence?

The wrong ones are second halves of other sentences that are about as long. A seed decides about everything.

    Scripts/make-continuation-task.py text.txt --items 200 > task.jsonl

Needs Python 3 and its standard library.
"""

import argparse
import json
import random
import re


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", help="sentences of 12 to 60 words are taken")
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(options.text, encoding="utf-8") as file:
        sentences = [sentence.split() for sentence in re.split(r"(?<=[.?!])\s+", file.read())]
    sentences = [words for words in sentences if 12 <= len(words) <= 60]
    random.seed(options.seed)
    random.shuffle(sentences)
    sentences = sentences[: max(options.items, 4)]
    halves = [(" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2:])) for words in sentences]
    for index, (question, right) in enumerate(halves[: options.items]):
        others = [half for other, (_, half) in enumerate(halves) if other != index and half != right]
        others.sort(key=lambda half: abs(len(half) - len(right)))
        choices = random.sample(others[:12], min(3, len(others))) + [right]
        random.shuffle(choices)
        print(json.dumps({"question": question, "choices": choices, "answer": choices.index(right)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
