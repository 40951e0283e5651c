"""Nodes that come and go, in processes of this machine: the rows of a local run, none twice, none missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

import siked
from siked.journal import Reader
from siked.journal.canonical import canonical
from siked.judging import judge
from siked.records import Answer, JudgeItem, Program, TrainProblem
from siked.registry import load_registry

pytest.importorskip("siked_ray", reason="pip install -e plugins/siked-ray")
pytest.importorskip("ray", reason="pip install ray")

from siked_ray import session
from siked_ray.judges import Judges
from siked_ray.options import Options as RayOptions

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head that takes no work, and two nodes of one CPU each."""
    from ray.cluster_utils import Cluster

    head = {
        "num_cpus": 0,
        "object_store_memory": 80 * 2**20,
        "include_dashboard": False,
        "_system_config": {"health_check_period_ms": 500, "health_check_timeout_ms": 5000},
    }
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        node(made)
        node(made)
        yield made
    finally:
        import ray

        ray.shutdown()
        made.shutdown()


def node(cluster: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)


def lose(cluster: Any) -> None:
    """Kill a node, its workers and all, without a word."""
    cluster.remove_node(sorted(cluster.worker_nodes, key=lambda n: n.unique_id)[0], allow_graceful=False)


def rows(folder: Path) -> list[str]:
    reader = Reader.at(folder)
    try:
        return list(canonical(reader))
    finally:
        reader.close()


def texts(folder: Path, step: str) -> int:
    """How many texts a step has so far."""
    try:
        reader = Reader.at(folder)
    except Exception:  # before there is a journal
        return 0
    try:
        return sum(f'"{step}"' in line and '"ok"' in line for line in canonical(reader))
    finally:
        reader.close()


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    code = "from siked.cli.main import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def until(process: subprocess.Popen[bytes], there: Callable[[], bool]) -> None:
    while not there():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.1)


def many(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        **settings,
        "dataset": {"name": "additions", "train": 40, "dev": 8, "test": 8},
        "sample": {"k": 10},
        "controls": [],
        "iterations": 1,
    }


def placed(settings: dict[str, Any], cluster: Any, folder: Path) -> Path:
    """Write the settings of the same run on the cluster, with engines that take their time."""
    values = {
        **settings,
        "backend": {"name": "scripted", "replicas": 3, "delay": 0.02, "pause": str(folder / "pause")},
        # with the judge that a node takes beside it
        "cluster": {"name": "ray", "address": cluster.address, "cpus": 0.4, "judge_cpus": 0.1},
    }
    path = folder / "placed.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def same(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The settings of the local run that the one on the cluster has to equal."""
    return {**settings, "backend": {"name": "scripted", "delay": 0.0, "pause": str(folder / "pause")}}


def without_delay(lines: list[str]) -> list[str]:
    return [line.replace('\\"delay\\": 0.02', '\\"delay\\": 0.0') for line in lines]


def test_a_node_is_lost_and_one_joins_while_sampling_and_the_driver_is_killed(
    settings: dict[str, Any], cluster: Any, tmp_path: Path
) -> None:
    settings = many(settings)
    alone = siked.run(same(settings, tmp_path), tmp_path / "alone")
    shared = tmp_path / "shared"
    config = placed(settings, cluster, tmp_path)
    first = start(["run", "--config", str(config), "--out", str(shared)])
    until(first, lambda: texts(shared, "sample") > 60)
    # Engines stand still while nodes change, which may take longer than all the rest.
    pause = tmp_path / "pause"
    pause.touch()
    lose(cluster)
    node(cluster)
    # All nodes have one address here, so a driver that starts may take a dead one for its own until then.
    cluster.wait_for_nodes(timeout=300)
    before = texts(shared, "sample")
    pause.unlink()
    until(first, lambda: texts(shared, "sample") > before + 100)
    pause.touch()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    pause.unlink()
    half = texts(shared, "sample")
    assert before < half < 1200, "it was killed in the middle"
    second = start(["resume", str(shared)])
    _, said = second.communicate(timeout=900)
    assert second.returncode == 0, said
    assert without_delay(rows(shared)) == rows(alone.folder)


def test_a_node_is_lost_and_one_joins_while_verifying(cluster: Any) -> None:
    problems = [TrainProblem(id=str(n), question="?", gold=str(n), dataset="d") for n in range(200)]
    slow = "total = 0\nfor i in range(60000):\n    total += i % 7\nanswer = total - total + {n}"
    items = [
        JudgeItem(n, problem, Program(slow.format(n=n)) if n % 2 else Answer(f"Final Answer: {n}"))
        for n, problem in enumerate(problems)
        for _ in range(4)
    ]
    registry = load_registry()
    places = {
        kind: {"target": registry.find(kind, name).target, "options": {}}
        for kind, name in (("verifier", "numeric"), ("sandbox", "auto"))
    }
    judges = Judges(
        Judges.Options(**places, cluster={"address": cluster.address, "judges": 3, "judge_cpus": 0.5})
    )

    # Ray starts nodes from the main thread only.
    session.connect(RayOptions(address=cluster.address))
    with ThreadPoolExecutor(1) as thread:
        judging = thread.submit(lambda: [judges.judge(items) for _ in range(2)])
        time.sleep(2)
        lose(cluster)
        node(cluster)
        found = judging.result()
    sandbox = registry.make("sandbox", "auto")
    try:
        local = judge(items, registry.make("verifier", "numeric"), sandbox.run)
    finally:
        sandbox.close()
    for one in found:
        assert [judged.verdict for judged in one] == [judged.verdict for judged in local]
        assert [judged.program and judged.program.answer for judged in one] == [
            judged.program and judged.program.answer for judged in local
        ]
