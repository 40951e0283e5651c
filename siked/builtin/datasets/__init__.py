"""Data sets: GSM8K, SVAMP, ASDiv, MultiArith, and a user's own problems."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_datasets(register: Register) -> None:
    register("gsm8k", "siked.builtin.datasets.gsm8k:Gsm8k")
    register("svamp", "siked.builtin.datasets.svamp:Svamp")
    register("svamp-1000", "siked.builtin.datasets.svamp:SvampWhole")
    register("asdiv", "siked.builtin.datasets.asdiv:Asdiv")
    register("multiarith", "siked.builtin.datasets.multiarith:MultiArith")
    register("multiarith-600", "siked.builtin.datasets.multiarith:MultiArithWhole")
    register("table", "siked.builtin.datasets.table:Table")
    register("jsonl", "siked.builtin.datasets.jsonl:Jsonl")
