"""Contract suite of clusters: what comes of work placed elsewhere is what would come of it here.

It is subclassed like those in :mod:`siked.testing.suites`. The nodes have to be processes of this machine,
as the suite looks at what their workers leave in files.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siked.contracts import Cluster
from siked.errors import SikedError, UsageError
from siked.judging import judge
from siked.records import Completion, Item, Model, ModelInfo, Placed, Request
from siked.shapes import described
from siked.testing.cluster_parts import Company, Mortal, Sums, items
from siked.testing.model_suites import plan
from siked.testing.rules import must, must_be, must_be_component, must_work_by_default
from siked.workers import Spec, Worker, WorkerDied, WorkerPool

PARTS = "siked.testing.cluster_parts"
MODEL = Model(name="suite")


class ClusterContract:
    """For a :class:`siked.contracts.Cluster`; give the fixture ``cluster``, which has room for two workers
    and a judge.

    ``elsewhere`` may return a cluster whose workers have variables set in their environment, from a function
    that takes these; with it the suite looks whether nodes with another siked are refused. ``most`` is how
    many texts may be written that nobody has taken, and ``patience`` the seconds in which the workers of one
    who has gone have to end.
    """

    most = 20_000
    patience = 60.0

    @pytest.fixture
    def elsewhere(self) -> Callable[[Mapping[str, str]], Cluster] | None:
        return None

    def test_is_a_cluster(self, cluster: Cluster) -> None:
        must_be_component(cluster, "Cluster", ("backend", "judge", "inspect"))

    def test_works_with_default_options(self, cluster: Cluster) -> None:
        must_work_by_default(cluster)

    def test_names_what_a_worker_can_be_told(self, cluster: Cluster) -> None:
        parts = placed()
        for method, found in (
            ("backend", cluster.backend(parts, 2)),
            ("judge", cluster.judge(parts, parts)),
        ):
            must_be(found, method, Placed, rule=f"Cluster.{method}")
            try:
                same = json.loads(json.dumps(dict(found.options))) == dict(found.options)
            except TypeError:
                same = False
            must(same, f"the options of {method} do not go through JSON", f"Cluster.{method}")

    def test_texts_are_those_of_one_worker(self, cluster: Cluster, tmp_path: Path) -> None:
        lists = questions(3, 20)
        lists[1][4] = done(lists[1][4])
        for workers in (1, 2):
            with opened(cluster.backend(placed(), workers), tmp_path) as (worker, info):
                must(info == expected_info(), f"open returned {info}", "Cluster.backend")
                found = told(worker.generate_lists(lists), f"{workers} workers generate")
                must_be_all(found, lists, f"{workers} workers")

    def test_a_lost_worker_loses_and_doubles_nothing(self, cluster: Cluster, tmp_path: Path) -> None:
        (tmp_path / "dies").write_text("1")
        lists = questions(2, 30)
        with opened(cluster.backend(placed(dies=str(tmp_path / "dies")), 2), tmp_path) as (worker, _):
            found = told(worker.generate_lists(lists), "a worker dies")
            must(
                (tmp_path / "dies").read_text() == "0",
                "no worker of this machine was asked",
                "Cluster.backend",
            )
            must_be_all(found, lists, "a worker has died")

    def test_what_ends_every_worker_ends_in_an_error(self, cluster: Cluster, tmp_path: Path) -> None:
        (tmp_path / "dies").write_text("1000")
        made = cluster.backend(placed(dies=str(tmp_path / "dies"), at=1), 1)
        with opened(made, tmp_path) as (worker, _):
            try:
                list(worker.generate_lists(questions(1, 30)))
            except (SikedError, WorkerDied):
                return
            must(False, "a worker that dies again and again ends in no error", "Cluster.backend")

    def test_what_a_backend_says_is_said(self, cluster: Cluster, tmp_path: Path) -> None:
        said = "no such model: suite"
        try:
            with opened(cluster.backend(placed(refuses=said), 1), tmp_path):
                pass
        except SikedError as error:
            same = type(error) is UsageError and str(error) == said
            must(same, f"open raised UsageError: {said}; it became {_one_line(error)}", "Cluster.backend")
            return
        must(False, "what a backend raises on opening is not raised", "Cluster.backend")

    def test_nobody_writes_far_ahead(self, cluster: Cluster, tmp_path: Path) -> None:
        traces = tmp_path / "traces"
        lists = [questions(1, 2 * self.most)[0]]
        with opened(cluster.backend(placed(traces=str(traces)), 2), tmp_path) as (worker, _):
            taken = worker.generate_lists(lists)
            next(taken)
            count = -1
            while count < (count := _lines(traces)) <= self.most:
                time.sleep(1.0)
            said = f"{count} texts were written of which one was taken; {self.most} may wait"
            must(count <= self.most, said, "DispatchingBackend.dispatch")

    def test_workers_end_with_the_one_that_asked(self, cluster: Cluster, tmp_path: Path) -> None:
        traces = tmp_path / "traces"
        backend = cluster.backend(placed(traces=str(traces), seconds=0.2), 1)
        with opened(backend, tmp_path) as (worker, _):
            next(iter(worker.generate_lists(questions(1, 3000))))
        pids = {int(line) for line in traces.read_text().split()}
        deadline = time.monotonic() + self.patience
        while (left := [pid for pid in pids if _runs(pid)]) and time.monotonic() < deadline:
            time.sleep(0.2)
        said = f"{len(left)} workers still run {self.patience:.0f} s after the one that asked has gone"
        must(not left, said, "Cluster.backend")

    def test_verdicts_are_those_of_here_in_order(self, cluster: Cluster, tmp_path: Path) -> None:
        (tmp_path / "dies").write_text("0")
        self._judged(cluster, tmp_path, "verdicts")

    def test_a_lost_judge_loses_nothing(self, cluster: Cluster, tmp_path: Path) -> None:
        (tmp_path / "dies").write_text("1")
        self._judged(cluster, tmp_path, "verdicts after a judge has died")

    def _judged(self, cluster: Cluster, tmp_path: Path, what: str) -> None:
        made = Placed(f"{PARTS}:Mortal", {"dies": str(tmp_path / "dies")})
        given = items(400)
        here = judge(given, Mortal(Mortal.Options()), Sums(Sums.Options()).run)
        spec = _spec(cluster.judge(made, Placed(f"{PARTS}:Sums", {})))
        pool = WorkerPool(tmp_path, lambda note: None)
        try:
            found = told(pool.retry(spec, lambda worker: worker.judge(given)), "a judge is asked")
        finally:
            pool.close()
        must(len(found) == len(here), f"{len(found)} {what} for {len(here)} texts", "Judge.judge")
        wrong = sum(one != other for one, other in zip(found, here, strict=True))
        must(not wrong, f"{wrong} of {len(here)} {what} differ from those given here", "Judge.judge")

    def test_every_node_is_asked(self, cluster: Cluster) -> None:
        found = cluster.inspect(f"{PARTS}:probe")
        must(len(found) > 0, "inspect asked no node", "Cluster.inspect")
        names = [name for name, _ in found]
        must(len(set(names)) == len(names), f"inspect names a node twice: {names}", "Cluster.inspect")
        for name, text in found:
            good = isinstance(text, str) and text.startswith("process ")
            must(
                good,
                f"node {name} answers {described(text)}; the probe returned another text",
                "Cluster.inspect",
            )

    def test_nodes_with_another_siked_are_refused(
        self, elsewhere: Callable[[Mapping[str, str]], Cluster] | None, tmp_path: Path
    ) -> None:
        if elsewhere is None:
            pytest.skip("the fixture 'elsewhere' is not given")
        meta = tmp_path / "other" / "siked-99.0.dist-info"
        meta.mkdir(parents=True)
        (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: siked\nVersion: 99.0\n")
        made = elsewhere({"PYTHONPATH": str(meta.parent)}).backend(placed(), 1)
        try:
            with opened(made, tmp_path):
                pass
        except UsageError as error:
            must("99.0" in str(error), f"the version there is not told: {error}", "Cluster.backend")
            return
        must(False, "a node with siked 99.0 was taken", "Cluster.backend")


def placed(**options: Any) -> Placed:
    """Return the suite's backend as a worker makes it."""
    return Placed(f"{PARTS}:Company", options)


def questions(lists: int, size: int) -> list[list[Request]]:
    """Return lists of requests with different keys."""
    return [
        plan([f"What is {n} + {number}?" for n in range(size)], f"l{number}", 1) for number in range(lists)
    ]


def done(request: Request) -> Request:
    """Return a request whose text is there."""
    return replace(request, done=True)


def expected_info() -> ModelInfo:
    """Return what the suite's backend says of its model."""
    return Company(Company.Options()).open(MODEL)


@contextlib.contextmanager
def opened(made: Placed, folder: Path) -> Iterator[tuple[Worker, ModelInfo]]:
    """Be with a worker that has a model open."""
    worker = Worker(_spec(made), folder / "worker.log")
    try:
        yield worker, worker.open(MODEL)
    finally:
        worker.close()


def _spec(made: Placed) -> Spec:
    return Spec(role="suite", target=made.target, options=dict(made.options), apart=True)


def told(found: Any, when: str) -> list[Any]:
    """Return all of an iterator; one that raises fails the test in a line."""
    try:
        return list(found)
    except Exception as error:
        raise AssertionError(
            f"when {when}: {_one_line(error)} (rule: siked.contracts.Cluster.backend)"
        ) from error


def must_be_all(found: Sequence[Item], lists: Sequence[Sequence[Request]], when: str) -> None:
    """Fail unless there is the text of one worker for each request that was not done, once."""
    __tracebackhide__ = True
    rule = "DispatchingBackend.dispatch"
    texts = [item for item in found if isinstance(item, Completion)]
    keys = [item.key for item in texts]
    local = Company(Company.Options())
    wanted = {item.key: item.text for requests in lists for item in local.generate(requests)}
    must(len(keys) == len(set(keys)), f"{when}: {len(keys) - len(set(keys))} texts came twice", rule)
    missing = wanted.keys() - set(keys)
    must(not missing, f"{when}: {len(missing)} of {len(wanted)} texts did not come", rule)
    more = set(keys) - wanted.keys()
    must(not more, f"{when}: {len(more)} texts came that nobody asked for", rule)
    other = sum(item.text != wanted[item.key] for item in texts)
    said = f"{when}: {other} of {len(wanted)} texts are others: batches of a list were cut or mixed"
    must(not other, said, rule)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
