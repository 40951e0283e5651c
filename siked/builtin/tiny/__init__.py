"""What runs with nothing configured: word problems, a teacher and a tiny student, all bundled."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_datasets(register: Register) -> None:
    """Offer the bundled word problems and their tests out of distribution."""
    module = "siked.builtin.tiny.datasets"
    register("wordproblems", f"{module}:WordProblems")
    register("wordproblems-names", f"{module}:Names")
    register("wordproblems-numbers", f"{module}:Numbers")
    register("wordproblems-steps", f"{module}:Steps")
    register("wordproblems-phrasing", f"{module}:Phrasing")


@hookimpl
def siked_register_backends(register: Register) -> None:
    """Offer the bundled teacher."""
    register("tiny-teacher", "siked.builtin.tiny.teacher:TinyTeacher")
