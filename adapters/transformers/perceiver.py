"""Ask a model for a report on each case, constrained to the schema, with probabilities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jinja2
import jsonschema
import outlines
import torch

from nesy import picture, schema
from nesy.diagnostics import Diagnostic, MissingError, NesyError
from nesy.trace import Case, Observation

from .decoding import Constraint, Recorder, Row, token_texts
from .loading import Loaded
from .probabilities import distributions
from .prompt import Card, card_of, fill, specials_of

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
    ) -> None:
        self.vocabulary = vocabulary
        self.name = name
        self.temperature = temperature
        # Alone, a case cannot be touched by its neighbours; on a CPU a batch would save little.
        alone = loaded.device == "cpu" or temperature > 0
        self.batch_size = batch_size or (1 if alone else 8)
        self.loaded = loaded
        self.card = card_of(loaded.folder, loaded.name, vocabulary)
        self.tokenizer = loaded.processor.tokenizer
        self.specials = specials_of(self.tokenizer, loaded.processor)
        self.prompt("")
        self.constraint = self._constraint()
        self.validator = jsonschema.Draft202012Validator(self.constraint.schema)
        self.recorder = Recorder(self.constraint)
        model: Any = outlines.from_transformers(
            loaded.model, loaded.processor, device_dtype=loaded.model.dtype
        )
        model.type_adapter = _Ready()
        self.generator = outlines.Generator(model, processor=self.recorder)

    def _constraint(self) -> Constraint:
        report = schema.report_schema(self.vocabulary, self.card.reports)
        head = self.loaded.model.get_output_embeddings()
        text = self.loaded.model.config.get_text_config()
        size = text.vocab_size if head is None else head.weight.shape[0]
        end = self.tokenizer.eos_token_id
        if end is None:
            raise self._unusable(
                "the tokenizer has no end-of-text token, so no answer could end",
                "set eos_token in its tokenizer_config.json",
            )
        return Constraint(report, token_texts(self.tokenizer, size), end)

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
        }

    def perceive(self, cases: Sequence[Case], *, seed: int) -> Iterator[Observation | NesyError]:
        """Yield an observation for each case, or the error of its picture."""
        for at in range(0, len(cases), self.batch_size):
            yield from self._batch(cases[at : at + self.batch_size], seed)

    def _batch(self, cases: Sequence[Case], seed: int) -> list[Observation | NesyError]:
        answers: dict[int, Observation | NesyError] = {}
        shown: dict[int, tuple[str, Image]] = {}
        for number, case in enumerate(cases):
            try:
                shown[number] = self.prompt(case.line), open_of(case)
            except NesyError as error:
                answers[number] = error
        if shown:
            rows = self._generate(list(shown.values()), _mixed(seed, cases[0].id))
            for number, row in zip(shown, rows, strict=True):
                try:
                    answers[number] = self._observation(row, seed)
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
        inputs = [{"text": text, "images": [[image]]} for text, image in shown]
        pad = self.tokenizer.pad_token_id
        end = self.constraint.end
        try:
            with torch.random.fork_rng(), torch.inference_mode():
                torch.manual_seed(seed)
                self.generator.batch(
                    inputs,
                    max_new_tokens=self.constraint.most_tokens,
                    eos_token_id=end,
                    pad_token_id=end if pad is None else pad,
                    **sampling,
                )
        except torch.OutOfMemoryError as error:
            what = f"the model {self.loaded.name} does not fit this machine"
            fix = "use a smaller model, or a smaller batch"
            why = " ".join(str(error).split())[:200]
            raise MissingError(Diagnostic("N905", what, why, fix)) from error
        return self.recorder.rows

    def _observation(self, row: Row, seed: int) -> Observation:
        report = self._checked(row.text)
        chances = distributions(self.constraint.schema, report, row.steps())
        observation = schema.to_observation(
            report,
            chances,
            self.name,
            vocabulary=self.vocabulary,
            constraint_mass=float(f"{row.mass:.3g}"),
        )
        if self.temperature > 0:
            sampled = {"temperature": self.temperature, "seed": seed}
            return Observation(**{**observation.model_dump(), "sampling": sampled})
        return observation

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


def open_of(case: Case) -> Image:
    """Open a case's picture; raises NesyError N120-N126."""
    if case.image is None:
        what, why = f"case {case.id} names no picture", "this perceiver looks at pictures"
        raise NesyError(Diagnostic("N120", what, why, 'give the case an "image"'))
    return picture.open_picture(case.image)


def _mixed(seed: int, name: str) -> int:
    """Return a seed of its own for each case, so that its place among the cases is no matter."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:4], "big")
