"""``nesy bench measures``: what is measured, and how."""

from __future__ import annotations

from typing import Annotated

import typer

from nesy import strict_json


def measures(
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the measures: name, title, which way is better, library and settings."""
    from . import MEASURES

    rows = [
        {"name": m.name, "title": m.title, "better": m.better, "signature": m.signature}
        for m in MEASURES.values()
    ]
    if json:
        print(strict_json.dumps(rows, indent=2))
        return
    name, title = (max(len(row[key]) for row in rows) for key in ("name", "title"))
    for row in rows:
        print(
            f"{row['name'].ljust(name)}  {row['title'].ljust(title)}  "
            f"{row['better'].ljust(6)}  {row['signature']}"
        )
