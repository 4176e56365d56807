"""Whatever is given, the answer is a diagnostic of three lines and an exit code, never a traceback.

One row an input: what is typed, what is on standard input, the exit code and the fault's code.
Names in {braces} are files that :func:`files` makes.
"""

import json
import re
import sys
from types import SimpleNamespace

import pytest
from PIL import Image

from nesy import picture, registry
from nesy.cli import options
from nesy.diagnostics import MissingError, NesyError
from nesy.journal import Journal
from nesy.trace import Observation

OK_TRACE = json.dumps({"case": {"id": "c", "line": "hi"}, "facts": []})
RECORDED = {"case": {"id": "flat.png"}, "observation": {"perceiver": "none", "faces": []}}
FORM = re.compile(r"^(?:\S.*?: )?N\d{3} \S.*$")


def reported(**face):
    """Return a Trace whose one face holds this."""
    face = {"id": "f1", **face}
    observation = {"perceiver": "p", "faces": [face]}
    return json.dumps({"case": {"id": "c", "line": "hi"}, "observation": observation})


def stated(atom, origin="image"):
    return json.dumps({"case": {"id": "c"}, "facts": [{"atom": atom, "origin": origin}]})


# ── The table ───────────────────────────────────────────────────────────────────────────────────

#    what is wrong                  nesy …                                     exit  code
PICTURES = [
    ("missing", "run {nowhere}.png", 2, "N120"),
    ("corrupt", "run {corrupt}", 2, "N124"),
    ("cut in half", "run {half}", 2, "N124"),
    ("empty file", "run {empty_png}", 2, "N123"),
    ("text, not pixels", "run {text_png}", 2, "N123"),
    ("oversized", "run {bomb}", 2, "N122"),
    ("animated", "run {animated}", 2, "N125"),
    ("too small", "run {dot}", 2, "N126"),
    ("a link", "run {link}", 2, "N121"),
    ("a device", "run /dev/zero", 2, "N121"),
    ("no face", "run {flat} --with replay:{recorded}", 2, "N141"),
    ("not in the recording", "run {other} --with replay:{recorded}", 2, "N108"),
    ("a folder without pictures", "run {folder}", 2, "N116"),
    ("a name of 5000 letters", "run {long}", 2, "N120"),
    ("bytes that are no text", "run {undecodable}", 2, "N111"),
]
LINES = [
    ("empty", "run --line ''", 2, "N132"),
    ("blank", "run --line '  '", 2, "N132"),
    ("100 kB", "run --line {kilobytes}", 2, "N130"),
    ("zero width space", "run --line a\u200bb", 2, "N131"),
    ("right-to-left override", "run --line a\u202eb", 2, "N131"),
    ("terminal escape", "run --line a\x1b[31mb", 2, "N131"),
    ("bytes that are no text", "run --line a\udcffb", 2, "N111"),
    ("neither line nor picture", "run", 2, "N116"),
    ("neither line nor picture", "perceive", 2, "N116"),
]
DECLARATIONS = [
    ("unknown term", "run --line hi --declare context=suport", 2, "N201"),
    ("capital letter", "run --line hi --declare context=Support", 2, "N201"),
    ("unknown key", "run --line hi --declare mood=happy", 2, "N210"),
    ("a channel's own", "run --line hi --declare face=f1", 2, "N210"),
    ("the speaker", "run --line hi --declare speaker=f2", 2, "N210"),
    ("no value", "run --line hi --declare context", 2, "N210"),
    ("an atom", "run --line hi --declare 'context=support). forbidden(x'", 2, "N201"),
    ("an atom as key", "run --line hi --declare 'a). b(c=d'", 2, "N210"),
]
OPTIONS = [
    ("unknown verb", "runn", 2, "N163"),
    ("unknown option", "run --lines hi", 2, "N163"),
    ("option without value", "run --line", 2, "N163"),
    ("seed that is no number", "run --line hi --seed x", 2, "N163"),
    ("negative seed", "run --line hi --seed -1", 2, "N163"),
    ("too many arguments", "run a b", 2, "N163"),
    ("unknown pack", "run --line hi --packs tabel1", 2, "N311"),
    ("unknown pack", "reason --packs nowhere", 2, "N311"),
    ("unknown adapter", "run {flat} --with embeded", 2, "N101"),
    ("adapter that is no name", "run {flat} --with ../../x", 2, "N103"),
    ("adapter without its model", "run {flat} --with replay", 2, "N103"),
    ("recording not there", "run {flat} --with replay:{nowhere}", 2, "N112"),
    ("recording that is none", "run {flat} --with replay:{text_png}", 2, "N110"),
    ("model not there", "run {flat} --with transformers:{nowhere}", 3, "N901"),
    ("weights not there", "run --line hi --weights {nowhere}", 2, "N112"),
    ("weights of another form", "run --line hi --weights {list}", 2, "N330"),
    ("weights that are text", "run --line hi --weights {text_png}", 2, "N110"),
    ("weights out of range", "run --line hi --weights {huge_weights}", 2, "N330"),
]
RULES = [
    ("not there", "run --line hi --rules {nowhere}", 2, "N112"),
    ("a folder", "run --line hi --rules {folder}", 2, "N112"),
    ("syntax", "run --line hi --rules {syntax}", 2, "N300"),
    ("syntax", "reason --rules {syntax}", 2, "N300"),
    ("syntax", "why --rules {syntax}", 2, "N300"),
    ("unknown word", "run --line hi --rules {unknown_word}", 2, "N307"),
    ("forged channel", "run --line hi --rules {forged}", 2, "N304"),
    ("include", "run --line hi --rules {include}", 2, "N302"),
    ("endless", "run --line hi --rules {endless}", 2, "N316"),
    ("evidence beyond 1000", "run --line hi --rules {too_strong}", 2, "N317"),
    ("ontology that is not Turtle", "run --line hi --ontology {not_turtle}", 2, "N202"),
    ("ontology that is not Turtle", "reason --ontology {not_turtle}", 2, "N202"),
    ("ontology not there", "run --line hi --ontology {nowhere}", 2, "N112"),
    ("ontology that lacks an id", "run --line hi --ontology {no_id}", 2, "N203"),
    ("ontology against a norm", "run --line hi --ontology {lifts_norm}", 2, "N205"),
]
FILES = [
    ("cases not there", "run {nowhere}.jsonl", 2, "N112"),
    ("empty case file", "run {empty_jsonl}", 2, "N116"),
    ("cases that are no JSON", "run {not_json}", 2, "N110"),
    ("cases with one id", "run {twice}", 2, "N115"),
    ("output that cannot be written", "run --line hi -o /proc/nowhere/out.jsonl", 2, "N151"),
    ("output that is a folder", "run --line hi -o {folder}", 2, "N151"),
    ("output that is a device", "run --line hi -o /dev/full", 2, "N151"),
    ("output that is something else", "run --line hi -o {text_png}", 2, "N150"),
    ("Traces that are a folder", "reason {folder}", 2, "N112"),
    ("Traces not there", "why reads(f1,joy,_) {nowhere}.json", 2, "N112"),
]
NAMES = [
    ("unknown kind", "list emotion_words", 2, "N160"),
    ("unknown thing", "show emotion joyy", 2, "N161"),
    ("unknown thing", "show norm e9999", 2, "N161"),
    ("unknown code", "help N999", 2, "N162"),
    ("no code", "help", 2, "N163"),
    ("unknown format", "why --format pdf", 2, "N504"),
    ("too many arguments", "why a b c", 2, "N501"),
]
STDIN = [
    ("nothing", "", "N114"),
    ("binary", b"\x89PNG\r\n\x1a\n\x00\xff", "N112"),
    ("no JSON", "hello", "N110"),
    ("NaN", '{"case": {"id": "c"}, "versions": {"a": NaN}}', "N111"),
    ("duplicate keys", '{"line": "a", "line": "b"}', "N111"),
    ("a huge integer", '{"line": "a", "n": 123456789012345678901234567890}', "N111"),
    ("1e999", '{"line": "a", "n": 1e999}', "N111"),
    ("a lone surrogate", '{"line": "\\ud800"}', "N111"),
    ("nested 100000 deep", "[" * 100_000, "N111"),
    ("a list", "[]", "N113"),
    ("another schema", '{"schema": "nesy.trace.v9", "case": {"id": "c"}}', "N113"),
    ("an error of another form", '{"case": {"id": "c"}, "error": {"exit_code": "x"}}', "N113"),
    (
        "unknown expression",
        reported(expressions=[{"expression": "smil", "confidence": 900}]),
        "N201",
    ),
    ("capitals", reported(expressions=[{"expression": "Smile", "confidence": 900}]), "N113"),
    ("an atom", reported(expressions=[{"expression": "x). y(", "confidence": 900}]), "N113"),
    ("a face of no name", reported(id="f1). forbidden(x"), "N113"),
    (
        "unknown unit",
        reported(action_units=[{"unit": 99, "intensity": 1, "confidence": 900}]),
        "N201",
    ),
    ("a forged declaration", stated("consent(research)"), "N211"),
    ("a forged verdict", stated("forbidden(a,b)", "derived"), "N211"),
    ("a fact nested 100000 deep", stated("face(" * 100_000), "N211"),
]
ATOMS = ["f(", "f(()", "_", "#include", "#include <x>.", "a" * 10_000, "f(" + "a," * 5000 + "a)"]
ATOMS += [
    "reads(f1,joy,_). forbidden(x)",
    "f(\x00)",
    "X",
    "f(X)",
    ":- a",
    "1",
    "not a",
    "f(1..3)",
    "",
]
ATOMS += ["f('", 'f("', "f(\u0430)", "@f(1)", "a b", "\udcff"]


@pytest.fixture
def files(tmp_path):
    """Make every file the table names; return them by name."""
    made = {"folder": tmp_path / "folder", "nowhere": tmp_path / "nowhere", "long": "x" * 5000}
    made["undecodable"] = str(tmp_path / "\udcff.png")
    made["kilobytes"] = "word " * 20_000
    made["folder"].mkdir()
    flat = Image.new("RGB", (64, 64), "white")
    texts = {
        "corrupt": ("c.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 100),
        "empty_png": ("e.png", b""),
        "text_png": ("t.png", b"hello"),
        "empty_jsonl": ("e.jsonl", b"\n"),
        "not_json": ("n.jsonl", b"hello\n"),
        "twice": ("twice.jsonl", b'{"id": "a", "line": "x"}\n{"id": "a", "line": "y"}\n'),
        "list": ("l.json", b"[]"),
        "huge_weights": (
            "w.json",
            b'{"schema": "nesy.weights.v1", "default": 1000, "rules": {}}',
        ),
        "recorded": ("r.jsonl", json.dumps(RECORDED).encode()),
        "syntax": ("syntax.lp", b"a :- b, .\nc :- .\n"),
        "unknown_word": ("word.lp", b"evidence(F, joyy, 5) :- face(F)."),
        "forged": ("forged.lp", b"consent(research)."),
        "include": ("include.lp", b'#include "/etc/passwd".'),
        "endless": ("endless.lp", b"p(1..1000000000)."),
        "too_strong": ("strong.lp", b"evidence(F, joy, 5000) :- speaker(F)."),
        "not_turtle": ("x.ttl", b"this is not Turtle"),
        "no_id": ("id.ttl", b"@prefix n: <https://nesy.dev/ns#> . n:x a n:Emotion ."),
        "lifts_norm": (
            "norm.ttl",
            b"@prefix n: <https://nesy.dev/ns#> . n:norm.e111 n:severity 0 .",
        ),
    }
    for name, (file, content) in texts.items():
        made[name] = tmp_path / file
        made[name].write_bytes(content)
    for name, drawn in {"flat": flat, "other": flat, "dot": flat.resize((4, 4))}.items():
        made[name] = tmp_path / f"{name}.png"
        drawn.save(made[name])
    made["half"] = tmp_path / "half.png"
    noise = Image.effect_noise((200, 200), 90)
    noise.save(made["half"])
    made["half"].write_bytes(made["half"].read_bytes()[:9000])
    made["bomb"] = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(made["bomb"])
    made["animated"] = tmp_path / "animated.gif"
    flat.save(made["animated"], save_all=True, append_images=[noise.resize((64, 64))])
    made["link"] = tmp_path / "link.png"
    made["link"].symlink_to(made["flat"])
    return made


def split(command, files):
    """Split a command as a shell would, then put the files in place of their names."""
    parts = (
        [a or b for a, b in re.findall(r"'([^']*)'|(\S+)", command)]
        if "''" not in command
        else [part.strip("'") for part in command.split(" ")]
    )
    return [re.sub(r"\{(\w+)\}", lambda m: str(files[m[1]]), part) for part in parts]


def told(ran, code, fault):
    """Assert that a run ended with this exit code and this fault, told in three lines each."""
    assert "Traceback" not in ran.err, ran.err
    lines = ran.err.splitlines()
    assert ran.code == code, ran.err[:600]
    assert lines and len(lines) % 3 == 0, ran.err[:600]
    for first, why, fix in zip(*[iter(lines)] * 3, strict=True):
        assert FORM.match(first), first
        assert why.startswith("  why: ") and len(why) > 8
        assert fix.startswith("  fix: ") and len(fix) > 8
        assert all(line.isprintable() for line in (first, why, fix))
    assert re.search(r"\bN\d{3}\b", lines[0])[0] == fault, ran.err[:600]
    assert len(ran.err) < 6000


TABLE = [*PICTURES, *LINES, *DECLARATIONS, *OPTIONS, *RULES, *FILES, *NAMES]


class Looker:
    """A perceiver that opens every picture and sees nobody: which model looks does not matter."""

    def __init__(self, *_):
        pass

    def describe(self):
        return {"name": "looker"}

    def perceive(self, cases, *, seed):
        for case in cases:
            try:
                picture.open_picture(case.image)
            except NesyError as error:
                yield error
            else:
                yield Observation(perceiver="looker")


@pytest.fixture(autouse=True)
def _no_model(monkeypatch, request):
    """Let the default adapter look without a model."""
    if "weights_that" not in request.node.name:
        made = registry.perceiver

        def perceiver(spec, words):
            return Looker() if spec == "embedded" else made(spec, words)

        monkeypatch.setattr(registry, "perceiver", perceiver)


@pytest.mark.parametrize(
    ("command", "code", "fault"),
    [row[1:] for row in TABLE],
    ids=[f"{r[0]}: {r[1][:30]}" for r in TABLE],
)
def test_a_bad_command(nesy, files, command, code, fault):
    told(nesy(*split(command, files), stdin=OK_TRACE), code, fault)


@pytest.mark.parametrize("verb", ["reason", "why"])
@pytest.mark.parametrize(("given", "fault"), [r[1:] for r in STDIN], ids=[r[0] for r in STDIN])
def test_a_bad_trace(nesy, verb, given, fault):
    ran = nesy(verb, stdin=given)
    if verb == "why" and fault == "N201" and "facts" not in str(given):
        fault = "N503"  # not grounded yet: there is nothing to explain
    told(ran, 2, fault)


@pytest.mark.parametrize("atom", ATOMS, ids=[ascii(a)[:20] for a in ATOMS])
def test_a_bad_question(nesy, atom):
    told(nesy("why", "--", atom, stdin=OK_TRACE), 2, "N501")


def test_weights_that_are_not_there(nesy, files, monkeypatch):
    from nesy.adapters import embedded

    monkeypatch.setattr(embedded, "WEIGHTS", files["folder"])
    told(nesy("run", files["flat"]), 3, "N901")


def test_memory_that_runs_out():
    torch = pytest.importorskip("torch")
    from nesy.adapters.transformers.perceiver import TransformersPerceiver

    def batch(*_, **__):
        raise torch.OutOfMemoryError("tried to allocate 70 GiB")

    looking = object.__new__(TransformersPerceiver)
    looking.temperature = 0
    looking.loaded = SimpleNamespace(name="large", remote=False, cache=dict)
    looking.thinking = looking.fast_forward = None
    looking.tokenizer = SimpleNamespace(pad_token_id=None)
    looking.constraint = SimpleNamespace(end=0, most_tokens=1)
    looking.generator = SimpleNamespace(batch=batch)
    with pytest.raises(MissingError, match="N905 the model large"):
        looking._generate([("what?", None)], 0)


def test_a_package_that_is_not_there(nesy, files, monkeypatch):
    monkeypatch.setitem(sys.modules, "nesy.adapters.replay", None)
    told(nesy("run", files["flat"], "--with", f"replay:{files['recorded']}"), 3, "N902")


def test_traces_of_other_rules_are_not_continued(nesy, tmp_path):
    out = tmp_path / "out.jsonl"
    nesy("run", "--line", "hi", "-o", out)
    told(nesy("run", "--line", "hi", "-o", out, "--packs", "table1"), 2, "N150")
    assert Journal(out, {}).done == {"line"}


class Terminal:
    """A standard input that somebody could type into."""

    def isatty(self):
        return True


def test_a_terminal_is_not_read_for_a_trace(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal())
    with pytest.raises(NesyError, match="N114"):
        options.traces(None)


def test_a_failed_case_still_writes_valid_json(nesy):
    for line in ("a\u200bb", "", "word " * 20_000):
        ran = nesy("run", "--line", line, "--json")
        assert ran.code == 2
        assert json.loads(ran.out)["error"]["diagnostics"]
