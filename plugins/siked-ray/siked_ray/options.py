"""The options of the cluster, checked before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a worker takes of the cluster, and how the cluster is reached."""

    address: str = field(
        default="auto", metadata={"help": "HOST:PORT of the head; auto is the cluster this machine is in."}
    )
    cpus: Annotated[float, Ge(0)] = field(default=1.0, metadata={"help": "CPUs of a worker."})
    gpus: Annotated[float, Ge(0)] = field(default=0.0, metadata={"help": "GPUs of a worker."})
    memory_gib: Annotated[float, Ge(0)] = field(
        default=0.0, metadata={"help": "Main memory of a worker in GiB; 0 asks for none."}
    )
    resources: dict[str, float] = field(
        default_factory=dict, metadata={"help": "Other resources of a worker, as nodes name them."}
    )
    bundles: list[dict[str, float]] = field(
        default_factory=list,
        metadata={"help": "Placement group of a worker, for an engine over several nodes; none without."},
    )
    strategy: Literal["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"] = field(
        default="PACK", metadata={"help": "How the bundles of a worker are placed."}
    )
    judges: Annotated[int, Ge(0)] = field(
        default=0,
        metadata={"help": "Workers that run programs and give verdicts; 0 is one for each node with room."},
    )
    judge_cpus: Annotated[float, Ge(0)] = field(default=1.0, metadata={"help": "CPUs of each of these."})
    runtime_env: dict[str, Any] = field(
        default_factory=dict, metadata={"help": "Ray's runtime environment of all workers."}
    )
    wait: Annotated[float, Ge(1)] = field(
        default=600.0, metadata={"help": "Seconds to wait for a node that takes a worker, before giving up."}
    )
    weights_mib: Annotated[int, Ge(1)] = field(
        default=2048,
        metadata={"help": "MiB of a student's weights that are sent to nodes that do not see its folder."},
    )
