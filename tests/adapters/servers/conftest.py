"""A chat server, a picture, and no key in the environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from nesy.adapters.server import kinds
from tests.serving import Server, serving

pytest.importorskip("openai")
pytest.importorskip("ollama")


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OLLAMA_API_KEY", kinds.URL, kinds.KEY, kinds.JOBS):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def face(tmp_path: Path) -> str:
    path = tmp_path / "face.png"
    Image.effect_noise((120, 90), 80).convert("RGB").save(path)
    return str(path)


@pytest.fixture
def chat() -> Iterator[Server]:
    with serving() as server:
        yield server
