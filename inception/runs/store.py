"""The store: every question to the record and every change of it, one typed method each."""

from __future__ import annotations

from inception.runs.bulks import Bulks
from inception.runs.catalogue import Catalogue
from inception.runs.claims import Claims
from inception.runs.listing import Listing
from inception.runs.logs import Logs
from inception.runs.presence import Presence
from inception.runs.reading import Reading
from inception.runs.retrying import Retrying
from inception.runs.scripts import refusals_as_errors
from inception.runs.submissions import Submissions
from inception.runs.writing import Writing


class Store(
    Submissions, Claims, Retrying, Writing, Presence, Reading, Listing, Logs, Bulks, Catalogue
):
    """The record in Redis, by who asks: each part is a module of its own.

    A method is one round trip unless it says otherwise, and one atomic step if it writes. All
    raise StoreUnavailable when Redis can't be reached or refuses for the moment (out of memory,
    loading, read-only); what was asked may then have been done or not.
    """

    def ping(self) -> None:
        """Ask Redis for a sign of life."""
        with refusals_as_errors():
            self._client.ping()
