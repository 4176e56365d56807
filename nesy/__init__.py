"""nesy reads a face beside a line of conversation, and can say why.

The words, in the order the data flows:

* A *case* is a picture, a line, and what the caller declares about the situation.
* An *observation* is what a perceiver reported of it, in the closed vocabulary of ``ontology/``.
* *Facts* are ground atoms (``clingo.Symbol``) with a confidence (0-1000) and an origin.
* A *reading* is a distribution over emotions per face, derived by the rules in ``rules/interpret``.
* A *verdict* says which acts of a reply are forbidden, obligatory, preferred or warned of, each by
  its norm (``rules/govern``), and whether a reply may be released.
* A *response* is the reply, checked by the same norms before it is released.
* A *trace* holds the whole (``nesy.trace.v1``); a *justification* says why any atom of it holds.
"""

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import Any as _Any

# Installed, rules/, ontology/, adapters/ and benchmarks/ are inside this package.
# In a checkout they are beside it, so a checkout also looks one folder up.
_package = _Path(__file__).resolve().parent
if not (_package / "rules").is_dir():
    __path__.append(str(_package.parent))

__version__ = "0.1.0"

# Imported on first use, so that `import nesy` loads no solver, no rdflib and no torch.
_PUBLIC = {
    "Case": "nesy.trace",
    "Diagnostic": "nesy.diagnostics",
    "NesyError": "nesy.diagnostics",
    "Observation": "nesy.trace",
    "Trace": "nesy.trace",
    "judge": "nesy.reply.judge",
    "perceive": "nesy.pipeline",
    "reason": "nesy.pipeline",
    "run": "nesy.pipeline",
    "why": "nesy.pipeline",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> _Any:
    if name in _PUBLIC:
        return getattr(_import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'nesy' has no attribute {name!r}")
