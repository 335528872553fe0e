"""Writes down, in each worker, what Redis answered to the end of a child.

Without it nobody could tell a child that finished from one that was killed between its last line
and its record: the claim of the attempt that follows takes the place of the recorded end.
"""

from __future__ import annotations

from inception.runs.claims import Claims
from inception.runs.records import ClaimEnd
from tests.chaos.hammer.ledger import Ledger, Verb


def install(ledger: Ledger) -> None:
    """Have every end that this process, or one forked from it, records leave a line."""
    original = Claims.end_claim

    def end_claim(self: Claims, end: ClaimEnd) -> bool:
        kept = original(self, end)
        verb = Verb.KEPT if kept else Verb.REFUSED
        ledger.write(verb, end.run_id, end.path, end.attempt, end.retries, end.state)
        return kept

    Claims.end_claim = end_claim  # type: ignore[method-assign]
