"""A run on a Ray cluster of one node: the rows of a local run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import siked
from siked import config as configuration
from siked.errors import ConfigError, UsageError
from siked.journal import Reader
from siked.journal.canonical import canonical
from siked.records import Answer, JudgeItem, Placed, TrainProblem
from siked.registry import load_registry
from siked.testing.cluster_suites import ClusterContract

pytest.importorskip("siked_ray", reason="pip install -e plugins/siked-ray")
pytest.importorskip("ray", reason="pip install ray")

from siked_ray import session
from siked_ray.actors import packed, unpacked
from siked_ray.cluster import Ray
from siked_ray.engines import actor_options
from siked_ray.judges import parts
from siked_ray.options import Options as RayOptions


@pytest.fixture(scope="module")
def head() -> Iterator[str]:
    """The address of a cluster of one node with two CPUs, in processes of this machine."""
    from ray.cluster_utils import Cluster

    made = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 2, "object_store_memory": 80 * 2**20, "include_dashboard": False},
    )
    yield made.address
    made.shutdown()


def rows(folder: Path) -> list[str]:
    reader = Reader.at(folder)
    try:
        return list(canonical(reader))
    finally:
        reader.close()


def test_a_run_on_two_workers_has_the_rows_of_a_local_run(
    settings: dict[str, Any], head: str, tmp_path: Path
) -> None:
    settings = {**settings, "iterations": 1, "controls": []}
    alone = siked.run(settings, tmp_path / "alone")
    cluster = {"name": "ray", "address": head, "cpus": 0.5, "judge_cpus": 0.5, "judges": 2}
    placed = {**settings, "backend": {"name": "scripted", "replicas": 2}, "cluster": cluster}
    shared = siked.run(placed, tmp_path / "shared")
    assert rows(shared.folder) == rows(alone.folder)
    assert shared.summary["iterations"][1]["accuracy"] == alone.summary["iterations"][1]["accuracy"]


@pytest.mark.slow
class TestRay(ClusterContract):
    @pytest.fixture
    def cluster(self, head: str) -> Ray:
        return Ray(RayOptions(address=head, cpus=0.5, judge_cpus=0.5))

    @pytest.fixture
    def elsewhere(self, head: str) -> Callable[[Mapping[str, str]], Ray]:
        return lambda names: Ray(RayOptions(address=head, cpus=0.5, runtime_env={"env_vars": dict(names)}))


def test_a_cluster_that_is_not_there_is_told_in_a_line(settings: dict[str, Any], tmp_path: Path) -> None:
    placed = {**settings, "cluster": {"name": "ray", "address": "127.0.0.1:1"}}
    with pytest.raises(UsageError, match=r"no Ray cluster answers at '127.0.0.1:1'.*ray start --head"):
        siked.run(placed, tmp_path / "run")
    assert not (tmp_path / "run").exists(), "nothing was spent"


def test_nodes_that_differ_are_named() -> None:
    here = session.versions()
    session.compare([("a", {**here, "torch": "2"}), ("b", {**here, "torch": "2"})])
    with pytest.raises(UsageError, match=r"node b has siked 0.0, and here is siked"):
        session.compare([("a", here), ("b", {**here, "siked": "0.0"})])
    with pytest.raises(UsageError, match=r"node b has no vllm, and node a vllm 1"):
        session.compare([("a", {**here, "vllm": "1"}), ("b", {k: v for k, v in here.items() if k != "vllm"})])


def test_texts_to_one_problem_stay_together() -> None:
    problem = TrainProblem(id="p", question="1 + 1?", gold="2", dataset="d")
    items = [JudgeItem(n // 50, problem, Answer("2")) for n in range(500)]
    made = parts(items)
    assert [one for part in made for one in part.items] == items
    assert [part.start for part in made] == [0, 150, 300, 450]
    mixed = [JudgeItem(n % 2, problem, Answer("2")) for n in range(500)]
    assert len(parts(mixed)) == 1
    assert parts([]) == []


def test_weights_travel_by_content(tmp_path: Path) -> None:
    folder = tmp_path / "w" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"\0" * 100)
    files = packed(tmp_path / "w", 1000)
    assert files == {"deep/a.bin": b"\0" * 100}
    assert packed(tmp_path / "w", 10) is None
    there = unpacked(files)
    assert unpacked(files) == there
    assert (there / "deep" / "a.bin").read_bytes() == b"\0" * 100


def test_options_become_rays() -> None:
    offer = load_registry().find("cluster", "ray")
    checked = configuration.options(offer, {"gpus": 2, "memory_gib": 1, "resources": {"h100": 1}})
    made = Ray(Ray.Options(**checked))
    assert actor_options(made.options, None) == {
        "num_cpus": 1.0,
        "num_gpus": 2.0,
        "memory": 2**30,
        "resources": {"h100": 1.0},
        "max_restarts": 0,
    }
    assert all(field.metadata["help"] for field in fields(Ray.Options))
    placed = made.backend(Placed("m:C", {"a": 1}), 3)
    assert placed.options["workers"] == 3
    with pytest.raises(ConfigError, match=r"cluster\.strategy"):
        configuration.options(offer, {"strategy": "NEAR"})


def test_a_backend_with_a_budget_has_no_replicas() -> None:
    pytest.importorskip("siked_openai")
    config = configuration.parse({"backend": {"name": "openai", "replicas": 2}})
    with pytest.raises(ConfigError, match="openai keeps one budget"):
        configuration.check_components(config, load_registry())


def test_the_orchestrator_imports_no_ray() -> None:
    code = (
        "import sys; from siked.registry import load_registry; from siked.records import Placed\n"
        "made = load_registry().make('cluster', 'ray')\n"
        "made.judge(made.backend(Placed('a:B', {}), 2), Placed('c:D', {}))\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'ray', 'torch'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
