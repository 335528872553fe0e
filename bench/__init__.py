"""Measurements: each row is measured beside what one would have otherwise, in the same run.

    python -m bench              all rows, then docs/benchmarks.md
    python -m bench 6 6b         these rows alone

`make bench ROW=6` does the same. A row runs in a process of its own and within a time that it
names, so one that fails or hangs is reported and the others go on. Figures are printed, written to
bench/results/<row>.json, and rendered into docs/benchmarks.md with a plot for each row. Absolute
figures are those of one machine; the ratios are what is promised.
"""
