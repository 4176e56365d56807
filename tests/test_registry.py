"""Adapters are found by name, from the folder and from outside, without being imported."""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from nesy import perceive, registry, vocabulary
from nesy.diagnostics import MissingError, NesyError
from nesy.trace import Case

WORDS = vocabulary.load()
OUTSIDE = Path(__file__).parent / "extension"


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install the outside package as pip would: its module and its metadata on the path."""
    target = tmp_path / "site"
    info = target / "nesy_mirror-0.1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(OUTSIDE / "nesy_mirror.py", target)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nesy-mirror\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        "[nesy.adapters]\nmirror = nesy_mirror\nbroken = nesy_mirror:nothing\n"
        "absent = nesy_no_such_module\nreplay = nesy_mirror\nempty = json\n"
        "wrong = nesy_mirror:Mirror.describe\nodd = builtins:print\n"
    )
    monkeypatch.syspath_prepend(str(target))
    importlib.invalidate_caches()
    yield target
    sys.modules.pop("nesy_mirror", None)


def code_of(spec: str) -> str:
    with pytest.raises(NesyError) as caught:
        registry.perceiver(spec, WORDS)
    return caught.value.diagnostics[0].code


def test_the_shipped_adapters_are_listed_with_their_first_line() -> None:
    found = registry.adapters()
    assert {"embedded", "replay", "transformers"} <= set(found)
    assert all(a.summary and a.origin == "nesy" for a in found.values() if a.entry is None)


def test_listing_imports_no_adapter() -> None:
    script = (
        "import sys; from nesy import registry; registry.adapters();"
        "print([m for m in ('torch', 'transformers', 'outlines', 'nesy.adapters') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]" and done.stderr == ""


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("embedded", ("embedded", None)),
        ("replay:a/b:c.jsonl", ("replay", "a/b:c.jsonl")),
        ("transformers:org/name", ("transformers", "org/name")),
    ],
)
def test_a_name_may_carry_a_model(spec: str, expected: tuple[str, str | None]) -> None:
    assert registry.split(spec) == expected


@pytest.mark.parametrize("spec", ["", ":x", "replay:", "../x", "a b", "é"])
def test_another_form_is_refused(spec: str) -> None:
    assert code_of(spec) == "N103"


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(NesyError) as caught:
        registry.perceiver("transfomers:x", WORDS)
    fault = caught.value.diagnostics[0]
    assert (fault.code, fault.fix) == ("N101", "did you mean transformers?")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("spec", "what", "why", "fix"),
    [
        (
            "embedded?soft_fact=scored",
            "adapter embedded has no such option: soft_fact",
            "it takes backend, batch_size, calibration, code_of, fast_forward, revision, samples, "
            "soft_facts, temperature, think, trust_remote_code",
            "did you mean soft_facts?",
        ),
        ("embedded?name=mine", "option: name", "it takes backend", "use one of: backend"),
        ("replay:x.jsonl?samples=8", "option: samples", "it takes none", "--with replay:x.jsonl"),
    ],
)
def test_an_option_that_is_not_taken_is_told_with_those_that_are(
    spec: str, what: str, why: str, fix: str
) -> None:
    with pytest.raises(NesyError) as caught:
        registry.perceiver(spec, WORDS)
    (fault,) = caught.value.diagnostics
    assert fault.code == "N165" and what in fault.what and why in fault.why and fix in fault.fix


@pytest.mark.parametrize("spec", ["transformers", "replay", "embedded:x"])
def test_a_model_is_needed_or_is_not(spec: str) -> None:
    assert code_of(spec) == "N103"


def test_an_adapter_from_outside_is_found_and_used(outside: Path, tmp_path: Path) -> None:
    picture = tmp_path / "face.png"
    Image.new("RGB", (20, 20)).save(picture)
    assert registry.adapters()["mirror"].origin == "nesy-mirror"
    mirror = registry.perceiver("mirror:frown", WORDS)
    assert mirror.describe()["model"] == "frown"
    seen = perceive.perceive_case(mirror, Case(id="c1", image=str(picture)), vocabulary=WORDS)
    assert seen.faces[0].expressions[0].expression == "frown"


def test_what_an_outside_adapter_reports_must_be_in_the_vocabulary(
    outside: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "face.png"
    Image.new("RGB", (20, 20)).save(picture)
    mirror = registry.perceiver("mirror:smirk", WORDS)
    case = Case(id="c1", image=str(picture))
    (outcome,) = perceive.perceive_cases(mirror, [case], vocabulary=WORDS)
    assert outcome.error is not None
    assert outcome.error.diagnostics[0].code == "N201"


def test_a_shipped_name_cannot_be_taken_over(outside: Path) -> None:
    assert registry.adapters()["replay"].origin == "nesy"


@pytest.mark.parametrize("spec", ["broken", "empty", "odd"])
def test_what_is_not_an_adapter_says_so(outside: Path, spec: str) -> None:
    assert code_of(spec) == "N102"


def test_an_adapter_that_cannot_be_imported(outside: Path) -> None:
    with pytest.raises(MissingError) as caught:
        registry.perceiver("absent", WORDS)
    assert (caught.value.diagnostics[0].code, caught.value.exit_code) == ("N902", 3)


@pytest.mark.slow
def test_the_outside_package_installs_with_pip(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    source = tmp_path / "source"
    shutil.copytree(OUTSIDE, source)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", tmp_path / "site", source],
        check=True,
        capture_output=True,
    )
    script = "from nesy import registry; print(registry.adapters()['mirror'].origin)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": f"{tmp_path / 'site'}:{Path(registry.__file__).parents[1]}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "nesy-mirror"


class Unruly:
    """A perceiver that answers what it is told to."""

    def __init__(self, answers: list[object]) -> None:
        self.answers = answers

    def describe(self) -> dict[str, object]:
        return {"name": "unruly"}

    def perceive(self, cases: object, *, seed: int) -> Iterator[object]:
        yield from self.answers


@pytest.mark.parametrize("answers", [[], ["text"], [None], ["observation"] * 2])
def test_a_broken_contract_is_named(answers: list[object]) -> None:
    seen = perceive.Observation(perceiver="unruly")
    given = [seen if answer == "observation" else answer for answer in answers]
    unruly = Unruly(given)
    with pytest.raises(NesyError) as caught:
        list(perceive.perceive_cases(unruly, [Case(id="c1")], vocabulary=WORDS))  # type: ignore[arg-type]
    assert caught.value.diagnostics[0].code == "N102"
