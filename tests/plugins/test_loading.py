"""Finding plugins: owners, clashes, broken ones, and what is pinned by the environment."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from siked.cli.main import cli
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


HOOK = "from siked import hookimpl\n@hookimpl\ndef siked_register_strategies(register):\n"
COMPONENT = (
    "from dataclasses import dataclass\nclass Mine:\n    name = 'tot'\n"
    "    @dataclass\n    class Options: pass\n"
    "    def teacher_messages(self, problem): pass\n    def read(self, text): pass\n"
    "    def __init__(self, options):\n"
)


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


def test_a_name_of_sikeds_own_stays_its_own(install: Any) -> None:
    install("acme-ways", STRATEGY.format(name="cot"))
    registry = load_registry()
    assert registry.find("strategy", "cot").owner == "siked"
    other = registry.find("strategy", "acme-ways/cot")
    assert registry.shadowed(registry.find("strategy", "cot")) == [other]
    assert registry.address(other) == "acme-ways/cot"
    check_components(parse({}), registry)


def test_a_clash_of_strangers_fails_at_use_and_names_both(install: Any) -> None:
    install("acme-ways", STRATEGY.format(name="tot"))
    install("bolt-ways", STRATEGY.format(name="tot"))
    registry = load_registry()
    with pytest.raises(AmbiguousName, match="acme-ways/tot or bolt-ways/tot"):
        registry.find("strategy", "tot")
    assert registry.find("strategy", "bolt-ways/tot").owner == "bolt-ways"


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
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
        (
            HOOK + "    raise RuntimeError('no licence')",
            "siked_register_strategies raised RuntimeError: no lic",
        ),
        (HOOK + "    raise SystemExit", "siked_register_strategies raised SystemExit"),
        (HOOK + "    register(3, 'a:B')", "3 is no name of a strategy"),
        (HOOK + "    register('a/b', 'a:B')", "'a/b' is no name of a strategy"),
        (HOOK + "    register('tot', 'a.B')", "'a.B' is not 'module:Class'"),
        (HOOK + "    register('tot', 'a:B')\n    register('tot', 'a:C')", "'tot' is offered twice"),
    ],
)
def test_a_broken_plugin_is_skipped_with_its_reason(
    install: Any, code: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("acme-broken", code)
    registry = load_registry()
    (skipped,) = registry.plugins.skipped
    assert skipped.owner == "acme-broken"
    assert reason in skipped.reason
    assert {"cot", "l2m", "pot"} <= set(registry.names("strategy"))
    assert "acme-broken" not in {offer.owner for offer in registry.offers}
    listed = CliRunner().invoke(cli, ["plugins"])
    assert listed.exit_code == 0
    assert reason in listed.stderr
    monkeypatch.setenv("SIKED_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="acme-broken"):
        load_registry()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise OSError('no disk')", "cannot be used: OSError: no disk"),
        ("raise SystemExit(3)", "cannot be used: SystemExit: 3"),
        ("class Mine: pass", "has no dataclass 'Options'"),
        (COMPONENT + "        raise KeyError('x')", "cannot be used: KeyError: 'x'"),
    ],
)
def test_what_cannot_be_made_is_told_before_a_run(install: Any, code: str, reason: str, site: Path) -> None:
    install("acme-ways", HOOK + "    register('tot', 'acme_code:Mine')")
    (site / "acme_code.py").write_text(code)
    for command in (["check"], ["run", "--dry-run"]):
        done = CliRunner().invoke(cli, [*command, "--strategy", "cot,tot"])
        assert isinstance(done.exception, PluginError)
        assert "strategy 'tot' of acme-ways 1.0" in str(done.exception)
        assert reason in str(done.exception)


def test_a_hook_may_have_another_name_and_is_called_for_its_own_plugin_only(install: Any) -> None:
    named = (
        "from siked import hookimpl\nseen = []\n@hookimpl(specname='siked_register_strategies')\n"
        "def offer(register):\n    register('{name}', 'a:B')\n"
        "@hookimpl(specname='siked_run_finished')\ndef watch(event):\n    seen.append(event)\n"
    )
    install("acme-ways", named.format(name="tot"))
    install("bolt-ways", named.format(name="got"))
    registry = load_registry()
    owners = {offer.name: offer.owner for offer in registry.offers}
    assert (owners["tot"], owners["got"]) == ("acme-ways", "bolt-ways")
    failed = registry.plugins.call_each("siked_run_finished", event="over")
    assert not {plugin.owner for plugin, _ in failed} & {"acme-ways", "bolt-ways"}
    import acme_ways
    import bolt_ways

    assert (acme_ways.seen, bolt_ways.seen) == (["over"], ["over"])


def test_observers_and_commands_are_listed(install: Any) -> None:
    install(
        "acme-watch",
        "import click\nprint('loaded')\nfrom siked import hookimpl\n@hookimpl\n"
        "def siked_run_finished(event): pass\n@hookimpl\ndef siked_add_commands(group):\n"
        "    group.command('hello')(lambda: None)\n    group.command('run')(lambda: None)\n",
    )
    install("bolt-cli", "from siked import hookimpl\n@hookimpl\ndef siked_add_commands(group): 1 / 0\n")
    done = CliRunner().invoke(cli, ["plugins", "--json"])
    listed = json.loads(done.stdout)
    mine = {"owner": "acme-watch", "version": "1.0", "target": "acme_watch"}
    assert {"hook": "siked_run_finished", **mine} in listed["observers"]
    assert listed["commands"] == [{"name": "hello", **mine}]
    reasons = [skip["reason"] for skip in listed["skipped"]]
    assert reasons == [
        "its command 'run' is left out: siked has one already",
        "siked_add_commands raised ZeroDivisionError: division by zero",
    ]


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
