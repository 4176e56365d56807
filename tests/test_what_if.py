"""What if: each set of changes flips the answer, none smaller does, and nothing declared moves."""

import json
import os
from itertools import combinations
from pathlib import Path

import clingo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nesy import pipeline, strict_json
from nesy.cli import main
from nesy.diagnostics import NesyError
from nesy.explain.what_if import conditional, release, sensitivity
from nesy.explain.what_if.changes import Changes, numbers_of
from nesy.explain.what_if.flips import edited, search
from nesy.explain.what_if.supposed import asked, stated
from nesy.explain.what_if.whatif import Bounds, changes_of, facts_of, supposing, what_if
from nesy.pipeline import engine_for
from nesy.predicates import DECLARABLE
from nesy.reply.judge import judge
from nesy.trace import Case, Observation, Trace, parse_trace
from tests.strategies import cases, faces, lines

ENGINE = engine_for()
FOLDER = Path(__file__).parent / "what_if"
PATIENT = Bounds(seconds=600)


@st.composite
def observed(draw: st.DrawFn) -> Trace:
    """A case with a face and words, as a perceiver could report it."""
    case = draw(cases)
    seen = Observation(perceiver="generated", faces=(draw(faces("f1", True)),), line=draw(lines))
    return Trace(case=Case(**{**dict(case), "line": "…", "image": "f.png"}), observation=seen)


def smiling(**declared: str) -> Trace:
    """A smile with raised inner brows over a line that plays trouble down."""
    face = {
        "id": "f1",
        "action_units": [{"unit": 12, "intensity": 600, "confidence": 910}],
        "expressions": [
            {"expression": "smile", "confidence": 930},
            {"expression": "inner_brow_raiser", "confidence": 800},
        ],
    }
    value = {
        "case": {"id": "c1", "image": "f.png", "line": "I'm fine.", "declared": declared},
        "observation": {"perceiver": "hand", "faces": [face]},
    }
    return pipeline.reason(parse_trace(value), engine=ENGINE)


def in_crisis() -> Trace:
    value = {"case": {"id": "c2", "line": "I want to die."}}
    return pipeline.reason(parse_trace(value), engine=ENGINE)


def resolved(trace: Trace, facts: frozenset[clingo.Symbol]) -> Trace:
    """Reason over other facts, as `nesy reason` does over a Trace with facts alone."""
    return pipeline.reason(
        trace.with_(facts=stated(facts), observation=None, reading=None), engine=ENGINE
    )


def top(trace: Trace) -> str:
    assert trace.reading is not None
    return next(iter(trace.reading["f1"].distribution))


def has_mismatch(trace: Trace, kind: str) -> bool:
    return any(kind in reading.mismatches for reading in (trace.reading or {}).values())


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(observed())
def test_each_set_changes_the_reading_and_no_part_of_it_does(trace: Trace) -> None:
    done = pipeline.reason(trace, engine=ENGINE)
    found = what_if(done, ENGINE, "reads(f1, _)", bounds=Bounds(seconds=600, limit=4))
    now = top(done)
    for one in found.alternatives:
        assert top(resolved(done, facts_of(found.supposing, one))) != now
        for size in range(len(one.edits)):
            for part in combinations(one.edits, size):
                assert top(resolved(done, edited(found.supposing.facts, part))) == now
        changed = {a.name for e in one.edits for a in e.removed | e.added}
        assert not changed & {*DECLARABLE, "speaker", "face", "faces"}


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(observed(), st.sampled_from(["masking_smile", "sarcasm", "polite_refusal"]))
def test_pruning_by_what_the_rules_look_at_loses_nothing(trace: Trace, kind: str) -> None:
    done = pipeline.reason(trace, engine=ENGINE)
    case = supposing(done, ENGINE, f"mismatch(f1, {kind})")
    few = changes_of(case)
    every = Changes(case.facts, ENGINE.vocabulary, case.dependence)
    assert {e for e in few.pool() if e.kind == "gone"} <= set(every.pool())
    now = has_mismatch(done, kind)
    found = search(case.facts, few.pool(), case.flips, sizes=(1,), possible=few.possible)
    slots = {edits[0].slot for edits in found.sets}
    for edit in every.pool()[::9]:
        if edit.kind != "swap" and few.possible((edit,)):
            flips = has_mismatch(resolved(done, edited(case.facts, (edit,))), kind) != now
            assert (edit.slot in slots) or not flips, edit


def test_a_number_is_taken_to_where_the_reading_turns_and_no_further() -> None:
    trace = smiling()
    found = what_if(trace, ENGINE, "reads(f1, _)", bounds=PATIENT)
    turning = [(one, e) for one in found.alternatives for e in one.turning]
    assert turning
    for one, edit in turning:
        (new,) = edit.added
        place = numbers_of(new)[0 if edit.kind == "strength" else -1]
        back = 1 if edit.way in ("less", "weaker") else -1
        changes = changes_of(found.supposing)
        milder = changes.at(edit, new.arguments[place].number + back)
        rest = tuple(e for e in one.edits if e != edit)
        facts = edited(found.supposing.facts, (*rest, milder))
        if edit.kind != "added" or new.arguments[place].number > 500:
            assert top(resolved(trace, facts)) == top(trace)


def test_an_atom_that_does_not_hold_is_brought_about_by_two_changes() -> None:
    face = {"id": "f1", "expressions": [{"expression": "pursed_lips", "confidence": 800}]}
    value = {
        "case": {"id": "c3", "image": "f.png", "line": "I'm fine."},
        "observation": {"perceiver": "hand", "faces": [face]},
    }
    trace = pipeline.reason(parse_trace(value), engine=ENGINE)
    found = what_if(trace, ENGINE, "mismatch(f1, sarcasm)", bounds=PATIENT)
    assert found.whole == 2 and found.stopped is None
    for one in found.alternatives:
        assert len(one.edits) == 2
        assert has_mismatch(resolved(trace, facts_of(found.supposing, one)), "sarcasm")
    seen = {e.slot for one in found.alternatives for e in one.edits}
    assert "expression(f1,eye_roll)" in seen and {"cue(hyperbole)", "line_act(praise)"} <= seen


def test_units_that_exclude_each_other_or_could_not_be_seen_are_not_added() -> None:
    case = supposing(smiling(), ENGINE, None)
    changes = changes_of(case)
    pool = changes.pool()
    observable = {
        f"au({a.arguments[0]},{a.arguments[1]})" for a in case.facts if a.name == "observable"
    }
    added = [e for e in pool if e.kind == "added" and e.slot.startswith("au(")]
    assert added and {e.slot for e in added} <= observable
    units = {int(e.slot[6:-1]): e for e in added}
    exclusive = [
        (one, other)
        for one in units
        for other in (int(o[2:]) for o in ENGINE.vocabulary.units[one].all("excludesUnit"))
        if other in units
    ]
    assert exclusive
    assert not any(changes.possible((units[one], units[other])) for one, other in exclusive)


@pytest.mark.parametrize(
    ("about", "declared"), [(None, True), ("crisis(self_harm)", False), ("release", True)]
)
def test_no_change_hides_a_crisis(about: str | None, declared: bool) -> None:
    trace = in_crisis()
    case = supposing(trace, ENGINE, about)
    pool = changes_of(case).pool(declared=declared)
    signs = {a for a in case.facts if a.name == "cue" and str(a.arguments[0]) == "suicide"}
    assert signs and not any(e.removed & signs for e in pool)
    found = what_if(trace, ENGINE, about, declared=declared, bounds=Bounds(size=1, seconds=600))
    for one in found.alternatives:
        verdict = resolved(trace, facts_of(case, one)).verdict
        assert verdict is not None and "self_harm" in verdict.crisis
    text = conditional.as_text(found)
    assert "What no change may hide: words of wanting to die." in text
    assert next(str(a) for a in conditional.fixed(found)).startswith("cue(suicide")


def test_what_is_declared_changes_only_where_that_is_asked_for() -> None:
    trace = smiling(context="workplace", jurisdiction="eu")
    about = "forbidden(infer_from_face, _)"
    asked_for = what_if(trace, ENGINE, about, declared=True, bounds=PATIENT)
    slots = {e.slot for one in asked_for.alternatives for e in one.edits}
    assert {"context workplace", "purpose medical", "purpose safety"} <= slots
    without = what_if(trace, ENGINE, about, bounds=Bounds(size=1, seconds=600))
    assert without.alternatives == ()
    assert not any(
        e.slot.startswith(("person", "stated"))
        for e in changes_of(without.supposing).pool(declared=True)
    )


def test_a_blocked_reply_is_released_by_the_mends_named() -> None:
    text = "Your smile says you are sad. I love you too."
    trace = judge(text, line="I'm fine.", engine=ENGINE)
    found = what_if(trace, ENGINE, "release", bounds=PATIENT)
    mend = release.changes_of_the_reply(found, PATIENT)
    (edits,) = mend.sets
    assert {e.slot for e in edits} == {
        "act assert_mismatch",
        "act disclose_own_feeling",
        "act mention_face",
    }
    told = "\n".join(release.lines(mend))
    assert "“I love you too.”" in told and "E303" in told and "E111" in told
    # Two norms stand whatever the face and the words are: nothing is tried in vain.
    assert found.alternatives == () and found.tried == 0
    assert judge("How is it for you?", line="I'm fine.", engine=ENGINE).verdict.status == "release"


def test_a_reply_that_leaves_out_the_contact_is_mended_by_giving_one() -> None:
    trace = judge("Thank you for telling me.", line="I want to die.", engine=ENGINE)
    found = what_if(trace, ENGINE, "release", bounds=PATIENT)
    mend = release.changes_of_the_reply(found, PATIENT)
    assert mend.sets and all("act give_crisis_resource" in {e.slot for e in s} for s in mend.sets)
    assert all(e.kind in ("say", "strike") for s in mend.sets for e in s)


def test_a_held_reply_says_what_is_missing() -> None:
    german = "Das ist schön, ich freue mich sehr für dich und deine Familie."
    trace = judge(german, line="I'm fine.", engine=ENGINE)
    mend = release.changes_of_the_reply(what_if(trace, ENGINE, "release", bounds=PATIENT), PATIENT)
    assert mend.sets == () and "--read-reply-with" in mend.missing[0]
    assert release.as_json(mend)["reply"]["missing"] == list(mend.missing)


def test_how_sure_is_measured_by_solving_again() -> None:
    trace = smiling()
    found = sensitivity.measure(trace, ENGINE, f"reads(f1, {top(trace)})")
    assert found.now == trace.reading["f1"].distribution[top(trace)]
    assert found.numbers
    for number in found.numbers:
        value = max(500, number.value - 100) if number.kind == "confidence" else number.value - 100
        arguments = list(number.atom.arguments)
        arguments[number.place] = clingo.Number(max(0, value))
        new = clingo.Function(number.atom.name, arguments)
        other = resolved(trace, (found.supposing.facts - {number.atom}) | {new})
        assert number.less == pytest.approx(other.reading["f1"].distribution.get(top(trace), 0.0))
    slopes = [max(abs(n.less - found.now), abs(n.more - found.now)) for n in found.numbers]
    assert slopes == sorted(slopes, reverse=True)


def test_of_a_norm_it_says_at_which_number_it_begins_to_apply() -> None:
    found = sensitivity.measure(smiling(), ENGINE, "mismatch(f1, masking_smile)")
    by_fact = {str(n.atom): n for n in found.numbers}
    assert found.now is None and by_fact["cue(minimiser,900)"].without is not None
    assert all(n.less is None for n in found.numbers)


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ("reads(f1, joyy)", "N201"),
        ("cue(minimiser, _)", "N520"),
        ("reads(f1, joy, 600)", "N520"),
        ("reads(f9, joy)", "N520"),
        ("mismach(f1, sarcasm)", "N520"),
        ("joy joy", "N501"),
    ],
)
def test_what_cannot_be_asked_is_told(about: str, code: str) -> None:
    with pytest.raises(NesyError) as caught:
        supposing(smiling(), ENGINE, about)
    assert caught.value.diagnostics[0].code == code


def test_a_trace_without_facts_is_told_to_be_reasoned_over() -> None:
    with pytest.raises(NesyError) as caught:
        supposing(parse_trace({"line": "I'm fine."}), ENGINE, None)
    assert caught.value.diagnostics[0].code == "N503"


def test_a_status_and_the_reply_are_asked_by_name() -> None:
    assert asked("block", ENGINE).status == "block" and asked(None, ENGINE).pattern is None
    assert asked("reading(f1, joy)", ENGINE).emotion == "joy"
    assert asked("reads(_, _)", ENGINE).of_reading


def test_the_command_answers_in_text_and_json(tmp_path, capsys, monkeypatch) -> None:
    file = tmp_path / "trace.json"
    file.write_text(smiling().as_json(), encoding="utf-8")

    def ran(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["nesy", "what-if", *arguments, str(file)])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0), capsys.readouterr().out

    code, text = ran("mismatch(f1, masking_smile)", "--json")
    value = json.loads(text)
    assert value["schema"] == "nesy.what_if.v1" and value["holds"] is True
    assert value["alternatives"][0]["changes"][0]["removed"] == ["cue(minimiser,900)"]
    code, text = ran("crisis(self_harm)", "--limit", "1")
    assert code == 0 and "2 more were found (--limit)" in text
    code, text = ran("forbidden(infer_from_face, e101)")
    assert code == 1 and "No change" in text
    code, text = ran("mismatch(f1, masking_smile)", "--sure", "--json")
    assert code == 0 and json.loads(text)["schema"] == "nesy.sure.v1"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_the_answer_reads_as_agreed(name: str) -> None:
    """``NESY_ACCEPT=1`` rewrites the texts; read the difference first."""
    value = strict_json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    about, declared, sure = (value.pop(k, None) for k in ("what_if", "declared_too", "sure"))
    trace = pipeline.reason(parse_trace(value, file=name), engine=ENGINE)
    if sure:
        told = sensitivity.as_text(sensitivity.measure(trace, ENGINE, about))
    else:
        found = what_if(trace, ENGINE, about, declared=bool(declared), bounds=PATIENT)
        told = conditional.as_text(found)
    expected = FOLDER / f"{name}.txt"
    if os.environ.get("NESY_ACCEPT"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")
