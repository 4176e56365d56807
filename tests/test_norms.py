"""All 45 norms: held to the checked table, each shown by cases, each rule and condition needed."""

import re
from datetime import date, timedelta

import pytest

from nesy import exemption, pipeline, rulebook, vocabulary
from nesy.check import lint
from nesy.diagnostics import NesyError
from nesy.explain.citation import citation
from nesy.reason.engine import Engine
from nesy.trace import Case, Trace
from tests import norms

WORDS = vocabulary.load()
TABLE = norms.checked()
GOVERN = rulebook.load().rules("govern")
EXCEPTIONS = exemption.exceptions(GOVERN)
# What of a citation can be wrong: articles, sections, standards, recitals and their numbers.
PLACE = re.compile(
    r"(?:Arts?\.|recitals?|Standards?|Std|Annex|ILCS|Code|policy area) ?§?[IVX\d][\w.()-]*"
    r"|§§?[\d.()\w-]+"
    r"|\d+ ILCS [\w/()]+|P\.A\. [\d-]+|\d{4}/\d+|doi:\S+|WP [\d-]+|HB \d+|AB \d+|SB \d+"
)
DAY = date(2026, 11, 21)


def _numbers(text):
    return {n for place in PLACE.findall(text) for n in re.findall(r"\d+[\w.()/-]*\d?\w*", place)}


# ── The checked table ───────────────────────────────────────────────────────────────────────────


def test_there_are_45_norms_and_they_are_those_of_the_table():
    assert len(TABLE) == 45
    assert list(TABLE) == [n for n in WORDS.norms if n in TABLE] == list(WORDS.norms)


@pytest.mark.parametrize("norm", TABLE)
def test_a_norm_is_cited_as_in_the_checked_table(norm):
    row, term = TABLE[norm], WORDS.norms[norm]
    assert (term.label, term.one("force")) == (row["short_title"], row["verdict"])
    assert term.one("severity") == row["severity"]
    assert (term.one("source"), term.one("section") or "") == (row["source"], row["section"])
    places = re.split(r"[,;/] *", row["jurisdiction"].lower().replace("-", "_"))
    assert sorted(term.all("jurisdiction")) == sorted(places)
    basis = {"house number on published data": "house"}.get(row["rule_basis"], row["rule_basis"])
    assert term.one("basis") == basis
    assert bool(term.one("exception")) == bool(row["exceptions"])


@pytest.mark.parametrize("norm", TABLE)
def test_only_what_a_text_says_is_required_by_it(norm):
    said = citation(norm, WORDS)
    assert said.startswith("required by") == (TABLE[norm]["rule_basis"] == "text")
    assert TABLE[norm]["source"] in said or TABLE[norm]["rule_basis"] == "house"


@pytest.mark.parametrize("rule", GOVERN, ids=lambda rule: rule.id)
def test_a_rule_cites_no_place_that_was_not_checked(rule):
    """Every article, section and number in a rule's source stands in the row of its norm."""
    row = TABLE[rule.notes["norm"].lower()]
    known = " ".join(row.values())
    assert not {n for n in _numbers(rule.notes["source"]) if n not in known}


# ── Cases ───────────────────────────────────────────────────────────────────────────────────────


def test_every_norm_is_fired_just_missed_and_excepted_by_a_case(capsys):
    lacking = norms.lacking()
    with capsys.disabled():
        print(f"\n{norms.table()}")
    assert not lacking


def test_the_exceptions_that_no_case_can_show_are_few_and_kept_elsewhere():
    assert set(norms.ELSEWHERE) < set(TABLE)
    assert all(TABLE[n]["exceptions"] for n in (*norms.ELSEWHERE, *norms.IN_THE_CONDITION))


def test_what_is_quoted_of_the_line_is_not_the_replys_own():
    """The exception of E204: the reader of replies leaves quotations of the person out."""
    from nesy.reply.reader import read

    line, words = "My brother committed suicide.", "use_stigmatising_words"
    assert words in read("He committed suicide, then.", line=line).acts
    assert words not in read('You said "My brother committed suicide".', line=line).acts
    assert words in read('You said "My brother committed suicide".', line="Hi.").acts


def test_what_other_people_say_is_no_life_of_its_own():
    """The exception of E304: what others experienced, with a source, discloses nothing."""
    from nesy.reply.reader import read

    assert "self_disclosure" in read("When I lost my job, I felt lost too.").acts
    others = "Some people say that walking helped them (Smith 2020)."
    assert "self_disclosure" not in read(others).acts


# ── E604: sourced rules only ────────────────────────────────────────────────────────────────────

RULE = '%! mine.no_jokes "no jokes here"\n{note}forbidden(joke, e205) :- context(support).\n'


def test_a_norm_without_a_source_is_refused_when_loaded(rules_file):
    with pytest.raises(NesyError, match="N612"):
        Engine.load(rules=[rules_file(RULE.format(note=""))])
    Engine.load(rules=[rules_file(RULE.format(note="%  source: our guide, p. 3\n"))])


def test_every_shipped_norm_has_a_source_and_says_how_it_was_read():
    assert not [r.id for r in GOVERN if not r.notes.get("source")]
    assert not [n for n, term in WORDS.norms.items() if not term.one("verified")]


# ── Exceptions: an owner, and a last day ────────────────────────────────────────────────────────

MINE = """\
%! mine.drill "{{Purpose}} is what the works council agreed on"
%  source: our agreement, section 2
%  exception: {norm}
%  owner: safety officers
%  until: {until}
exempt({norm}) :- purpose(Purpose), Purpose = research, context(workplace).
"""
AT_WORK = {
    "context": ("workplace",),
    "purpose": ("research",),
    "jurisdiction": ("eu",),
    "notice": ("emotion_recognition",),
}


def _mine(rules_file, until, norm="e101"):
    return rules_file(MINE.format(until=until, norm=norm))


def _decided(engine, **declared):
    (trace,) = pipeline.run([Case(id="c1", line="I'm fine.", declared=declared)], engine=engine)
    return trace


def _forbids_faces(trace):
    return "infer_from_face" in {n.act for n in trace.verdict.norms if n.force == "forbidden"}


@pytest.mark.parametrize(("days", "applies"), [(-1, False), (0, True), (1, True)])
def test_an_exception_applies_until_its_last_day(rules_file, days, applies):
    until = DAY + timedelta(days=days)
    engine = Engine.load(rules=[_mine(rules_file, until)], today=DAY)
    trace = _decided(engine, **AT_WORK)
    assert _forbids_faces(trace) is not applies
    (met,) = trace.verdict.exceptions
    status = "applied" if applies else "lapsed"
    said = ("E101", "mine.drill", "safety officers", until.isoformat(), status)
    assert (met.norm, met.rule, met.owner, met.until, met.status) == said
    assert trace.versions["today"] == DAY.isoformat()


def test_a_trace_is_replayed_on_its_own_day(rules_file):
    path = _mine(rules_file, DAY)
    first = _decided(Engine.load(rules=[path], today=DAY), **AT_WORK)
    later = Engine.load(rules=[path], today=DAY + timedelta(days=900))
    assert pipeline.reason(first, engine=later).as_json() == first.as_json()
    fresh = first.with_(versions={})
    assert _forbids_faces(pipeline.reason(fresh, engine=later))


def test_many_traces_of_several_days_are_each_decided_on_their_own(shipped):
    case = Case(id="c1", line="Hi.", declared={"purpose": ("medical",), "context": ("education",)})
    days = ("2026-11-21", "2028-01-01", "2027-12-31")
    traces = [Trace(case=case, versions={"today": day}) for day in days]
    found = list(pipeline.reason_many(traces, engine=shipped))
    assert found == [pipeline.reason(trace, engine=shipped) for trace in traces]
    assert [_forbids_faces(trace) for trace in found] == [False, True, False]
    assert [trace.verdict.exceptions[0].status for trace in found] == [
        *("applied", "lapsed", "applied")
    ]


def test_why_tells_that_an_exception_ran_out(rules_file, nesy, tmp_path):
    path = _mine(rules_file, "2020-01-31")
    trace = _decided(Engine.load(rules=[path], today=DAY), **AT_WORK)
    file = tmp_path / "trace.json"
    file.write_text(trace.as_json())
    ran = nesy("why", "lapsed(e101)", file, "--rules", path)
    assert (ran.code, "works council" in ran.out) == (0, True)


def test_check_reports_what_ran_out(rules_file, nesy):
    path = _mine(rules_file, "2027-01-31")
    assert nesy("check", path, "--today", "2027-01-31").code == 0
    ran = nesy("check", path, "--today", "2027-02-01")
    assert (ran.code, "N611" in ran.out, "safety officers" in ran.out) == (1, True, True)
    assert nesy("check", "--today", "soon").code == 2
    assert "N164" in nesy("check", "--today", "soon").err


def test_a_trace_of_no_day_goes_no_further(shipped):
    trace = _decided(shipped).with_(versions={"today": "someday"})
    assert pipeline.reason(trace, engine=shipped).failure.diagnostics[0].code == "N113"


@pytest.mark.parametrize(
    "change",
    [
        ("%  owner: safety officers\n", ""),
        ("%  until: 2027-01-31\n", ""),
        ("%  exception: e101\n", ""),
        ("until: 2027-01-31", "until: next year"),
        ("exception: e101", "exception: e102"),
        ("exempt(e101)", "exempt(Norm)"),
        ("purpose(Purpose), Purpose = research, context(workplace)", "line_valence(positive, _)"),
        ("exempt(e101) :-", "forbidden(joke, e205) :-"),
        *[("e101", norm) for norm in ("e201", "e202", "e203", "e601", "e403")],
    ],
)
def test_what_is_no_exception_is_refused(rules_file, change):
    text = MINE.format(norm="e101", until="2027-01-31").replace(*change)
    faults = lint.check(rulebook.load(None, [rules_file(text)]), WORDS)
    assert {fault.code for fault in faults} & {"N610", "N303", "N307"}


def test_every_shipped_exception_has_an_owner_and_a_last_day():
    assert {r.notes["exception"] for r in EXCEPTIONS} <= set(TABLE)
    assert len({r.notes["exception"] for r in EXCEPTIONS}) >= 15
    assert all(exemption.last_day(r) and r.notes["owner"] for r in EXCEPTIONS)
    over = rulebook.load().on(date(2100, 1, 1))
    assert over.lapsed == {r.id for r in EXCEPTIONS}
    assert ("exempt", 1) not in over.heads("govern")


def test_rulebooks_on_days_that_make_no_difference_are_one():
    book = rulebook.load()
    assert book.on(DAY) is book
    assert book.on(date(2100, 1, 1)) is book.on(date(2101, 1, 1))
