"""Keys are checked, stripped and never shown; so are passwords in URLs."""

from __future__ import annotations

import pytest

pytest.importorskip("openai")
pytest.importorskip("siked_openai")

from siked_openai.access import read_key
from siked_openai.backend import OpenAI

from siked.errors import ConfigError
from siked.records import Completion, Message, Model, Outcome, Request
from siked.testing.fake_openai_server import KEY, serving_fake_openai

REQUEST = Request(key="k", messages=(Message("user", "What is 3 + 4?"),))


@pytest.mark.parametrize("dressed", [f"{KEY}\n", f"  {KEY}\r\n", f'"{KEY}"', f"\ufeff{KEY}".strip("\ufeff")])
def test_white_space_and_quotes_around_a_key_are_left_out(
    monkeypatch: pytest.MonkeyPatch, dressed: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", dressed)
    with serving_fake_openai(key=True) as server:
        backend = OpenAI(OpenAI.Options(base_url=server.url))
        backend.open(Model(name="m"))
        (done,) = [item for item in backend.generate([REQUEST]) if isinstance(item, Completion)]
    assert done.outcome is Outcome.OK


@pytest.mark.parametrize("key", ["sk-one\nsk-two", "sk-one two", "sk-\u20ac", "Bearer sk-one", "sk-\x1bone"])
def test_what_cannot_be_a_key_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        read_key("OPENAI_API_KEY")
    assert "sk-" not in str(caught.value)
    backend = OpenAI(OpenAI.Options(base_url="http://localhost:9/v1"))
    with pytest.raises(ConfigError):
        backend.open(Model(name="m"))


@pytest.mark.parametrize(
    "given",
    [
        "sk-proj-abcdefghijklmnop",
        "gsk_abcdefghijklmnop",
        "hf_abcdefghijk",
        "9f86d081-884c",
        "a8f5f167f44f4964e6c99b",
        "",
    ],
)
def test_a_key_where_its_variables_name_belongs_is_refused_unseen(given: str) -> None:
    with pytest.raises(ConfigError, match="takes the name of an environment variable") as caught:
        OpenAI.Options(api_key_env=given)
    assert not given or given not in str(caught.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "my_provider_key", "KEY2"])
def test_names_of_variables_are_taken(name: str) -> None:
    assert OpenAI.Options(api_key_env=name).api_key_env == name


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@host/v1", "https://hunter2@host/v1", "https://host/v1?api_key=hunter2"]
)
def test_a_password_in_the_url_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(ConfigError, match="holds a password or key") as caught:
        OpenAI.Options(base_url=url)
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL holds a password or key") as caught:
        OpenAI(OpenAI.Options()).open(Model(name="m"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://host/v1", "http://", "http://host:port/v1"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="must look like"):
        OpenAI.Options(base_url=url)
