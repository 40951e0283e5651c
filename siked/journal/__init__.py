"""The journal: ``run.db``, an append-only SQLite file with one writer."""

from siked.journal.canonical import canonical
from siked.journal.read import Reader
from siked.journal.write import Journal

__all__ = ["Journal", "Reader", "canonical"]
