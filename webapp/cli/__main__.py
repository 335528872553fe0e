"""`python -m webapp.cli`: what `./runs` runs."""

from __future__ import annotations

from webapp.cli.complete import complete_group

if __name__ == "__main__":
    complete_group()(prog_name="runs")
