"""The record that both sides stand on: what runs there are, and how far each of them is.

Workers write it, the web reads it, and neither needs the other. Nothing here knows of Flask,
Socket.IO or green threads.

**One step.** Every change is one Lua script that checks, numbers, stores and publishes. Callers
send the fields they decide; the script merges them and publishes the whole record as an event. So
two writers don't overwrite one another, and whoever reads `seq` knows whether something is missing.

**States.** A run, and each of its nodes::

    create_run / spawn        claim                    first word
         PENDING ───────────▶ STARTED ───────────────▶ PROGRESS ──┐
            │                    │   ▲                    │       │ end_run (run)
            │     request_revoke │   │ claim  new_attempt │       │ write, end_unclaimed (node)
            ▼                    ▼   └──── RETRY ◀────────┘       ▼
         REVOKED ◀─────────── REVOKING            SUCCESS · FAILURE · REVOKED · LOST

Final states are written once; only a retry of the run leaves them. Under a revoke on its path or
above, a state that isn't final is stored as REVOKING, and a parent ends REVOKED.

**What is trusted.** An owner's write carries its name and token, drawn at random and compared for
equality: a process that was frozen and lost its run is answered "stale" and changes nothing. A
child may write its own claim and its end, which make no event: the owner hears of it and makes
one. The end in the claim is the truth; Celery's results are hints. Anybody may create, request a
revoke, retry and delete; each is guarded by the state it needs. Times are the Redis server's.

**Failures.** Redis away: every method raises StoreUnavailable, and what was asked may have been
done; scripts of the owner carry the number of the operation, claims a nonce, so that asking again
does nothing twice. Redis killed: a server that started again has another run id, and a run's next
event begins a new epoch with no events kept, so clients take a snapshot instead of trusting numbers
that may be handed out twice. Pub/sub loses messages at every broken connection: the listener finds
out, subscribes again, and says that there was a gap.
"""
