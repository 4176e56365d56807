"""Rule files of strangers: each is refused or its case is held, in time, and the host lives."""

import json
import re
import time
from pathlib import Path

import pytest

from nesy.reason import guard
from nesy.rulebook import read_pack
from nesy.trace import ActionUnit, Case, Face, Observation, SeenExpression, Trace

FOLDER = Path(__file__).parent / "hostile"
FILES = sorted(path.stem for path in FOLDER.glob("*.lp"))
SECONDS = 2.0
# A file is read and checked, and its case solved several times, on a machine that has other work.
SLOWEST = 15.0
CASE = Trace(
    case=Case(id="c1", line="I'm fine.", image="face.png", declared={"context": ("support",)}),
    observation=Observation(
        perceiver="test",
        faces=(
            Face(
                id="f1",
                expressions=(SeenExpression(expression="smile", confidence=900),),
                action_units=(ActionUnit(unit=12, intensity=900, confidence=900),),
            ),
        ),
    ),
)


@pytest.fixture(scope="module", autouse=True)
def short():
    """One process for all files, with little time and memory."""
    before = guard._GUARD
    guard._GUARD = guard.Guard(seconds=SECONDS, most=2**30)
    yield
    guard.close()
    guard._GUARD = before


def expected(name):
    first = (FOLDER / f"{name}.lp").read_text(encoding="utf-8").split("\n", 1)[0]
    return set(re.match(r"% ((?:N\d+ ?|held|none)+): ", first)[1].split())


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_contained(nesy, name):
    refused(nesy, FOLDER / f"{name}.lp", expected(name))


def refused(nesy, path, codes):
    """Reason over a case with a rule file: exit 2, one of these codes, in time, no traceback."""
    begin = time.monotonic()
    ran = nesy("reason", "--rules", path, "--json", stdin=CASE.as_json())
    assert time.monotonic() - begin < SLOWEST
    assert "Traceback" not in ran.err
    assert all(character.isprintable() or character == "\n" for character in ran.err + ran.out)
    trace = json.loads(ran.out) if ran.out else {}
    if "none" in codes:
        assert ran.code == 0, ran.err
        return
    assert ran.code == 2, ran.out
    faults = trace["error"]["diagnostics"] if trace else told(ran.err)
    assert {fault["code"] for fault in faults} <= codes, ran.err
    assert all(path.name in fault["file"] for fault in faults)
    assert not trace or trace["verdict"]["status"] == "hold"


def told(text):
    """Read diagnostics as a terminal shows them: the place and the code, why, and the mend."""
    lines = text.rstrip("\n").split("\n")
    assert all(line.startswith("  why: ") for line in lines[1::3])
    assert all(line.startswith("  fix: ") for line in lines[2::3])
    found = [re.match(r"(.+?)(?::\d+)*: (N\d+) ", line) for line in lines[::3]]
    return [{"file": fault[1], "code": fault[2]} for fault in found]


MADE = {
    "deep brackets": ("p(" + "f(" * 200_000 + "a" + ")" * 200_000 + ").", {"N302"}),
    "deep operators": ("p(" + "-" * 200_000 + "1).", {"N302"}),
    "deep sums": ("p(" + "1+" * 200_000 + "1).", {"N302"}),
    "deep negation": ("p :- " + "not " * 200_000 + "q.", {"N300", "N302"}),
    "too large": ("% words\n" * 200_000, {"N302"}),
    "too many rules": ("p(1).\n" * 100_000, {"N302"}),
    "one long rule": ("p :- " + ", ".join("face(f1)" for _ in range(20_000)) + ".", {"N302"}),
    "one wide pool": ("p(" + ";".join(map(str, range(100_000))) + ").", {"N302"}),
    "a long chain": ("p" + " < X" * 2000 + ".", {"N300", "N302", "N303", "N324"}),
    "a long string": ('p("' + "x" * 900_000 + '").', {"N302"}),
    "a long name": ("p" * 900_000 + ".", {"N302"}),
    "a long number": ("p(" + "9" * 4000 + ").", {"N305"}),
    "a number in other digits": ("p(0x100000001).", {"N305"}),
    "quotes without end": ('p :- q. "' * 100_000, {"N300", "N302"}),
    "comments without end": ("%*" * 100_000, {"N302"}),
    "no rule at all": ("\x7fELF\x02\x01\x01", {"N302"}),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_too_large_is_refused_before_it_is_parsed(nesy, rules_file, name):
    text, codes = MADE[name]
    refused(nesy, rules_file(text), codes)


def test_other_bytes_than_text_are_refused(nesy, tmp_path):
    path = tmp_path / "mine.lp"
    path.write_bytes(b"p(\xff\xfe).\n")
    refused(nesy, path, {"N112"})


def test_the_marks_of_other_editors_do_no_harm(tmp_path):
    path = tmp_path / "mine.lp"
    text = '%! mine.a "{Face} is there"\r\nhere(Face) :- face(Face).\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (rule,) = read_pack(path).rules
    assert (rule.id, rule.sentence) == ("mine.a", "{Face} is there")


# What marks up, steers or quotes in one of the forms an explanation has.
INJECTED = '</span><script>alert(1)</script> &amp; [x](javascript:y) `z` | \\l \\" {Face}'


@pytest.mark.parametrize("form", ["text", "json", "dot", "html", "prov", "prov-json"])
def test_a_sentence_marks_up_nothing(nesy, rules_file, form):
    path = rules_file(
        f'%! mine.a "{INJECTED}"\n%  source: {INJECTED}\n'
        "mine(Face) :- expression(Face, smile, _).\nevidence(Face, joy, 1) :- mine(Face)."
    )
    trace = nesy("reason", "--rules", path, "--json", stdin=CASE.as_json()).out
    ran = nesy("why", "mine(f1)", "--rules", path, "--format", form, stdin=trace)
    assert ran.code == 0, ran.err
    assert "alert(1)" in ran.out
    if form == "html":
        assert "<script>alert" not in ran.out
    elif form == "dot":
        assert not re.sub(r'"(?:\\.|[^"\\])*"', "", ran.out).count("alert")
    elif form in ("json", "prov-json"):
        json.loads(ran.out)
