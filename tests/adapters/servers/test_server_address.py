"""Which server is asked, with which key, and what its user must install."""

import pytest

from nesy import registry
from nesy.adapters import server as servers
from nesy.adapters.server import kinds
from nesy.adapters.server.kinds import KINDS, address_of, settings_of
from nesy.diagnostics import MissingError
from tests.serving import WORDS, Server, fault_of, look, made


@pytest.mark.parametrize(
    ("named", "code"),
    [
        (None, "N103"),
        ("", "N103"),
        ("@http://localhost:1/v1", "N103"),
        ("m@ftp://localhost/v1", "N170"),
        ("m@http://ann:secret@localhost/v1", "N170"),
        ("m@http://localhost/v1?key=secret", "N170"),
        ("m@http://", "N170"),
        ("m@http://localhost:99999/v1", "N170"),
        ("m@http://[::1/v1", "N170"),
        ("m@http://local host/v1", "N170"),
    ],
)
def test_an_address_is_one_or_an_error(named: str | None, code: str) -> None:
    found, exit_code, said = fault_of(lambda: address_of(KINDS["vllm"], named))
    assert (found, exit_code) == (code, 2)
    assert "secret" not in said


def test_a_model_may_hold_an_at_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    found = address_of(KINDS["lmstudio"], "qwen@q4_k_m@http://localhost:9/v1/")
    assert (found.model, found.url) == ("qwen@q4_k_m", "http://localhost:9/v1")
    assert address_of(KINDS["lmstudio"], "qwen@q4_k_m").url == KINDS["lmstudio"].url
    monkeypatch.setenv(kinds.URL, "http://localhost:8/v1")
    assert address_of(KINDS["vllm"], "qwen").url == "http://localhost:8/v1"
    assert address_of(KINDS["vllm"], "qwen@http://localhost:7/v1").url == "http://localhost:7/v1"


def test_openai_needs_a_key_and_gives_it_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fault_of(lambda: servers.connect("openai", "gpt-4o", WORDS))[:2] == ("N171", 3)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    assert address_of(KINDS["openai"], "gpt-4o").key == "sk-canary"
    assert address_of(KINDS["openai"], "m@https://example.org/v1").key is None
    assert address_of(KINDS["openai"], "m@http://api.openai.com.example.org/v1").key is None
    assert address_of(KINDS["vllm"], "m").key is None


@pytest.mark.parametrize("host", ["example.org", "192.168.0.7", "localhost.example.org"])
def test_no_key_is_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv(kinds.KEY, "canary")
    for kind in ("vllm", "ollama"):
        code, _, said = fault_of(lambda k=kind: address_of(KINDS[k], f"m@http://{host}/v1"))
        assert code == "N170" and "canary" not in said
        assert address_of(KINDS[kind], f"m@https://{host}/v1").key == "canary"
        for here in ("localhost", "127.0.0.1", "[::1]"):
            assert address_of(KINDS[kind], f"m@http://{here}:1/v1").key == "canary"


@pytest.mark.parametrize(
    ("name", "value"),
    [(kinds.JOBS, "0"), (kinds.JOBS, "many"), (kinds.TIMEOUT, "nan"), (kinds.TIMEOUT, "-1")],
)
def test_a_setting_that_is_no_number_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert fault_of(settings_of)[0] == "N170"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kinds.JOBS, "7")
    monkeypatch.setenv(kinds.TIMEOUT, "2.5")
    assert settings_of() == kinds.Settings(7, 2.5)


@pytest.mark.parametrize("kind", ["vllm", "ollama"])
def test_nothing_to_this_machine_goes_through_a_proxy(
    chat: Server, face: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert look(made(chat, kind), face).faces


@pytest.mark.parametrize("kind", ["vllm", "ollama"])
def test_without_its_client_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingError) as caught:
        registry.perceiver(f"{kind}:m", WORDS)
    fault = caught.value.diagnostics[0]
    assert (fault.code, caught.value.exit_code) == ("N902", 3)
    assert fault.fix.startswith("pip install 'nesy[servers]'")


def test_all_kinds_are_listed_and_their_package_is_not() -> None:
    found = registry.adapters()
    assert set(KINDS) <= set(found)
    assert "server" not in found
    assert all(found[kind].summary for kind in KINDS)
