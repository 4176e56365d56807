"""Vision-language models behind a server, over HTTP.

The adapters ``openai``, ``vllm``, ``sglang``, ``ollama``, ``lmstudio`` and ``llamacpp`` are kinds
of it: one line each in `kinds.KINDS`, and a module of that name beside this folder.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from nesy.diagnostics import Diagnostic, MissingError

from .kinds import KINDS, address_of, settings_of

if TYPE_CHECKING:
    from nesy.vocabulary import Vocabulary

    from .perceiver import ServerPerceiver


def connect(kind: str, model: str | None, vocabulary: Vocabulary) -> ServerPerceiver:
    """Connect to the server that ``MODEL[@URL]`` and the environment name, and ask it once.

    Raises NesyError N103 (no model), N170 (the address), N902 (no client is installed), N171-N174
    and N179 where the server answers nothing.
    """
    address, settings = address_of(KINDS[kind], model), settings_of()
    if importlib.util.find_spec(address.kind.needs) is None:
        what = f"the adapter {kind} needs the package {address.kind.needs}"
        fix = f"pip install 'nesy[servers]', or: pip install {address.kind.needs}"
        raise MissingError(Diagnostic("N902", what, "it is not installed", fix))
    # Imported here, so that a wrong address costs no import of Outlines.
    from .perceiver import ServerPerceiver
    from .wires import wire_to

    return ServerPerceiver(
        address, vocabulary, wire_to(address, settings.timeout), jobs=settings.jobs
    )
