"""The Flask side: pages, REST, sockets, and the relay that carries runs to browsers.

It stands on `inception.runs` alone and never imports a task body: which parents exist it learns
from the catalogue in Redis.

    app        puts everything together        settings come from inception.runs
    errors     one error shape, and the only place that decides an HTTP status
    binding    which address is served         access    whose requests are answered
    headers    what every response carries
    bodies     read whole or refused, also in chunks
    payloads   what bodies and socket payloads may hold; query strings
    actions    start, revoke, retry, rerun: what REST and sockets share
    api/       REST, one file a resource       sockets   the Socket.IO events
    relay/     runs, lists, workers and logs, live
    pages      the shells of the dashboard     assets    where they find their files
    packing    answers that hold no secret     kept_files  files by their version, before Flask
    fleet, queues, readiness, log_answer       what is answered of processes and logs
    lately, whole_files                        slow sources, asked now and then; small files
"""
