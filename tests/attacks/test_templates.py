"""Chat templates of foreign models: none stalls a worker or eats its memory, and each ends in one line."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")

from click.testing import CliRunner

from siked.cli.main import cli
from siked.errors import PreflightError, SikedError
from siked.models import resolve
from siked.models.loading import load_tokenizer
from siked.records import Message, Model
from siked.text import bounded, token_ids

pytestmark = [pytest.mark.train, pytest.mark.timeout(120)]
ASKED = (Message("user", "What is 2 + 3?"),)
WHOLE = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
LOOP = "{% for a in range(99999) %}"

HOSTILE = {
    "loops in loops": LOOP * 3 + "{% endfor %}" * 3,
    "a loop that sets": LOOP + LOOP + "{% set x = 1 %}{% endfor %}{% endfor %}",
    "a text that doubles": "{% set n = namespace(x='a') %}" + LOOP + "{% set n.x = n.x ~ n.x %}{% endfor %}",
    "a list that doubles": "{% set n = namespace(x=[1]) %}" + LOOP + "{% set n.x = n.x + n.x %}{% endfor %}",
    "a text times a number": "{{ 'a' * 99999999999 }}",
    "a list times a number": "{{ [0] * 99999999999 }}",
    "a width": "{{ '%099999999999d' % 1 }}",
    "a width of format": "{{ '{:099999999999d}'.format(1) }}",
    "padding": "{{ 'a'.ljust(99999999999) }}",
    "centred": "{{ 'a' | center(99999999999) }}",
    "indented": "{{ ('a\\n' * 1000000) | indent(99999) }}",
    "output without end": LOOP + "{{ 'a' * 100000 }}{% endfor %}",
    "output of some size": LOOP + "{{ 'a' * 100 }}{% endfor %}",
    "macros that call themselves": "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(1) }}",
    "macros that fork": "{% macro m(n) %}{% if n %}{{ m(n-1) ~ m(n-1) }}{% endif %}{% endmacro %}{{ m(99) }}",
    "numbers that grow": "{% set n = namespace(x=3) %}" + LOOP + "{% set n.x = n.x * n.x %}{% endfor %}",
    "a power": "{{ (7 ** (10 ** 7)) % 10 }}",
    "joined": "{{ (range(99999) | list * 1000) | join('aaaaaaaaaaaaaaaaaaaaaaaaa') }}",
    "sorted again and again": LOOP + "{% set x = range(99999) | sort(reverse=true) | list %}{% endfor %}",
    "a template of its own length": "{{ '" + "a" * (1 << 18) + "' }}",
    "nested parentheses": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "blocks in blocks": "{% if 1 %}" * 5_000 + "{% endif %}" * 5_000,
    "the classes of Python": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a module": "{{ cycler.__init__.__globals__.os.system('touch owned') }}",
    "no jinja": "{% for %}",
    "a filter that is not there": "{{ 1 | evil }}",
    "a failure": "{{ raise_exception('\\x1b]0;owned\\x07') }}",
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_tokenizer(resolve(Model(name="tiny")).path)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_template_that_somebody_sent(
    name: str, tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(token_ids, "bounded", lambda act: bounded.bounded(act, 0.3, 16 << 20))
    tokenizer.chat_template = HOSTILE[name]
    with pytest.raises(PreflightError) as caught:
        token_ids.prompt_ids(tokenizer, ASKED, "chat")
    assert len(str(caught.value)) < 500
    assert "chat template" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_template_that_is_one_is_rendered_in_any_thread(tokenizer: Any) -> None:
    tokenizer.chat_template = WHOLE
    found: list[list[int]] = []
    thread = threading.Thread(target=lambda: found.append(token_ids.prompt_ids(tokenizer, ASKED, "chat")))
    thread.start()
    thread.join()
    assert found == [token_ids.prompt_ids(tokenizer, ASKED, "chat")]
    assert tokenizer.decode(found[0]) == ASKED[0].content


def test_a_question_longer_than_any_answer_is_rendered(tokenizer: Any) -> None:
    tokenizer.chat_template = WHOLE
    long = "2 + 3 " * 100_000
    assert len(token_ids.prompt_ids(tokenizer, (Message("user", long),), "chat")) > 100_000


def test_limits_are_lifted_again() -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF)
    assert bounded.bounded(lambda: 7) == 7
    with pytest.raises(bounded.Exceeded, match=r"more than 0\.05 s"):
        bounded.bounded(lambda: [None for _ in iter(int, 1)], 0.05)
    with pytest.raises(bounded.Exceeded, match="more than 16 MiB"):
        bounded.bounded(lambda: bytearray(1 << 30), memory=16 << 20)
    assert before == (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGPROF))
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


@pytest.mark.slow
def test_a_command_says_so_in_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(resolve(Model(name="tiny")).path, folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": "{{ 'a' * 99999999999 }}"}))
    done = CliRunner().invoke(cli, ["solve", str(folder), "What is 2 + 3?"])
    assert isinstance(done.exception, SikedError), done.output
    assert "chat template" in str(done.exception)
