"""``nesy check``: lint the rules and the ontology, or try a model."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nesy.cli.options import Ontology, Packs, Today
from nesy.diagnostics import Diagnostic, NesyError, nearest

if TYPE_CHECKING:
    from nesy.check.session import Checked

_MARK = "\ufeff"  # of byte order, which some editors write before everything else
_POLL = 0.2  # seconds between two looks at the files that are watched


def check(
    rules: Annotated[list[Path] | None, typer.Argument(help="Rule files of yours.")] = None,
    packs: Packs = None,
    ontology: Ontology = None,
    engines: Annotated[
        bool, typer.Option("--engines", help="Compare clingo with Prolog; Traces may be named.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Try a model here: a hub name, a folder, or ADAPTER[:MODEL]."),
    ] = None,
    today: Today = None,
    format_: Annotated[
        str, typer.Option("--format", help="text, json, sarif or github (annotations).")
    ] = "text",
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend in your files what is sure, then check again.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what --fix would change, and change nothing.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever a file is saved, until Ctrl-C.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="As --format json.")] = False,
) -> None:
    """Check the shipped rules and ontology, and files of yours; exit 2 for errors, 1 for warnings.

    What was found in the shipped files is remembered until one of them changes.
    """
    if model is not None:
        from nesy.cli.models import check_model

        check_model(model, ontology=ontology or (), json_=json_)
        return
    if engines:
        from nesy.cli.engines import check_engines

        check_engines(rules or (), packs=packs, ontology=ontology or (), json_=json_)
        return
    from nesy.check.report import FORMATS
    from nesy.cli.options import day

    name = "json" if json_ else format_
    if name not in FORMATS:
        what, why = f"no format is called {name[:40]}", "faults are written in one of four"
        raise NesyError(Diagnostic("N332", what, why, nearest(name[:40], FORMATS)))
    named = packs.split(",") if packs is not None else None
    check_ = _Check(rules or (), named, ontology or (), day(today))
    if fix or dry_run:
        check_.mend(only_show=dry_run)
        if dry_run:
            return
    if watch:
        _watch(check_, name)
    found = check_.found()
    _tell(found, name)
    if found.faults:
        raise typer.Exit(2 if found.errors else 1)


class _Check:
    """What is asked to be checked."""

    def __init__(
        self,
        rules: Sequence[Path],
        packs: Sequence[str] | None,
        ontology: Sequence[Path],
        today: date,
    ) -> None:
        self.rules, self.packs, self.ontology, self.today = rules, packs, ontology, today

    def found(self) -> Checked:
        """Check; what keeps the ontology or a pack from being read is a fault as well."""
        from nesy.check import session, store

        try:
            if not self.rules and not self.ontology:
                return store.shipped(self.packs, self.today)
            if not self.rules:
                return session.everything_shipped(self.packs, self.ontology, self.today)
            mine = self._files({})
            others = store.shipped(self.packs, self.today) if not self.ontology else None
            return _joined(others, mine, self.rules)
        except NesyError as error:
            return session.Checked(error.diagnostics, 0)

    def _files(self, texts: dict[Path, str]) -> Checked:
        from nesy import shapes
        from nesy.check import session, store

        unshapely = shapes.check(self.ontology) if self.ontology else []
        words = store.vocabulary(self.ontology)
        found, _ = session.files(self.rules, words, self.packs, self.today, texts=texts)
        return session.Checked((*unshapely, *found.faults), found.rules)

    def mend(self, *, only_show: bool) -> None:
        """Mend the files one after the other; print what changes where it is only to be shown."""
        from nesy.check.mend import difference, mended
        from nesy.resources import shown

        for path in self.rules:
            try:
                with path.open(encoding="utf-8", newline="") as stream:
                    text = stream.read()
            except (OSError, UnicodeDecodeError):
                continue  # the check that follows says what is wrong with it
            before = text.removeprefix(_MARK)

            def faults(text: str, path: Path = path) -> list[Diagnostic]:
                found = self._files({path: text})
                return [fault for fault in found.faults if fault.file == shown(path)]

            after = mended(before, faults(before), faults)
            if after == before:
                continue
            if only_show:
                print(difference(before, after, str(path)), end="")
            else:
                with path.open("w", encoding="utf-8", newline="") as stream:
                    stream.write(_MARK * (before != text) + after)
                print(f"mended {path}", file=sys.stderr)


def _joined(others: Checked | None, mine: Checked, rules: Sequence[Path]) -> Checked:
    """Return the faults of shipped files before those of a user's; a file named is told once."""
    from nesy.check.session import Checked
    from nesy.resources import shown

    named = {shown(path) for path in rules}
    before = [fault for fault in others.faults if fault.file not in named] if others else []
    return Checked((*before, *mine.faults), mine.rules)


def _tell(found: Checked, form: str) -> None:
    """Print what was found; in text, also that nothing was."""
    from nesy.check.mend import edits_of
    from nesy.check.report import FORMATS

    if form != "text" or found.faults:
        if told := FORMATS[form](found.faults):
            print(told)
    else:
        print(f"{found.rules} rules and the ontology: no fault found")
    if form == "text" and any(edits_of(f) and f.code != "N300" for f in found.faults):
        print("nesy check --fix mends what is sure; --dry-run shows it first", file=sys.stderr)


def _watch(check_: _Check, form: str) -> None:
    """Check again whenever a file changes; ends with Ctrl-C only."""
    from nesy import resources

    shipped = [*resources.folder("rules").glob("*/*.lp"), *resources.folder("ontology").glob("*")]
    watched = [*(check_.rules or shipped), *check_.ontology]
    before = None
    while True:
        now = {path: _saved(path) for path in watched}
        if now != before:
            before = now
            print(time.strftime("── %H:%M:%S ──"), file=sys.stderr)
            _tell(check_.found(), form)
            sys.stdout.flush()
        time.sleep(_POLL)


def _saved(path: Path) -> tuple[int, int] | None:
    """Return when a file was saved and its size; None where an editor is just replacing it."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
