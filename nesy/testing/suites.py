"""Find cases: beside a rule file (``my.txt``, ``my/*.txt``), or those of the shipped packs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nesy import resources, rulebook
from nesy.diagnostics import Diagnostic, NesyError
from nesy.reason.engine import Engine
from nesy.rulebook import Rule, Strata
from nesy.strict_json import opened
from nesy.testing.case import RuleCase, read_cases
from nesy.testing.known import unknown

# Loads the engine of some packs (None: the default ones) with some rule files of the user.
Loading = Callable[[tuple[str, ...] | None, tuple[Path, ...]], Engine]


@dataclass(frozen=True, eq=False)
class Suite:
    """Cases over one engine, and the rules that they are cases of."""

    engine: Engine
    rules: tuple[Rule, ...]
    cases: tuple[RuleCase, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """Files of cases and the rule file they stand beside, if there is one."""

    rules: Path | None
    cases: tuple[Path, ...]


def suites(paths: Sequence[Path], loading: Loading) -> list[Suite]:
    """Return the suites of rule files, case files and folders; of all that is shipped without any.

    Raises NesyError N112 (no such file), N343 (no case), and every fault of the cases and rules.
    """
    found = [each for path in paths or (resources.folder("rules"),) for each in _found(path)]
    if not any(each.cases for each in found):
        where = ", ".join(map(str, paths)) or "the shipped rules"
        what, why = f"there is no case for {where}", "cases are read from NAME.txt and NAME/*.txt"
        fix = "`nesy new rule NAME` writes a rule with a case"
        raise NesyError(Diagnostic("N343", what, why, fix))
    theirs = [each for each in found if _shipped(each) is None]
    made = list(_of_shipped([each for each in found if _shipped(each) is not None], loading))
    if theirs:
        made.append(_of_user(theirs, loading))
    return made


def _of_shipped(found: Iterable[_Found], loading: Loading) -> Iterator[Suite]:
    """Yield one suite for the default packs, and one for each pack that is off by default."""
    packs = {pack.name: pack for pack in rulebook.everything().packs}
    together: dict[tuple[str, ...] | None, tuple[list[Rule], list[RuleCase]]] = {}
    for each in found:
        stratum = _shipped(each)
        name = _pack_name(each)
        chosen: tuple[str, ...] | None = None if packs[name].is_default else (name,)
        rules, cases = together.setdefault(chosen, ([], []))
        rules += packs[name].rules
        for path in each.cases:
            cases += read_cases(path, stratum=stratum, packs=chosen)
    for chosen, (rules, cases) in together.items():
        yield _suite(loading(chosen, ()), rules, cases)


def _suite(engine: Engine, rules: Iterable[Rule], cases: Sequence[RuleCase]) -> Suite:
    """Return a suite; raises NesyError with what its cases say and nothing knows."""
    if faults := unknown(cases, engine):
        raise NesyError(faults)
    return Suite(engine, tuple(rules), tuple(cases))


def _of_user(found: Sequence[_Found], loading: Loading) -> Suite:
    files = tuple(dict.fromkeys(each.rules for each in found if each.rules is not None))
    engine = loading(None, files)
    mine = {path.resolve() for path in files}
    packs = (pack for pack in engine.rulebook.packs if pack.path.resolve() in mine)
    faults: list[Diagnostic] = []
    cases: list[RuleCase] = []
    for path in dict.fromkeys(path for each in found for path in each.cases):
        try:
            cases += read_cases(path)
        except NesyError as error:
            faults += error.diagnostics
    if faults:
        raise NesyError(faults)
    return _suite(engine, (rule for pack in packs for rule in pack.rules), cases)


def _found(path: Path) -> Iterator[_Found]:
    """Yield what a path names: a folder, a rule file or a file of cases."""
    if path.is_dir():
        rules = sorted(path.rglob("*.lp"))
        yield from (_beside(file) for file in rules)
        owned = {case for file in rules for case in _beside(file).cases}
        for file in sorted(path.rglob("*.txt")) if not rules else ():
            if file not in owned:
                yield _Found(_owner(file), (file,))
    elif path.suffix == ".txt":
        yield _Found(_owner(path), (path,))
    else:
        opened(path).close()
        yield _beside(path)


def _beside(rules: Path) -> _Found:
    cases = sorted(rules.with_suffix("").glob("*.txt"))
    if rules.with_suffix(".txt").is_file():
        cases.insert(0, rules.with_suffix(".txt"))
    if _is_shipped(rules):
        cases += sorted((_shipped_cases() / rules.stem).glob("*.txt"))
    return _Found(rules, tuple(cases))


def _owner(case: Path) -> Path | None:
    """Return the rule file that a case stands beside, or whose shipped cases it is among."""
    beside = (case.with_suffix(".lp"), case.parent.with_suffix(".lp"))
    for rules in beside:
        if rules.is_file():
            return rules
    if case.resolve().parent.parent == _shipped_cases().resolve():
        for stratum in ("interpret", "govern"):
            shipped = resources.folder("rules") / stratum / f"{case.resolve().parent.name}.lp"
            if shipped.is_file():
                return shipped
    return None


def _shipped_cases() -> Path:
    """Return the folder that holds a folder of cases for each shipped pack."""
    return resources.folder("rules") / "cases"


def _is_shipped(rules: Path) -> bool:
    folder = rules.resolve().parent
    return folder.parent == resources.folder("rules").resolve()


def _shipped(found: _Found) -> Strata | None:
    """Return the stratum of a shipped pack; None of a user's file and of no file."""
    if found.rules is None or not _is_shipped(found.rules):
        return None
    return "govern" if found.rules.resolve().parent.name == "govern" else "interpret"


def _pack_name(found: _Found) -> str:
    return found.rules.stem if found.rules is not None else ""
