"""Measure constrained decoding; the result is one JSON object on standard output."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from . import measures
from .tokenizers import tokenizer

LARGE, MIDDLE = 151_000, 100_000
PARTS: dict[str, Callable[[Path, int, int], Any]] = {
    "compiling": lambda at, large, _: measures.compiling(tokenizer(large, at), at / "cache"),
    "stepping": lambda at, large, _: measures.stepping(tokenizer(large, at), at / "cache"),
    "forwarding": lambda at, _, middle: measures.forwarding(tokenizer(middle, at), at / "cache"),
    "encodings": lambda at, _, middle: measures.encoding(tokenizer(middle, at)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; times are of the processor, on one thread."""
    parser = argparse.ArgumentParser(prog="nesy.benchmarks.decoding", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of: {', '.join(PARTS)}; all by default")
    parser.add_argument("--large", type=int, default=LARGE, help="tokens of the large vocabulary")
    parser.add_argument("--middle", type=int, default=MIDDLE, help="tokens of the other one")
    parser.add_argument("--folder", type=Path, help="keep tokenizers and compiled schemas here")
    given = parser.parse_args(arguments)
    if unknown := [part for part in given.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}: use some of {', '.join(PARTS)}")
    torch.set_num_threads(1)
    found: dict[str, Any] = {"benchmark": "decoding.v1"}
    with tempfile.TemporaryDirectory() as temporary:
        for part in given.parts or PARTS:
            print(f"{part} …", file=sys.stderr, flush=True)
            found[part] = PARTS[part](given.folder or Path(temporary), given.large, given.middle)
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
