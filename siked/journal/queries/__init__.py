"""What steps and reports ask of a journal, as typed questions: one module a subject.

Every question about verdicts goes through the views ``current_rationale`` and ``current_verdict``,
so that no answer mixes attempts, versions of a verifier or its options.
"""
