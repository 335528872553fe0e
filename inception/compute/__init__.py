"""Inside a compute worker: what makes children claim, tell, stop and end.

```
main process                                pool processes (prefork)
  orders   hears "stop", signals   ──────>    interruption  raises it in the body
  slots    memory shared with the pool <───   attempts      claim, STARTED, body, end
  requests is told of a death ─> recorder     output        keeps what is printed
  beats    lists what the slots hold
```

Who ends a claim: the pool process, as its last act before Celery stores the result. Where it
can't, since it is gone, the main process does, as what killed it says: an order (`REVOKED`, or
what the order says), a time limit (`FAILURE`), anything else (`LOST`). Where the main process is
gone too, its beats are, and the watchers see to it.
"""

from __future__ import annotations
