"""What a run says of itself: versions, hashes, seeds, hardware; nothing that names the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import distributions, requires
from typing import Any

from nesy import __version__, rulebook, weights
from nesy.vocabulary import Vocabulary

from .keys import without_host

SCHEMA = "nesy.bench.run.v1"


def now() -> str:
    """Return the time of day in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def versions(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the versions and hashes of what made a run; the same program gives the same."""
    return {
        "nesy": __version__,
        "python": platform.python_version(),
        "rules": rulebook.load().digest,
        "ontology": vocabulary.digest,
        "weights": weights.load().digest,
        "packages": packages(),
    }


@lru_cache(maxsize=1)
def packages() -> dict[str, str]:
    """Return the version of every installed package that nesy asks for, by name."""
    asked = {_name(each) for each in requires("nesy") or ()}
    found = {(d.metadata["Name"] or "").lower(): d.version for d in distributions()}
    return {name: found[name] for name in sorted(asked & set(found))}


def _name(requirement: str) -> str:
    name = requirement
    for mark in " ;<>=!~[(":
        name = name.partition(mark)[0]
    return name.lower()


def hardware() -> dict[str, Any]:
    """Return what the machine has, not which it is."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "memory_gb": round(pages / 2**30),
        "gpus": list(gpus()),
    }


@lru_cache(maxsize=1)
def gpus() -> tuple[str, ...]:
    """Return the names of the NVIDIA GPUs, asked of the driver: importing torch takes seconds."""
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())


def command() -> str:
    """Return the command line, its files without their folders."""
    return " ".join(["nesy", *without_host(sys.argv[1:])])


def task_of(given: str, task: dict[str, Any], samples: int) -> dict[str, Any]:
    """Return what a manifest keeps of a task."""
    return {**without_host(task), "given": without_host(given), "samples": samples}


def invocation(stages: Iterable[tuple[str, dict[str, Any]]], began: str) -> dict[str, Any]:
    """Return what a manifest keeps of one command."""
    return {"command": command(), "started": began, "ended": now(), "stages": dict(stages)}
