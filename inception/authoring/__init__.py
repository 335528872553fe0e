"""What an author of tasks touches: decorators, verbs, progress, outcomes, test mode.

Start with `task` (the base class that routes every call), `frame` (what a running parent is
behind), `verbs` (watch, now, sleep, …), `reporting` (track, report) and `direct` (test mode).
Knows the record of a run only through `inception.runs`; knows nothing of how parents are run
or where children work: those are plugged in through `frame` and `execution`.
"""
