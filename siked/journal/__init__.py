"""The journal: ``run.db``, an append-only SQLite file with one writer. All SQL of siked stands here."""

from siked.journal.canonical import canonical
from siked.journal.read import Reader
from siked.journal.stage import Stage, VerifierKey
from siked.journal.write import Journal

__all__ = ["Journal", "Reader", "Stage", "VerifierKey", "canonical"]
