"""nesy.toml, packs of other distributions, and a user's rule in a shipped one's place."""

import importlib
import json
from pathlib import Path

import pytest

from nesy import overriding, project, rulebook
from nesy.diagnostics import NesyError
from nesy.pipeline import engine_for
from nesy.reason.engine import reason
from nesy.rule_file import read_pack
from nesy.trace import Case, Fact, Trace

MINE = """%% Mine: our smiles
%! mine.smile "{Face} smiles, which says little"
%  source: our study
%  overrides: table1.smile.joy
evidence(Face, joy, 100) :- expression(Face, smile, C), C >= 300.
"""
TERM = """@prefix nesy: <https://nesy.dev/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
nesy:emotion.nostalgia a nesy:Emotion ; nesy:id "nostalgia" ; nesy:kind "emotion" ;
    nesy:phrase "longing"@en ; skos:prefLabel "Nostalgia"@en ;
    nesy:valence 0 ; nesy:arousal -1 ; nesy:claimable true .
"""
SMILE = Trace(
    case=Case(id="c1", line="So."),
    facts=(
        Fact(atom="speaker(f1)", origin="declared"),
        Fact(atom="expression(f1,smile,900)", origin="image"),
    ),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder of our own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.lp").write_text(MINE, encoding="utf-8")
    (tmp_path / "trace.json").write_text(SMILE.as_json(), encoding="utf-8")
    return tmp_path


def test_a_project_file_is_found_above_and_used(folder, nesy, monkeypatch):
    text = 'rules = ["mine.lp"]\npacks = "-facs"\n[declare]\njurisdiction = "eu"\n'
    (folder / "nesy.toml").write_text(text, encoding="utf-8")
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    found = nesy("run", "--line", "So.", "--declare", "context=workplace", "--json")
    versions = json.loads(found.out)["versions"]
    assert "mine" in versions["packs"] and "facs" not in versions["packs"]
    assert versions["user_packs"]["mine"].startswith("sha256:")
    declared = json.loads(found.out)["case"]["declared"]
    assert declared == {"context": ["workplace"], "jurisdiction": ["eu"]}
    listed = nesy("list", "packs").out
    row = next(line for line in listed.splitlines() if line.startswith("mine "))
    assert "nesy.toml" in row and "mine.lp" in row


def test_what_a_user_adds_is_listed_and_shown(folder, nesy):
    more = "%*! seen_by_us(Face) {Face} is one of ours *%\nseen_by_us(F) :- speaker(F).\n"
    (folder / "more.lp").write_text(more, encoding="utf-8")
    noted = MINE.replace("%  source", "%  name: other\n%  source")
    (folder / "noted.lp").write_text(noted.replace("mine.", "noted."), encoding="utf-8")
    assert "our study" in nesy("show", "rule", "noted.smile", "--rules", "noted.lp").out
    (folder / "mine.ttl").write_text(TERM, encoding="utf-8")
    (folder / "nesy.toml").write_text('rules = ["mine.lp"]\n', encoding="utf-8")
    rules = nesy("list", "rules", "--rules", "more.lp").out.splitlines()
    assert rules[-2].startswith("mine.smile ") and "{Face} smiles, which says little" in rules[-2]
    assert rules[-1].split()[0] == "more.lp:2" and "seen_by_us(F) :- speaker(F)." in rules[-1]
    shown = nesy("show", "rule", "mine.smile").out
    assert "evidence(Face,joy,100)" in shown and "our study" in shown
    assert nesy("show", "rule", "more.lp:2").code == 2
    told = nesy("show", "predicate", "seen_by_us/1", "--rules", "more.lp").out
    assert "pack more" in told and "{Face} is one of ours" in told
    assert "nostalgia" not in nesy("list", "emotions").out
    assert "longing" in nesy("show", "emotion", "nostalgia", "--ontology", "mine.ttl").out
    (folder / "more.lp").write_text("a(X) :- not b(.\n", encoding="utf-8")
    broken = nesy("list", "rules", "--rules", "more.lp")
    assert (broken.code, broken.out) == (2, "") and broken.err.startswith("more.lp:1:")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('\nruls = ["mine.lp"]\n', 2),
        ("rules = 3\n", 1),
        ("packs = {}\n", 1),
        ("weights = []\n", 1),
        ("\n[declare]\ncontext = 3\n", 2),
        ("rules = [\n", 1),
    ],
)
def test_a_bad_setting_is_told_with_its_line(folder, text, line):
    (folder / "nesy.toml").write_text(text, encoding="utf-8")
    with pytest.raises(NesyError) as caught:
        project.find()
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.line) == ("N347", line)
    assert fault.file == str(folder / "nesy.toml")


def test_a_declaration_of_the_project_is_checked(folder, nesy):
    (folder / "nesy.toml").write_text('[declare]\ncontext = "wrkplace"\n', encoding="utf-8")
    found = nesy("run", "--line", "So.")
    assert found.code == 2 and "workplace" in found.err


def test_a_rule_takes_the_place_of_a_shipped_one_and_says_so(folder, nesy):
    engine = engine_for(rules=(folder / "mine.lp",))
    trace = reason(SMILE, engine)
    assert trace.versions["overrides"] == {"table1.smile.joy": "mine.smile"}
    assert trace.reading and trace.reading["f1"].distribution["joy"] < 0.1
    (folder / "t.json").write_text(trace.as_json(), encoding="utf-8")
    told = nesy("why", "reads(f1, joy, _)", "t.json", "--rules", "mine.lp").out
    assert "[in place of table1.smile.joy (rules/interpret/table1.lp:" in told
    assert "table1.smile.joy ·" not in told


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crisis.e201", "cannot be overridden"),
        ("admission.e101", "cannot be overridden"),
        ("order.in_force", "cannot be overridden"),
        ("wording.e111", "cannot be overridden"),
        ("mismatch.crisis", "cannot be overridden"),
        ("table1.smile.jy", "no rule"),
        ("mine.other", "no rule"),
    ],
)
def test_what_protects_people_stays(folder, nesy, name, said):
    known = {rule.id for pack in rulebook.everything().packs for rule in pack.rules}
    if said == "cannot be overridden" and name not in known:
        name = next(i for i in sorted(known) if i.startswith(name.split(".")[0] + "."))
    text = MINE.replace("table1.smile.joy", name)
    (folder / "mine.lp").write_text(text, encoding="utf-8")
    found = nesy("check", "mine.lp")
    assert found.code == 2 and "N348" in found.out and said in found.out
    with pytest.raises(NesyError, match="N348"):
        rulebook.load(extra=[folder / "mine.lp"])


def test_no_prohibition_and_no_crisis_can_be_overridden():
    packs = rulebook.load().packs
    for pack in packs:
        for rule in pack.rules:
            if pack.stratum == "govern" and rule.heads & overriding.PROTECTED:
                theirs = read_pack_of(rule.id)
                assert overriding.applied((*packs, theirs)).rules == ()


def read_pack_of(name):
    from nesy.rule_file import parse_pack

    return parse_pack(MINE.replace("table1.smile.joy", name), Path("mine.lp"))


def test_twice_overridden_is_told(folder):
    (folder / "two.lp").write_text(MINE.replace("mine.smile", "two.smile"), encoding="utf-8")
    with pytest.raises(NesyError, match="overridden twice"):
        rulebook.load(extra=[folder / "mine.lp", folder / "two.lp"])


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Install a package with a pack as pip would: its files and its metadata on the path."""
    site = tmp_path / "site"
    (site / "nesy_smiles").mkdir(parents=True)
    (site / "nesy_smiles" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    text = MINE.replace("%  overrides: table1.smile.joy\n", "").replace("mine", "smiles")
    (site / "nesy_smiles" / "smiles.lp").write_text(text, encoding="utf-8")
    info = site / "nesy_smiles-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nesy-smiles\nVersion: 0.1.0\n")
    points = "[nesy.packs]\nsmiles = nesy_smiles\nabsent = nesy_smiles\ngone = nesy_no_such\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    return site


def test_a_pack_of_another_distribution_is_off_until_named_and_never_imported(outside, nesy):
    assert "smiles" not in {pack.name for pack in rulebook.load().packs}
    chosen = rulebook.load(["+smiles"])
    (pack,) = (pack for pack in chosen.packs if pack.name == "smiles")
    assert pack.stratum is None and pack in chosen.foreign
    assert pack.path == outside / "nesy_smiles" / "smiles.lp"
    listed = nesy("list", "packs").out
    assert "nesy-smiles" in next(x for x in listed.splitlines() if x.startswith("smiles "))
    assert "the pack absent of nesy-smiles has no file absent.lp" in listed
    trace = reason(SMILE, engine_for(["+smiles"]))
    assert "smiles" in trace.versions["user_packs"]


@pytest.mark.parametrize("name", ["absent", "gone"])
def test_a_pack_that_is_not_there_is_told(outside, name):
    with pytest.raises(NesyError, match="N349"):
        rulebook.load([f"+{name}"])


def test_a_new_rule_is_true_at_once_and_nothing_is_overwritten(folder, nesy):
    assert nesy("new", "rule", "ours.doubt").code == 0
    assert nesy("check", "ours.lp").code == 0
    tried = nesy("test", "ours.lp", "--coverage", "--mutate", "--bounds")
    assert tried.code == 0 and "4 cases, all as expected" in tried.out
    before = (folder / "ours.lp").read_text(encoding="utf-8")
    again = nesy("new", "rule", "ours.doubt")
    assert again.code == 2 and "N346" in again.err
    assert (folder / "ours.lp").read_text(encoding="utf-8") == before
    assert nesy("new", "rule", "ours.second").code == 0
    assert len(read_pack(folder / "ours.lp").rules) == 2
    assert nesy("test", "ours.lp").code == 0
    assert "N313" in nesy("new", "rule", "No Name").err
    assert "N346" in nesy("new", "rule", "ours.third", "-o", "ours.txt").err


def test_diff_says_what_changes_and_by_which_rule(folder, nesy):
    same = nesy("diff", ".", ".", "trace.json")
    assert same.code == 0 and "0 of 1 cases change" in same.out
    found = nesy("diff", ".", "mine.lp", "trace.json")
    assert found.code == 1
    assert "joy of f1: table1.smile.joy (rules/interpret/table1.lp:" in found.out
    assert (
        "only in A" in found.out and "mine.smile (mine.lp:5) +0.00 → +0.30, only in B" in found.out
    )
    change, counts = map(
        json.loads, nesy("diff", ".", "mine.lp", "trace.json", "--json").out.splitlines()
    )
    assert counts["changed"] == counts["readings"] == 1 and counts["verdicts"] == 0
    moved = {m["emotion"]: m for m in change["moved"]}
    assert moved["joy"]["before"] > 0.3 > 0.1 > moved["joy"]["after"]
    # With no table there is nothing to read but what packs of the literature say.
    assert nesy("diff", ".", "-table1", "trace.json").code == 1
    assert "N311" in nesy("diff", ".", "+tabel1", "trace.json").err


def test_diff_names_the_norms_that_change(folder, nesy):
    rule = """%! mine.ask "a question is asked"
%  source: our handbook
%  norm: e110
forbidden(question, e110) :- line_valence(neutral, _).
"""
    (folder / "norm.lp").write_text(rule, encoding="utf-8")
    case = "speaker(f1). line_valence(neutral, 900).\n\n+ speaker(f1)\n"
    (folder / "case.txt").write_text(case, encoding="utf-8")
    found = nesy("diff", ".", "norm.lp", "case.txt")
    assert "forbidden(question, e110) only in B" in found.out
    assert "forbidden(question,e110) by mine.ask (norm.lp:4), only in B" in found.out
