"""Options of strategies in a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.config import check_components, load_config, parse
from siked.errors import ConfigError, DataError
from siked.registry import load_registry

PROMPT = "=== instruction\n{ask}\n=== question\nq\n=== rationale\nSub-question 1: q?\nFinal Answer: 1\n"
L2M = {"name": "l2m", "exemplars": 2}


def test_names_and_sections_stand_side_by_side_and_are_dumped_as_given() -> None:
    config = parse({"strategies": ["cot", L2M, {"name": "pot"}]})
    assert config.strategy_names == ["cot", "l2m", "pot"]
    assert config.strategies[1].options == {"exemplars": 2}
    assert config.dump()["strategies"] == ["cot", L2M, "pot"]
    assert parse(config.dump()) == config
    assert parse({}).dump()["strategies"] == ["cot", "l2m", "pot"]


def test_set_takes_json() -> None:
    config = load_config(sets=['strategies=["cot",{"name":"l2m","prompt_file":"x"}]'])
    assert config.dump()["strategies"] == ["cot", {"name": "l2m", "prompt_file": "x"}]


def test_a_strategy_that_is_named_again_keeps_its_options(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"strategies": ["cot", L2M]}))
    found = load_config(file=file, flags={"strategies": ["l2m", "pot"]})
    assert found.dump()["strategies"] == [L2M, "pot"]
    changed = load_config(file=file, sets=['strategies=[{"name":"l2m","domain":"mathematics"}]'])
    assert changed.dump()["strategies"] == [{**L2M, "domain": "mathematics"}]
    assert load_config(file=file).dump()["strategies"] == ["cot", L2M]


def test_the_papers_prompts_are_mathematical() -> None:
    config = load_config(preset="paper", flags={"strategies": ["pot", "cot"]})
    assert [section.options for section in config.strategies] == [{"domain": "mathematics"}] * 2


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({"name": "l2m", "prompts": 1}, "strategy 'l2m' has no option 'prompts'; it has: domain, exemplars"),
        ({"name": "l2m", "exemplars": "many"}, "strategy.exemplars"),
        ({"name": "l2m", "domain": "cooking"}, "strategy.domain"),
        ({"name": "l2m", "exemplars": 99}, "exemplars is 99, but"),
        ({"exemplars": 1}, "strategies.0.name"),
        (7, "strategies.0"),
    ],
)
def test_options_are_checked_before_a_run(section: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        check_components(parse({"strategies": [section]}), load_registry())


def test_a_prompt_file_that_is_not_there_is_told_before_a_run() -> None:
    with pytest.raises(DataError, match=r"none\.txt"):
        check_components(parse({"strategies": [{"name": "cot", "prompt_file": "none.txt"}]}), load_registry())


def test_check_shows_them(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"strategies": ["cot", L2M]}))
    done = CliRunner().invoke(cli, ["check", str(file)])
    assert done.exit_code == 0, done.output
    assert yaml.safe_load(done.output)["strategies"] == ["cot", L2M]


def test_another_prompt_is_another_request_and_no_other(settings: dict[str, Any], tmp_path: Path) -> None:
    """Options that decide a prompt enter the teacher's keys through the messages."""
    keys = []
    for ask in ("one", "two"):
        file = tmp_path / f"{ask}.txt"
        file.write_text(PROMPT.format(ask=ask))
        strategies = ["cot", {"name": "l2m", "prompt_file": str(file), "exemplars": 1}]
        run = siked.run(
            {**settings, "strategies": strategies, "iterations": 0, "controls": []}, tmp_path / ask
        )
        taught = [row for row in run.rationales() if row["step"].startswith("teach:")]
        keys.append({(row["strategy"], row["problem"]): row["key"] for row in taught})
    one, two = keys
    assert one.keys() == two.keys()
    assert {name for name, problem in one if one[name, problem] != two[name, problem]} == {"l2m"}
    assert {name for name, problem in one if one[name, problem] == two[name, problem]} == {"cot"}
