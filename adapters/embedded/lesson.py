"""From pictures with labels to losses: batches, flips, questions, answers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration

from .asking import sample_question
from .data import FACES, Pictures, cells
from .faces.labels import EMOTIONS, EXPRESSIONS, LEVELS, UNITS, emotion_of, expressions_of, level
from .model import key_pieces
from .vision import Aids, positions

_LEFT, _RIGHT = UNITS.index(61), UNITS.index(62)
_SMILE = [
    1 + UNITS.index(12),
    *(1 + len(UNITS) + EXPRESSIONS.index(e) for e in ("smile", "lip_corner_puller")),
]
COUNT = 1 + len(UNITS) + len(EXPRESSIONS) + 1  # values in an answer


def values(pictures: Pictures) -> list[list[str]]:
    """Return the values of each picture's answer, in order; "?" where unknown."""
    rows = []
    for units, face, known in zip(pictures.units, pictures.faces, pictures.known, strict=True):
        if FACES[face] != "one":
            rows.append([FACES[face], *["x"] * len(UNITS), *["no"] * len(EXPRESSIONS), "neutral"])
            continue
        shown = {u: float(v) for u, v in zip(UNITS, units, strict=True) if not np.isnan(v)}
        letters = [level(shown[u]) if u in shown else "?" for u in UNITS]
        made = expressions_of(shown)
        if known:
            said = ["yes" if name in made else "no" for name in EXPRESSIONS]
            rows.append(["one", *letters, *said, emotion_of(shown)])
        else:
            sure = ("smile", "lip_corner_puller")
            said = [
                ("yes" if name in made else "no") if name in sure else "?" for name in EXPRESSIONS
            ]
            rows.append(["one", *letters, *said, "?"])
    return rows


def flipped(p: Pictures, which: np.ndarray) -> Pictures:
    """Mirror some pictures; looking left becomes looking right."""
    p = p.take(np.arange(len(p)))
    width = p.pixels.shape[2]
    p.pixels[which] = p.pixels[which, :, ::-1]
    boxes = p.boxes[which]
    real = (boxes != 0).any(-1, keepdims=True)
    p.boxes[which] = np.where(
        real,
        np.stack([width - boxes[..., 2], boxes[..., 1], width - boxes[..., 0], boxes[..., 3]], -1),
        0,
    )
    seen = np.abs(p.affine[which]).sum(1, keepdims=True) > 0
    a = p.affine[which] * np.array([1, -1, -1, 1, -1, 1], np.float32)
    a[:, 4] += width
    p.affine[which] = np.where(seen, a, 0)
    units = p.units[which]
    units[:, [_LEFT, _RIGHT]] = units[:, [_RIGHT, _LEFT]]
    p.units[which] = units
    return p


def deal(groups: list[Pictures], size: int, rng: np.random.Generator) -> Iterator[Pictures]:
    """Deal every picture once, in batches of one shape and about one size of face; mirror half."""
    hands: list[list[tuple[Pictures, np.ndarray]]] = []
    for shape in sorted({g.pixels.shape[1:] for g in groups}):
        alike = [g for g in groups if g.pixels.shape[1:] == shape]
        index = np.array([(i, j) for i, g in enumerate(alike) for j in range(len(g))])
        area = np.concatenate([face_area(g) for g in alike])
        index = index[np.argsort(area + rng.uniform(0, 2.0, len(area)), kind="stable")]
        for k in range(0, len(index), size):
            hand = index[k : k + size]
            hands.append([(alike[i], hand[hand[:, 0] == i, 1]) for i in np.unique(hand[:, 0])])
    for k in rng.permutation(len(hands)):
        parts = [g.take(rows) for g, rows in hands[k]]
        names = Pictures.__dataclass_fields__
        whole = Pictures(
            **{name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
        )
        yield flipped(whole, rng.random(len(whole)) < 0.5)


def face_area(pictures: Pictures) -> np.ndarray:
    """Return the tokens that each picture's one face covers; more than all where there is none."""
    inside = cells(pictures)[1][..., 2]
    area: np.ndarray = inside.sum(1)
    return np.where(area > 0, area, inside.shape[1] + 1.0)


@dataclass
class Language:
    """Token ids of questions and answers."""

    tokenizer: PreTrainedTokenizerFast

    def __post_init__(self) -> None:
        tok = self.tokenizer
        self.before = tok("<|im_start|>user\n<|vision_start|>")["input_ids"]
        self.keys = [tok.convert_tokens_to_ids(k) for k in key_pieces()]
        end = [*self.keys[-1:], tok.eos_token_id]
        self.ends = end
        words = (*FACES, *LEVELS, "x", "no", "yes", *EMOTIONS)
        self.ids = {word: tok.convert_tokens_to_ids(f'"{word}"') for word in words}
        self.fill = [*["0"] * (1 + len(UNITS)), *["no"] * len(EXPRESSIONS), "neutral"]

    def questions(self, texts: list[str]) -> list[list[int]]:
        """Return what follows the picture, up to where the answer starts."""
        around = ["<|vision_end|>" + t + "<|im_end|>\n<|im_start|>assistant\n" for t in texts]
        asked: list[list[int]] = self.tokenizer(around)["input_ids"]
        return asked

    def answers(
        self, rows: list[list[str]], smiles: float = 1.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return answer ids (n, 84) and their weights in the loss; unknown values weigh nothing.

        ``smiles`` is the weight of each value that tells a smile.
        """
        n = len(rows)
        ids = torch.empty(n, 2 * COUNT + 2, dtype=torch.long)
        weights = torch.full((n, 2 * COUNT + 2), 0.1)
        ids[:, 0:-2:2] = torch.tensor(self.keys[:-1])
        ids[:, -2:] = torch.tensor(self.ends)
        worth = np.array([2.0, *[1.0] * len(UNITS), *[1.0] * len(EXPRESSIONS), 2.0])
        worth[_SMILE] *= smiles
        for i, row in enumerate(rows):
            ids[i, 1:-2:2] = torch.tensor(
                [self.ids[v if v != "?" else f] for v, f in zip(row, self.fill, strict=True)]
            )
            lift = np.array([0.0 if v == "?" else 1.0 for v in row])
            weights[i, 1:-2:2] = torch.from_numpy(worth * lift).float()
        return ids, weights


class Questions:
    """A stock of questions with random lines, asked in batches of like length."""

    def __init__(self, language: Language, rng: np.random.Generator, stock: int = 1500) -> None:
        self._rng = rng
        self._asked = language.questions([sample_question(rng) for _ in range(stock)])
        self._asked.sort(key=len)

    def deal(self, count: int) -> list[list[int]]:
        """Return questions of like length; long ones seldom, since they cost most."""
        stock = len(self._asked)
        last = stock - count if self._rng.random() < 0.15 else int(0.75 * stock)
        start = int(self._rng.integers(0, last))
        return self._asked[start : start + count]


def aid_loss(
    aids: Aids,
    tokens: torch.Tensor,
    batch: Pictures,
    positive: torch.Tensor,
    keep: torch.Tensor | None = None,
    corners: float = 1.0,
) -> torch.Tensor:
    """Return the dense loss: in a unit's region every token knows the unit and its own place.

    ``corners`` is the weight of unit 12.
    """
    device = tokens.device
    region, place = (torch.from_numpy(a) for a in cells(batch))
    if keep is not None:
        rows = torch.arange(len(region))[:, None]
        region, place = region[rows, keep], place[rows, keep]
    region, place = region.to(device), place.to(device)
    said, where, faces = (t.float() for t in aids(tokens))
    truth = torch.from_numpy(batch.units).to(device)
    count = torch.from_numpy(batch.faces).to(device)
    sure = ~truth.isnan()
    on = (truth.nan_to_num() >= 0.1).float()
    weight = region.float() / region.sum(1, keepdim=True).clamp(min=1) * sure[:, None].float()
    weight[..., UNITS.index(12)] *= corners
    each = F.binary_cross_entropy_with_logits(
        said, on[:, None].expand_as(said), reduction="none", pos_weight=positive.to(device)
    )
    one = (count == 1).float()
    units = (each * weight).sum() / weight.sum().clamp(min=1)
    inside = place[..., 2]
    spot = ((where[..., :2] - place[..., :2]).square().sum(-1) * inside).sum() / inside.sum().clamp(
        min=1
    )
    has = (place.abs().sum((1, 2)) > 0).float() + (1 - one)
    mask = F.binary_cross_entropy_with_logits(where[..., 2], inside, reduction="none").mean(1)
    mask = (mask * has * one).sum() / (has * one).sum().clamp(min=1)
    loss: torch.Tensor = units + 0.5 * spot + 0.2 * mask + 0.2 * F.cross_entropy(faces, count)
    return loss


def chosen(batch: Pictures, rng: np.random.Generator) -> torch.Tensor:
    """Name the tokens to look at: the face's, some around it; of a picture without one, a part."""
    place = cells(batch)[1]
    total = place.shape[1]
    area = face_area(batch)
    one = area <= total
    count = int(area[one].max() + 0.08 * total) if one.any() else 0
    count = min(total, max(count, total // 2 if not one.all() else 6))
    score = place[..., 2] + rng.random(place.shape[:2])
    return torch.from_numpy(np.sort(np.argsort(-score, axis=1)[:, :count], axis=1))


def scattered(batch: Pictures, share: float, rng: np.random.Generator) -> torch.Tensor:
    """Name this share of the tokens at random: whoever sees a part must read the whole face."""
    shape = cells(batch)[1].shape[:2]
    order = np.argsort(rng.random(shape), axis=1)
    return torch.from_numpy(np.sort(order[:, : int(share * shape[1])], axis=1))


def read(
    model: Qwen2_5_VLForConditionalGeneration,
    language: Language,
    tokens: torch.Tensor,
    shape: tuple[int, int],
    asked: list[list[int]],
    ids: torch.Tensor,
    keep: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return logits (n, answer, vocabulary) of the answers, each token given the ones before it."""
    n, length = ids.shape
    device, most = tokens.device, max(map(len, asked))
    after = torch.zeros(n, most + length, dtype=torch.long)
    start = torch.tensor([len(q) for q in asked])
    for i, question in enumerate(asked):
        after[i, : len(question)] = torch.tensor(question)
        after[i, len(question) : len(question) + length] = ids[i]
    lm, embed = model.model.language_model, model.model.language_model.embed_tokens
    head = embed(torch.tensor(language.before, device=device)).expand(n, -1, -1)
    inputs = torch.cat([head, tokens.to(head.dtype), embed(after.to(device))], 1)
    begin = len(language.before)
    spots = positions(*shape, begin, after.shape[1])[:, None].expand(3, n, -1)
    if keep is not None:
        rest = spots.shape[2] - after.shape[1]
        seen = spots[:, :, begin:rest].gather(2, keep.expand(3, n, -1))
        spots = torch.cat([spots[:, :, :begin], seen, spots[:, :, rest:]], 2)
    hidden = lm(inputs_embeds=inputs, position_ids=spots.to(device), use_cache=False)
    first = begin + tokens.shape[1] + start - 1
    index = first[:, None] + torch.arange(length)
    rows = torch.arange(n)[:, None].to(device)
    logits: torch.Tensor = model.lm_head(hidden.last_hidden_state[rows, index.to(device)])
    return logits
