"""What a compute worker may write: the claim on one attempt, and its end.

None of these makes an event; the run's owner is told and makes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from inception.runs import keys, recordtext
from inception.runs.model import Meta
from inception.runs.records import (
    Claim,
    ClaimAnswer,
    ClaimEnd,
    ClaimRecord,
    EndRecord,
    Fields,
)
from inception.runs.scripts import Scripts, refusals_as_errors, result_words

TOLD_WHOLE_BYTES: Final = 16 * 1024
"""A larger end isn't sent to the owner, who reads it instead."""


class Claims(Scripts):
    """Claims attempts of children and records their ends."""

    def claim(self, claim: Claim) -> ClaimAnswer:
        """Claim an attempt; the body may run only if the answer is OK.

        The same Claim object may be sent again when Redis was away: it is the same claim.
        """
        words: list[str | int] = [claim.path, claim.attempt, claim.retries, claim.nonce]
        texts = [recordtext.raw(word) for word in (claim.task_id, claim.worker, claim.pid)]
        key, result = result_words(claim.word)
        answer = self._run_again_if_lost(
            "claim",
            [*keys.of_run(claim.run_id), *key],
            [recordtext.raw(claim.run_id), *words, *texts, *result],
        )
        return ClaimAnswer(answer[0])

    def end_claim(self, end: ClaimEnd) -> bool:
        """Record how an attempt ended; True if this is its end, also when it is sent again.

        False if another end was first, the claim is another's, a later attempt exists, or the
        run or this attempt is gone.
        """
        words: list[str | int] = [recordtext.raw(end.run_id), end.path, end.attempt, end.retries]
        key, result = result_words(end.word)
        words += (TOLD_WHOLE_BYTES, *result, *recordtext.arguments_of(_record_of(end)))
        answer = self._run_again_if_lost("end_claim", [*keys.of_run(end.run_id), *key], words)
        return bool(answer[0] == "ok")

    def retry_claim(
        self,
        run_id: str,
        path: str,
        attempt: int,
        retries: int,
        *,
        error: str,
        eta_ms: int | None,
    ) -> bool:
        """Record that Celery's own retry follows at `eta_ms` (None: now); it is no end.

        False if the claim is another's by now, or gone.
        """
        eta = "" if eta_ms is None else eta_ms
        answer = self._run_again_if_lost(
            "retry_claim",
            keys.of_run(run_id),
            [recordtext.raw(run_id), path, attempt, retries, recordtext.raw(error), eta],
        )
        return bool(answer[0] == "ok")

    def read_end(self, run_id: str, path: str) -> EndRecord | None:
        """The recorded end of the node's last claimed attempt, or None."""
        with refusals_as_errors():
            text = cast("str | None", self._client.hget(keys.claims(run_id), f"{path}:end"))
        return recordtext.end_of(text) if text else None

    def read_claims(self, run_id: str, paths: Sequence[str]) -> dict[str, ClaimRecord]:
        """The claims on nodes; those that nobody has claimed are left out."""
        if not paths:
            return {}
        with refusals_as_errors():
            texts = cast("list[str | None]", self._client.hmget(keys.claims(run_id), list(paths)))
        found = zip(paths, texts, strict=True)
        return {path: recordtext.claim_of(text) for path, text in found if text}


def _record_of(end: ClaimEnd) -> Fields:
    meta: Meta = end.meta
    return {
        **recordtext.patch(attempt=end.attempt, retries=end.retries, state=end.state, meta=meta),
        "value": "null" if end.value_text is None else end.value_text,
        **recordtext.patch(traceback=end.traceback, error_type=end.error_type),
    }
