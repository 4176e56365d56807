"""Ask a model for a report on each case, constrained to the schema, with probabilities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import jinja2
import jsonschema
import outlines
import torch

from nesy import schema
from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.shown import picture_of
from nesy.trace import Case, Observation

from .decoding import Constraint, Recorder, Row, token_texts
from .fast_forward import FastForward
from .loading import Loaded
from .prompt import Card, card_of, fill, specials_of
from .scorer import Distributions
from .soft_facts import Asked, Seen, SoftFacts
from .thinking import recorder_for, tags_for, thoughts_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from nesy.vocabulary import Vocabulary


class _Ready:
    """Outlines' type adapter for finished prompts: its own flattens the pictures of a batch."""

    def format_input(self, model_input: dict[str, Any]) -> dict[str, Any]:
        """Return the text and its pictures as they are."""
        return model_input

    def format_output_type(self, output_type: Recorder) -> list[Recorder]:
        """Return the logits processors: the recorder, which is the constraint."""
        return [output_type]


class TransformersPerceiver:
    """A Perceiver over one loaded model; greedy unless ``temperature`` is above zero."""

    def __init__(
        self,
        loaded: Loaded,
        vocabulary: Vocabulary,
        *,
        name: str = "transformers",
        temperature: float = 0.0,
        batch_size: int | None = None,
        backend: str | None = None,
        fast_forward: bool = True,
        think: str | None = None,
        facts: Asked | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.name = name
        facts = facts or Asked()
        self.samples = max(1, facts.samples)
        self.temperature = temperature or float(facts.samples > 0)
        # Alone, a case cannot be touched by its neighbours; on a CPU a batch would save little.
        alone = loaded.device == "cpu" or self.temperature > 0
        self.batch_size = batch_size or (1 if alone else 8)
        self.loaded = loaded
        self.card = card_of(loaded.folder, loaded.name, vocabulary)
        self.tokenizer = loaded.processor.tokenizer
        self.specials = specials_of(self.tokenizer, loaded.processor)
        asked = self.prompt("")
        self.constraint = self._constraint(backend or self.card.backend)
        self.validator = jsonschema.Draft202012Validator(self.constraint.schema)
        self.thinking = tags_for(loaded, self.tokenizer, asked, self.specials, think)
        self.recorder = recorder_for(self.constraint, self.thinking)
        # Code of a repository need not know how several tokens are fed at once.
        swift = fast_forward and not loaded.remote
        self.fast_forward = FastForward(self.recorder) if swift else None
        model: Any = outlines.from_transformers(
            loaded.model, loaded.processor, device_dtype=loaded.model.dtype
        )
        model.type_adapter = _Ready()
        self.generator = outlines.Generator(model, processor=self.recorder)
        thinks = self.thinking is not None
        self.soft = SoftFacts(loaded, self.constraint, self.tokenizer, facts, thinks=thinks)
        self.soft.start(partial(self._inputs, asked), self.card.name)

    def _constraint(self, backend: str) -> Constraint:
        report = schema.report_schema(self.vocabulary, self.card.reports)
        size = self.loaded.vocabulary
        end = self.tokenizer.eos_token_id
        if end is None:
            raise self._unusable(
                "the tokenizer has no end-of-text token, so no answer could end",
                "set eos_token in its tokenizer_config.json",
            )
        return Constraint(
            report, token_texts(self.tokenizer, size), end, backend=backend, encode=self._encode
        )

    def _encode(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    def _unusable(self, why: str, fix: str) -> NesyError:
        what = f"the processor of {self.loaded.name} cannot be used"
        return NesyError(Diagnostic("N904", what, why, fix))

    def describe(self) -> dict[str, Any]:
        """Return what this perceiver is and asks for."""
        return {
            "name": self.name,
            "model": self.card.name,
            "licence": self.card.licence,
            "needs": ["torch", "transformers", "outlines"],
            "reports": list(self.card.reports),
            "device": self.loaded.device,
            "temperature": self.temperature,
            "batch_size": self.batch_size,
            "backend": self.constraint.backend.name,
            "recipe": self.loaded.recipe.family,
            "recipe_seen": self.loaded.recipe.seen,
            "thought_budget": self.thinking.budget if self.thinking else None,
            "chat_template": self.tokenizer.chat_template is not None,
            **self.loaded.size(),
            "soft_facts": self.soft.kind,
        }

    def identity(self) -> dict[str, str]:
        """Return what a calibration is of: model, hash of its weights, kind of soft facts."""
        return self.soft.identity(self.card.name)

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield an observation for each case, or the error of its picture."""
        for seen in self._seen(cases, seed):
            yield seen if isinstance(seen, NesyError) else self._observation(seen, seed)

    def chances(
        self, cases: Sequence[Case], *, seed: int
    ) -> Iterator[tuple[schema.Schema, Distributions] | NesyError]:
        """Yield what is known of each field, not corrected by any calibration."""
        for seen in self._seen(cases, seed):
            known = seen if isinstance(seen, NesyError) else seen.chances
            yield known if isinstance(known, NesyError) else (self.constraint.schema, known)

    def _seen(self, cases: Sequence[Case], seed: int) -> Iterator[Seen | NesyError]:
        for at in range(0, len(cases), self.batch_size):
            yield from self._batch(cases[at : at + self.batch_size], seed)

    def _batch(self, cases: Sequence[Case], seed: int) -> list[Seen | NesyError]:
        answers: dict[int, Seen | NesyError] = {}
        shown: dict[int, tuple[str, Image]] = {}
        for number, case in enumerate(cases):
            try:
                shown[number] = self.prompt(case.line), picture_of(case)
            except NesyError as error:
                answers[number] = error
        if shown:
            own = _mixed(seed, cases[0].id)
            # Each sample has a seed of its own; the thought kept is the last one's.
            draws = [
                self._generate(list(shown.values()), own if draw == 0 else _mixed(own, str(draw)))
                for draw in range(self.samples)
            ]
            thoughts = thoughts_of(self.recorder)
            answered = zip(*draws, strict=True)
            for number, rows, thought in zip(shown, answered, thoughts, strict=True):
                given = partial(self._inputs, *shown[number])
                try:
                    answers[number] = self.soft.seen(rows, self._checked, given, thought)
                except NesyError as error:
                    answers[number] = error
        return [answers[number] for number in range(len(cases))]

    def prompt(self, line: str, card: Card | None = None) -> str:
        """Return the whole text the model is given, the line quoted in it; by its own card."""
        asked = fill(card or self.card, line, self.specials, self._leaks)
        image = getattr(self.loaded.processor, "image_token", None) or ""
        parts = [{"type": "image"}, {"type": "text", "text": asked}]
        if self.tokenizer.chat_template is None:
            return f"{image}\n{asked}\n"
        # Some templates know texts only, and would print the list of parts.
        for content in (parts, f"{image}\n{asked}"):
            text = self._templated([{"role": "user", "content": content}])
            if image in text and asked.strip() in text:
                return text
        raise self._unusable(
            "its chat template drops the picture or the question", "mend its chat template"
        )

    def _templated(self, messages: list[dict[str, Any]]) -> str:
        try:
            return str(
                self.tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=True
                )
            )
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            why = f"its chat template fails: {' '.join(str(error).split())[:200]}"
            raise self._unusable(why, "mend its chat template") from error

    def _leaks(self, text: str) -> bool:
        """Tell whether the tokenizer finds a control token in a text that must not have one."""
        control = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}
        return not control.isdisjoint(self.tokenizer.encode(text, add_special_tokens=False))

    def _generate(self, shown: Sequence[tuple[str, Image]], seed: int) -> list[Row]:
        sampling: dict[str, Any] = {"do_sample": False}
        if self.temperature > 0:
            sampling = {"do_sample": True, "temperature": self.temperature, "top_k": 0}
        # Processors of the library are given a list of pictures for each text.
        flat = self.loaded.remote
        inputs = [{"text": text, "images": [image if flat else [image]]} for text, image in shown]
        pad = self.tokenizer.pad_token_id
        end = self.constraint.end
        before = self.thinking.most_tokens if self.thinking else 0
        try:
            with torch.random.fork_rng(), torch.inference_mode():
                torch.manual_seed(seed)
                self.generator.batch(
                    inputs,
                    max_new_tokens=self.constraint.most_tokens + before,
                    eos_token_id=end,
                    pad_token_id=end if pad is None else pad,
                    custom_generate=self.fast_forward,
                    **self.loaded.cache(),
                    **sampling,
                )
        except torch.OutOfMemoryError as error:
            what = f"the model {self.loaded.name} does not fit this machine"
            fix = "use a smaller model, or a smaller batch"
            why = " ".join(str(error).split())[:200]
            raise MissingError(Diagnostic("N905", what, why, fix)) from error
        except Exception as error:
            if not self.loaded.remote:
                raise
            what = f"the code that {self.loaded.name} brings fails while it looks"
            why = " ".join(str(error).split())[:200] or type(error).__name__
            fix = "look for a commit of it that works with this version of transformers"
            raise NesyError(Diagnostic("N903", what, why, fix)) from error
        return self.recorder.rows

    def _inputs(self, text: str, image: Image) -> Any:
        """Return what the model is given of one prompt and one picture."""
        images = [image if self.loaded.remote else [image]]
        given = self.loaded.processor(text=[text], images=images, return_tensors="pt")
        return given.to(self.loaded.device, self.loaded.model.dtype)

    def _observation(self, seen: Seen, seed: int) -> Observation:
        observation = schema.to_observation(
            seen.report,
            self.soft.corrected(seen),
            self.name,
            vocabulary=self.vocabulary,
            constraint_mass=float(f"{seen.mass:.3g}"),
        )
        said = {**seen.thought, **self.soft.said(seen)}
        if self.temperature > 0:
            said["sampling"] = {"temperature": self.temperature, "seed": seed}
            if self.samples > 1:
                said["sampling"]["samples"] = self.samples
        return observation.model_copy(update=said)

    def _checked(self, text: str) -> Mapping[str, Any]:
        """Return the report; raises NesyError N105 where the constraint did not hold."""
        try:
            report = json.loads(text)
            self.validator.validate(report)
        except (json.JSONDecodeError, jsonschema.ValidationError) as error:
            what = f"the answer of {self.loaded.name} is not a report"
            why = f"{' '.join(str(error).split())[:160]}; it begins {text[:80]!r}"
            fix = "the constraint did not hold: report the model and the case"
            raise NesyError(Diagnostic("N105", what, why, fix)) from error
        if not isinstance(report, dict):
            raise AssertionError("the schema of a report is an object")
        return report


def _mixed(seed: int, name: str) -> int:
    """Return a seed of its own for each case, so that its place among the cases is no matter."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:4], "big")
