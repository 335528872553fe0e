"""The Grafana dashboard asks for metrics that there are, by labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from inception.runs.model import State
from inception.runs.records import Beat
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from tests.running import eventually
from webapp.metrics import readings

DASHBOARD = Path(__file__).resolve().parents[3] / "docs/deployment/grafana.json"
METRIC = re.compile(r"\b(?:inception|process)_\w+")
SELECTOR = re.compile(r"(\w+)\{([^}]*)\}")
GIVEN_BY_PROMETHEUS = {"instance"}


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


@pytest.fixture(autouse=True)
def read_at_every_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees what it has just done."""
    monkeypatch.setattr(readings, "KEPT", 0.0)


@pytest.fixture
def samples(web: Web, owner: Owner, store: Store) -> dict[str, set[str]]:
    """Every sample's labels by its name, once a run has ended and a process has beaten."""

    def scraped() -> dict[str, set[str]]:
        text = requests.get(f"{web.address}/metrics", timeout=PATIENCE).text
        families = text_string_to_metric_families(text)
        return {s.name: set(s.labels) for family in families for s in family.samples}

    scraped()
    about = {"process": "p", "host": "h", "pid": 1, "name": "n", "slots": 1, "counter": 1}
    store.beat(Beat(kind="compute", queues=["children"], running=[], stopping=False, **about))  # type: ignore[arg-type]
    owner.create()
    owner.begin().end(State.FAILURE)
    eventually(lambda: "inception_runs_ended_total" in scraped(), PATIENCE, "the end is counted")
    return scraped()


def test_every_metric_that_it_names_is_there_with_the_labels_that_it_asks_for(
    samples: dict[str, set[str]],
) -> None:
    asked = [found for text in expressions() for found in SELECTOR.findall(text)]
    assert len(asked) > 30
    for name, selector in asked:
        assert name in samples
        labels = {label.strip() for label in re.findall(r"(\w+)=", selector)}
        assert labels - GIVEN_BY_PROMETHEUS <= samples[name], name


def test_it_shows_every_metric_of_ours(samples: dict[str, set[str]]) -> None:
    named = {name for text in expressions() for name in METRIC.findall(text)}
    hidden = re.compile(r"_(?:created|sum|count)$")
    ours = {name for name in samples if name.startswith("inception_") and not hidden.search(name)}
    assert ours - named == set()
