"""Run another tool over items, in the Python that has it: ``foreign.py TOOL FIRST COUNT BATCH``.

It imports nothing of nesy. Prints one JSON object: CPU milliseconds an item, the seconds that
importing the tool took, and what was answered of each item; or what went wrong.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
made = importlib.import_module("made")
FORBIDDEN: str = made.FORBIDDEN
# Where PyReason has no sums: a confidence above nothing is a voice.
VOICES = (
    ("annoyance", "eye_roll"),
    ("sarcasm", "eye_roll"),
    ("confusion", "eyebrow_furrow"),
    ("sadness", "frown"),
    ("joy", "smile"),
    ("uncertainty", "hedge"),
    ("hesitation", "hedge"),
    ("amusement", "laughter"),
    ("sadness", "loss"),
)

# By the number of an item: the names of its readings, and FORBIDDEN.
Answers = dict[int, list[str]]
Run = Callable[[list[Any]], Answers]


def xclingo() -> Run:
    """Solve and explain: all items in one program, by a shim without which it breaks."""
    importlib.import_module("xclingo")
    file = HERE.parent.parent / "explain" / "foreign.py"
    spec = importlib.util.spec_from_file_location("foreign_of_explain", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module at {file}")
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    theirs.shim()
    rules = (HERE / "rules.lp").read_text(encoding="utf-8")
    shown = "\n%!show_trace {reading(I,E)} :- reading(I,E).\n"
    shown += "%!show_trace {forbidden(I,A)} :- forbidden(I,A).\n"

    def run(items: list[Any]) -> Answers:
        facts = "".join(f"{fact}. " for item in items for fact in item.facts())
        trees = theirs.explained(rules + shown + facts, every=False)
        found = ("".join(tree.split("\n")[1:2]).strip("| _") for tree in trees)
        return _answered(items, (text.split("(", 1) for text in found if "(" in text))

    return run


def problog() -> Run:
    """Query all items in one database."""
    engine = importlib.import_module("problog.engine").DefaultEngine(unknown=1)
    program = importlib.import_module("problog.program").PrologString
    term = importlib.import_module("problog.logic").Term
    rules = (HERE / "rules.pl").read_text(encoding="utf-8")

    def run(items: list[Any]) -> Answers:
        facts = "".join(f"{fact}.\n" for item in items for fact in item.facts())
        base = engine.prepare(program(rules + facts))
        found = []
        for name in ("reading", "forbidden"):
            for item, what in engine.query(base, term(name, None, None)):
                found.append((name, f"{item},{what})"))
        return _answered(items, found)

    return run


def pyreason() -> Run:
    """Reason over a graph with a node an item: which emotions have a voice, not which is read."""
    with redirect_stdout(sys.stderr):
        pr = importlib.import_module("pyreason")
    networkx = importlib.import_module("networkx")

    def run(items: list[Any]) -> Answers:
        graph = networkx.DiGraph()
        for item in items:
            # A number is the lower bound; only whole ones may name both.
            given: dict[str, float | str]
            given = {n: c / 1000 for n, c in {**item.expressions, **item.cues}.items()}
            given["workplace"] = "1,1" if item.context == "workplace" else "0,0"
            given["medical"] = "1,1" if item.purpose == "medical" else "0,0"
            graph.add_node(str(item.number), **given)
        with redirect_stdout(sys.stderr):
            pr.reset()
            pr.reset_rules()
            pr.settings.verbose = False
            pr.settings.atom_trace = False
            pr.load_graph(graph)
            for number, (emotion, voice) in enumerate(VOICES):
                pr.add_rule(pr.Rule(f"{emotion}(x) <-0 {voice}(x):[0.1,1]", f"voice{number}"))
            norm = "forbidden(x) <-0 workplace(x):[1,1], medical(x):[0,0]"
            pr.add_rule(pr.Rule(norm, "norm"))
            names = sorted({emotion for emotion, _ in VOICES} | {FORBIDDEN})
            frames = pr.filter_and_sort_nodes(pr.reason(timesteps=0), names)
        found: Answers = {item.number: [] for item in items}
        for frame in frames:
            for _, line in frame.iterrows():
                held = (n for n in names if isinstance(line[n], list) and line[n][0] > 0)
                found[int(line["component"])] = sorted(held)
        return found

    return run


def nemo() -> Run:
    """Send each item as a message with its context through an input rail; no model is there."""
    os.environ.setdefault("NEMO_GUARDRAILS_TELEMETRY", "0")
    guardrails = importlib.import_module("nemoguardrails")
    rails = guardrails.LLMRails(
        guardrails.RailsConfig.from_content(
            colang_content=(HERE / "rules.co").read_text(encoding="utf-8"),
            yaml_content="models: []\nrails:\n  input:\n    flows:\n      - read\n",
        )
    )
    nothing = dict.fromkeys((*made.EXPRESSIONS, *made.CUES), 0)

    def run(items: list[Any]) -> Answers:
        found: Answers = {}
        for item in items:
            context = {**nothing, **item.expressions, **item.cues}
            context |= {"context": item.context, "purpose": item.purpose}
            said = rails.generate(
                messages=[
                    {"role": "context", "content": context},
                    {"role": "user", "content": "."},
                ],
                options={"rails": ["input"]},
            )
            found[item.number] = sorted(said.response[-1]["content"].split()[1:])
        return found

    return run


def _answered(items: list[Any], atoms: Iterable[Any]) -> Answers:
    """Return answers from pairs: a predicate, and its arguments up to the closing bracket."""
    found: dict[int, set[str]] = defaultdict(set)
    for name, arguments in atoms:
        number, what = arguments.split(")")[0].split(",")
        found[int(number)].add(what.strip() if name == "reading" else FORBIDDEN)
    return {item.number: sorted(found[item.number]) for item in items}


def main(tool: str, first: int, count: int, batch: int) -> None:
    """Run a tool over items, ``batch`` of them together, and print what it took."""
    began = time.perf_counter()
    try:
        run = {"xclingo": xclingo, "problog": problog, "pyreason": pyreason, "nemo": nemo}[tool]()
        started = time.perf_counter() - began
        # What is compiled or cached on the first use is not timed.
        run([made.Item(number) for number in range(first + count, first + count + 3)])
        items = [made.Item(number) for number in range(first, first + count)]
        began = time.process_time()
        found: Answers = {}
        for begin in range(0, count, batch):
            found |= run(items[begin : begin + batch])
        milliseconds = 1000 * (time.process_time() - began) / count
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": str(error.name)}))
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {str(error)[:160]}"}))
    else:
        print(json.dumps({"ms": milliseconds, "start": started, "answers": found}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
