"""Reading study files."""

from pathlib import Path

import pytest

from siked.errors import ConfigError
from siked.registry import load_registry
from siked.runs.study.plan import load_plan

GOOD = """
seeds: [0, 1]
base: {preset: tiny, iterations: 1}
cells:
  combined: {iterations: 0}
  adaptive: {}
  all: {schedule: {name: all}}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    return path


def test_a_cell_is_the_base_with_its_own_settings_and_a_seed(tmp_path: Path) -> None:
    plan = load_plan(write(tmp_path, GOOD))
    plan.check(load_registry())
    assert (plan.name, plan.reference) == ("grid", "combined")
    config = plan.config("all", 1)
    assert (config.schedule.name, config.iterations, config.seed) == ("all", 1, 1)
    assert config.student.model == "tiny"
    assert plan.config("combined", 0).iterations == 0


def test_seeds_can_be_replaced(tmp_path: Path) -> None:
    assert load_plan(write(tmp_path, GOOD), [7]).seeds == (7,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "a study is a mapping"),
        ("cell: {}", "unknown key 'cell'"),
        ("seeds: [0]", "'cells' maps names"),
        ("cells: {'a b': {}}", "cell 'a b'"),
        ("cells: {a: 3}", "cell 'a' is a mapping"),
        ("{seeds: [], cells: {a: {}}}", "'seeds' is a list"),
        ("{seeds: [1, 1], cells: {a: {}}}", "names one twice"),
        ("{cells: {a: {iteration: 3}}}", "cell 'a': unknown key 'iteration'"),
        ("{cells: {a: {schedule: {name: nope}}}}", "cell 'a':.*nope"),
        ("{reference: b, cells: {a: {}}}", "reference 'b' is no cell"),
        ("{reference: a/nope, base: {preset: tiny}, cells: {a: {}}}", "trains no control 'nope'"),
        ("{", "not YAML"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_plan(write(tmp_path, text)).check(load_registry())
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_plan(tmp_path / "none.yaml")
