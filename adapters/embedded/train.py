"""Train the embedded model: render, train the eyes, train the words, export.

    python -m nesy.adapters.embedded.train --out DIR --photos DIR --synthetic DIR

Everything follows from --seed and the number of rounds, none of it from the clock: on one machine
the same command writes the same weights. An interrupted run goes on from DIR/work.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from nesy.diagnostics import NesyError
from nesy.following import follow

from .data import COARSE, FINE, TRAIN, VALID, VALID_SEED, held_out, load, render_shards, save
from .evaluate import glance
from .model import export, parameters
from .schedule import LEGS, MEMBERS, Schedule
from .training import Beside, Training, cool, whiten
from .transfer import check_pictures, extra

INTERRUPTED = 130  # the exit code of what Ctrl-C ended


def beside_of(work: Path, leg: int) -> tuple[Path, Path, int]:
    """Return where a leg's other pictures and held-out drawings lie, and most pixels of these."""
    most = FINE if leg else COARSE
    return work / f"others{leg}.npz", work / f"valid{most}.npz", most


def prepare(work: Path, given: argparse.Namespace) -> None:
    """Make what each leg has beside its shards, in the time that the others leave."""
    os.nice(10)
    for leg in range(len(LEGS)):
        others, checks, most = beside_of(work, leg)
        if not checks.exists():
            save(checks, held_out(given.checks, VALID_SEED, VALID, most))
        if not others.exists():
            save(others, extra(given.photos, given.synthetic, leg))


def beside(work: Path, maker: Any, leg: int) -> Beside:
    """Read what a leg has beside its shards, when it has been made."""
    others, checks, _ = beside_of(work, leg)
    lives = True
    while not (others.exists() and checks.exists()):
        if not lives:
            sys.exit(f"{others} is not there, and nothing makes it: start again")
        lives = maker is not None and maker.is_alive()
        time.sleep(0.2)
    return Beside(load(others), load(checks))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nesy.adapters.embedded.train", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, help="where weights and DIR/work go")
    parser.add_argument("--seed", type=int, default=1)
    usual = Schedule()
    for option, rounds, what in (
        ("--vision-rounds", usual.eyes, "rounds without words"),
        ("--joint-rounds", usual.words, "rounds with words"),
        ("--fine-rounds", usual.fine, "rounds of finer pictures"),
        ("--parts-rounds", usual.parts, "rounds in which photographs are shown in parts"),
        ("--smile-rounds", usual.smiles, "rounds of smiles of photographed faces"),
    ):
        parser.add_argument(option, type=int, default=rounds, help=what)
    parser.add_argument("--photos", type=Path, help="a folder of photographs to mix in")
    parser.add_argument("--synthetic", type=Path, help="a folder of 3-D renderings to mix in")
    parser.add_argument("--shard", type=int, default=1000, help="new pictures of a round")
    parser.add_argument("--every", type=int, default=4, help="rounds between looks at held-out")
    parser.add_argument("--checks", type=int, default=300, help="held-out pictures")
    try:
        run(parser.parse_args(arguments))
    except NesyError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("stopped: the same command goes on\n")
        return INTERRUPTED
    return 0


def run(given: argparse.Namespace) -> None:
    """Train, or go on training, and export; raises NesyError N186."""
    check_pictures(given.photos, given.synthetic)
    settle()
    work = given.out / "work"
    work.mkdir(parents=True, exist_ok=True)
    schedule = Schedule(
        given.vision_rounds,
        given.joint_rounds,
        given.fine_rounds,
        given.parts_rounds,
        given.smile_rounds,
    )
    training = Training(work, schedule, given.seed)
    before = training.resume()
    training.wanted.value = training.done
    ahead = range(training.done, schedule.rounds)
    numbers = sorted({n - lag for n in ahead for lag in schedule.lags(n) if lag <= n})
    shards = (work / "shards", numbers, schedule.starts[1], training.wanted, given.shard)
    training.renderer = aside(render_shards, *shards)
    besides = partial(beside, work, aside(prepare, work, given))
    if not before:
        whiten(training.model, max(besides(0).checks, key=len))
    size, place = parameters(training.model), training.device.type
    sys.stderr.write(f"{size} parameters on {place}, {len(TRAIN)} people\n")
    training.run(besides, given.every, schedule.starts[-2])
    training.wanted.value = schedule.rounds
    checks = besides(len(LEGS) - 1).checks
    training.renderer.join()
    at_once = os.cpu_count() or 1
    for first in range(0, MEMBERS, at_once):
        those = range(first, min(first + at_once, MEMBERS))
        learners = [aside(learn, work, number, given, schedule) for number in those]
        for learner in learners:
            learner.join()
        if any(learner.exitcode for learner in learners):
            sys.exit("the last rounds were not ended: start again, and they go on")
    average(training)
    figures = glance(training.model, training.aids, training.language, checks, True)
    training.said[-1] |= {name: v for name, v in figures.items() if not name.startswith("aid")}
    cool(training, checks)
    export(given.out, training.model, training.tokenizer)
    digest = hashlib.sha256((given.out / "model.safetensors").read_bytes()).hexdigest()
    log = "".join(json.dumps(row) + "\n" for row in training.said)
    (given.out / "training.jsonl").write_text(log, encoding="utf-8")
    sys.stderr.write(f"done: {training.cpu / 60:.0f} CPU minutes; sha256 {digest}\n")


def settle() -> None:
    """Compute on one thread, and the same each time."""
    torch.set_num_threads(1)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else a GPU cannot repeat itself
    torch.use_deterministic_algorithms(True)


def aside(work: Callable[..., None], *given: Any) -> Any:
    """Start another process, which ends with this one however it ends."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_aside, args=(work, *given), daemon=True)
    process.start()
    return process


def _aside(work: Callable[..., None], *given: Any) -> None:
    follow()
    work(*given)


def folder(work: Path, number: int) -> Path:
    """Return where a member's checkpoint lies."""
    return work / f"member{number}"


def learn(work: Path, number: int, given: argparse.Namespace, schedule: Schedule) -> None:
    """Learn the last leg from where the others ended, with a seed of its own."""
    settle()
    own = folder(work, number)
    own.mkdir(exist_ok=True)
    if not (own / "checkpoint.pt").exists():
        shutil.copy(work / "checkpoint.pt", own / "checkpoint.part")
        (own / "checkpoint.part").rename(own / "checkpoint.pt")
    member = Training(own, schedule, given.seed + number, work / "shards")
    member.label = {"member": number}
    member.resume()
    member.run(partial(beside, work, None), given.every, schedule.rounds)


def average(training: Training) -> None:
    """Take the mean of the members' weights, and what all of them said."""
    members = []
    for number in range(MEMBERS):
        member = Training(folder(training.out, number), training.schedule, training.seed)
        if not member.resume():
            sys.exit(f"{member.out} holds no checkpoint")
        members.append(member)
    states = [member.model.state_dict() for member in members]
    mean = {name: sum(state[name] for state in states) / MEMBERS for name in states[0]}
    training.model.load_state_dict(mean)
    before, images = len(training.said), training.images
    training.cpu += sum(member.cpu - training.cpu for member in members)
    training.images += sum(member.images - images for member in members)
    for number, member in enumerate(members):
        training.said += [{"member": number} | row for row in member.said[before:]]
    training.done = training.schedule.rounds
    training.said.append({"members": MEMBERS, "cpu_minutes": round(training.cpu / 60, 1)})


if __name__ == "__main__":
    sys.exit(main())
