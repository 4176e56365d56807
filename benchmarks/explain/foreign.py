"""Time xclingo and clingexplaid on kb.lp; run by peers.py in the Python that has them.

It imports nothing of nesy. Prints one JSON object: CPU milliseconds an item, or what went wrong.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import clingo
from clingo import ast

sys.path.insert(0, str(Path(__file__).parent))
ASKED, facts = (getattr(importlib.import_module("items"), name) for name in ("ASKED", "facts"))
KB = (Path(__file__).parent / "kb.lp").read_text(encoding="utf-8")
SHOWN = "".join(f"\n%!show_trace {{{name}(I,A)}} :- {name}(I,A)." for name in ASKED)


def shim() -> None:
    """Give comparisons the ``left`` and ``right`` that xclingo 2.0b19 reads, as of old."""
    found: Any = ast.AST.__getattr__

    def with_sides(self: ast.AST, name: str) -> Any:
        if name in ("left", "right") and self.ast_type == ast.ASTType.Comparison:
            return self.term if name == "left" else self.guards[0].term
        return found(self, name)

    ast.AST.__getattr__ = with_sides  # type: ignore[method-assign]


def explained(program: str, *, every: bool = True) -> list[str]:
    """Solve a program and return xclingo's trees of what is shown."""
    xclingo = importlib.import_module("xclingo")
    extensions = importlib.import_module("xclingo.extensions")
    control = xclingo.XclingoControl(["1"], n_explanations="1", logger=lambda *_: None)
    control.extend_explainer("base", [], extensions.load_xclingo_extension("autotrace_all.lp"))
    control.add("base", [], program + (SHOWN if every else ""))
    control.ground([("base", [])])
    trees: list[str] = []
    for model in control.solve():
        for graph in model.explain_model():
            trees += [graph.explain(atom).ascii_tree() for atom in graph.show_trace]
    return trees


def contrast(asked: tuple[int, str]) -> int:
    """Return the size of clingexplaid's minimal set of facts against a reading of an item."""
    item, foil = asked
    unsat = importlib.import_module("clingexplaid.unsat")
    control = clingo.Control(["0"], logger=lambda *_: None)
    given = [clingo.parse_term(fact) for fact in facts(item)]
    choices = " ".join(f"{{ {fact} }}." for fact in given)
    control.add("base", [], f"{KB} {choices} :- not reading({item},{foil}).")
    control.ground([("base", [])])
    found = unsat.SubsetComputer(control, {(fact, True) for fact in given}).mus()
    return len(found.assumptions)


def timed(work: Any, items: list[Any]) -> dict[str, Any]:
    """Return CPU milliseconds an item and what came out, or the error."""
    began = time.process_time()
    try:
        out = [work(item) for item in items]
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error)[:160]}"}
    return {"ms": 1000 * (time.process_time() - began) / len(items), "out": out}


def one(item: int) -> int:
    """Explain one item by xclingo."""
    return len(explained(KB + ". ".join(facts(item)) + "."))


def many(items: list[int]) -> int:
    """Explain many items by xclingo in one program."""
    return len(explained(KB + "".join(f"{fact}." for item in items for fact in facts(item))))


def main() -> None:
    """Read what to do from the standard input, and print the times."""
    given = json.load(sys.stdin)
    if given.get("plain"):
        print(json.dumps(timed(lambda text: len(explained(text, every=False)), [given["plain"]])))
        return
    shim()
    if "construct" in given:
        print(json.dumps(timed(lambda text: explained(text, every=False), [given["construct"]])))
        return
    items = given["items"]
    found = {"xclingo one": timed(one, items), "clingexplaid": timed(contrast, given["foils"])}
    batch = timed(lambda _: many(given["batch"]), [0])
    if "ms" in batch:
        batch["ms"] /= len(given["batch"])
    print(json.dumps({**found, "xclingo batch": batch}))


if __name__ == "__main__":
    main()
