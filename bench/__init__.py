"""Measurements: each row is a ratio taken in one run on one machine, and can be run alone.

    python -m bench              all rows
    python -m bench steps        one row

`make bench ROW=steps` does the same. Figures are printed, and written to bench/results/<row>.json.
"""
