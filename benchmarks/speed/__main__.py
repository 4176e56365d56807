"""Print how fast the rules are, as ratios taken in one run: ``python -m nesy.benchmarks.speed``.

Sections come one after the other. With ``-o FILE`` each is written when it is done, and the same
command goes on after an interrupt with the first that is not there. Progress is on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from nesy.benchmarks.speed.rows import Row, table
from nesy.benchmarks.speed.sections import SECTIONS, Settings

HOW = """Other tools, in an environment of their own, which --peers names by its Python:
  python -m venv PEERS && PEERS/bin/pip install xclingo==2.0b19 clingo==5.8.3 pyreason==3.8.0 \\
      problog==2.3.0 nemoguardrails==0.24.1
  git clone https://github.com/SWI-Prolog/sCASP SCASP     (for --scasp SCASP; needs SWI-Prolog)"""


def main(arguments: list[str] | None = None) -> int:
    """Print the sections that are asked for; exit code 1 where a goal is not met."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.benchmarks.speed",
        description=__doc__,
        epilog=HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, help="these sections")
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds: minutes")
    parser.add_argument("--million", action="store_true", help="stream 1,000,000 cases as well")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="a Python with other tools")
    parser.add_argument("--scasp", type=Path, metavar="FOLDER", help="a clone of s(CASP)")
    parser.add_argument("-o", dest="out", type=Path, help="keep each section here when it is done")
    parser.add_argument("--json", action="store_true", help="a JSON object a section")
    given = parser.parse_args(arguments)
    settings = Settings(given.quick, given.million, given.peers, given.scasp)
    done = recorded(given.out, settings) if given.out else {}
    unmet = 0
    if not given.json:
        print(f"{platform.python_implementation()} {platform.python_version()}, ", end="")
        print(f"{platform.machine()}, {os.cpu_count()} CPUs; median [range]")
    for name in given.only or SECTIONS:
        rows = done.get(name)
        if rows is None:
            print(f"{name} …", file=sys.stderr, flush=True)
            rows = list(SECTIONS[name](settings))
            if given.out:
                with given.out.open("a", encoding="utf-8") as out:
                    # Begun on a line of its own, whatever an interrupt left before.
                    out.write(f"\n{_line(name, rows, settings)}\n")
        unmet += sum(row.met is False for row in rows)
        print(_line(name, rows, settings) if given.json else f"{table(rows)}\n", flush=True)
    return int(unmet > 0)


def recorded(file: Path, settings: Settings) -> dict[str, list[Row]]:
    """Return the sections that a file holds, measured under the same settings."""
    found: dict[str, list[Row]] = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                # A line that an interrupt cut short: its section is measured again.
                continue
            if value["settings"] == _told(settings):
                found[value["section"]] = [Row(**each) for each in value["rows"]]
    return found


def _line(name: str, rows: list[Row], settings: Settings) -> str:
    value = {
        "section": name,
        "settings": _told(settings),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "rows": [asdict(each) for each in rows],
    }
    return json.dumps(value, ensure_ascii=False)


def _told(settings: Settings) -> dict[str, str | bool | None]:
    return {k: str(v) if isinstance(v, Path) else v for k, v in asdict(settings).items()}


if __name__ == "__main__":
    sys.exit(main())
