"""Finding plugins: owners, clashes, broken ones, and what is pinned by the environment."""

import json
import subprocess
import sys
from typing import Any

import pytest

from siked.config import check_components, parse
from siked.errors import AmbiguousName, ConfigError, PluginError, UnknownName
from siked.plugins import load_plugins
from siked.registry import load_registry

STRATEGY = """
from dataclasses import dataclass
from siked import hookimpl
from siked.records import Answer, Message

class Mine:
    name = "{name}"
    tag = "[{name}]"
    @dataclass(frozen=True)
    class Options: pass
    def __init__(self, options): pass
    def teacher_messages(self, problem): return [Message("user", problem.question)]
    def read(self, text): return Answer(text)

@hookimpl
def siked_register_strategies(register):
    register("{name}", __name__ + ":Mine")
"""


@pytest.fixture(autouse=True)
def not_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIKED_STRICT_PLUGINS", raising=False)


def test_built_ins_come_through_the_same_door() -> None:
    registry = load_registry()
    assert {"cot", "l2m", "pot"} <= set(registry.names("strategy"))
    assert all(offer.owner == "siked" for offer in registry.offers if offer.name in ("cot", "numeric", "trl"))
    assert registry.plugins.skipped == []


def test_a_strangers_strategy_is_found_with_its_owner(install: Any) -> None:
    install("acme-ways", STRATEGY.format(name="tot"))
    offer = load_registry().find("strategy", "tot")
    assert (offer.owner, offer.version) == ("acme-ways", "1.0")
    assert load_registry().make("strategy", "acme-ways/tot").tag == "[tot]"


def test_a_clash_fails_at_use_and_names_both(install: Any) -> None:
    install("acme-ways", STRATEGY.format(name="cot"))
    registry = load_registry()
    with pytest.raises(AmbiguousName, match="acme-ways/cot or siked/cot"):
        registry.find("strategy", "cot")
    assert registry.find("strategy", "siked/cot").owner == "siked"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module_at_all", "cannot be imported"),
        ("1 / 0", "ZeroDivisionError"),
        (
            "from siked import hookimpl\n@hookimpl\ndef siked_register_strategy(register): pass",
            "siked_register_strategy",
        ),
        (
            "from siked import hookimpl\n@hookimpl\ndef siked_register_strategies(register, more): pass",
            "more",
        ),
    ],
)
def test_a_broken_plugin_is_skipped_with_its_reason(
    install: Any, code: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("acme-broken", code)
    plugins = load_plugins()
    (skipped,) = plugins.skipped
    assert skipped.owner == "acme-broken"
    assert reason in skipped.reason
    assert "cot" in load_registry().names("strategy")
    monkeypatch.setenv("SIKED_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="acme-broken"):
        load_plugins()


def test_a_plugin_for_another_siked_is_skipped(install: Any) -> None:
    install("acme-future", STRATEGY.format(name="tot"), requires="siked>=9")
    (skipped,) = load_plugins().skipped
    assert "wants siked>=9" in skipped.reason


def test_the_environment_pins_strangers_only(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install("acme-ways", STRATEGY.format(name="tot"))
    monkeypatch.setenv("SIKED_PLUGINS", "")
    assert "tot" not in load_registry().names("strategy")
    assert "cot" in load_registry().names("strategy")
    monkeypatch.setenv("SIKED_PLUGINS", "Acme.Ways")
    assert "tot" in load_registry().names("strategy")


def test_a_plugin_can_add_a_command_and_cannot_take_one(install: Any) -> None:
    install(
        "acme-cli",
        "import click\nfrom siked import hookimpl\n@hookimpl\ndef siked_add_commands(group):\n"
        "    group.command('hello')(lambda: click.echo('hello from acme'))\n"
        "    group.command('run')(lambda: click.echo('taken'))\n",
    )
    run = [sys.executable, "-c", "from siked.cli.main import main; main()"]
    assert "hello from acme" in subprocess.run([*run, "hello"], capture_output=True, text=True).stdout
    assert "taken" not in subprocess.run([*run, "run", "--help"], capture_output=True, text=True).stdout


def test_unknown_names_and_options_say_what_there_is(fakes: Any) -> None:
    registry = load_registry()
    with pytest.raises(UnknownName, match=r"no schedule named 'adaptiv'; installed: adaptive"):
        check_components(parse({"schedule": {"name": "adaptiv"}}), registry)
    with pytest.raises(ConfigError, match=r"'instant' has no option 'speed'; it has: gain, seconds"):
        check_components(
            parse({"trainer": {"name": "instant", "speed": 1}, "teacher": {"name": "scripted"}}), registry
        )


def test_light_commands_import_neither_torch_nor_pydantic() -> None:
    code = (
        "import sys, json\nfrom click.testing import CliRunner\nfrom siked.cli.main import cli\n"
        "CliRunner().invoke(cli, ['--help']); r = CliRunner().invoke(cli, ['plugins'])\n"
        "assert r.exit_code == 0\n"
        "heavy = {'torch','transformers','trl','peft','datasets','pydantic','sympy'} & set(sys.modules)\n"
        "print(json.dumps(sorted(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
