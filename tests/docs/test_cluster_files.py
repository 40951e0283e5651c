"""The files for SLURM and Kubernetes hold together, and name commands and settings that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from siked.cli.main import COMMANDS

FILES = Path(__file__).parents[2] / "docs" / "how-to" / "files"
pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="the documents are not here")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_job_of_slurm_is_a_script() -> None:
    path = FILES / "slurm.sbatch"
    subprocess.run(["bash", "-n", str(path)], check=True)
    lines = path.read_text(encoding="utf-8").splitlines()
    asked = [line for line in lines if line.startswith("#SBATCH")]
    assert lines[0] == "#!/bin/bash"
    assert lines[1 : 1 + len(asked)] == asked, "SLURM stops reading options at the first command"
    assert all(re.fullmatch(r"#SBATCH --[a-z-]+=\S+", line) for line in asked)
    assert set(re.findall(r"\bsiked (\w+)", "\n".join(lines))) <= set(COMMANDS)


@pytest.mark.skipif(shutil.which("sbatch") is None, reason="no SLURM here")
def test_slurm_takes_the_job() -> None:
    there = subprocess.run(["scontrol", "ping"], capture_output=True, text=True, timeout=30)
    if "is UP" not in there.stdout:
        pytest.skip("no controller of SLURM answers")
    command = ["sbatch", "--test-only", str(FILES / "slurm.sbatch")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "to start at" in done.stderr or "Requested node configuration" in done.stderr, done.stderr


def test_the_job_of_kubernetes_has_what_kuberay_asks_for() -> None:
    job = yaml.safe_load((FILES / "rayjob.yaml").read_text(encoding="utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    head = cluster["headGroupSpec"]
    for group in (head, *cluster["workerGroupSpecs"]):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        pod = group["template"]["spec"]
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        for container in pod["containers"]:
            assert container["image"]
            mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
            assert mounted <= volumes
            assert container["resources"]["requests"] == container["resources"]["limits"]
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    entry = job["spec"]["entrypoint"]
    subprocess.run(["sh", "-n", "-c", entry], check=True)
    assert set(re.findall(r"\bsiked (\w+)", entry)) <= set(COMMANDS)
