"""The process supervisor behind `make run`.

It starts the embedded Redis (unless `REDIS_URL` names another), a watcher, the compute workers
and the web; restarts whichever dies; and stops them all, Redis last. One thread of one process
decides everything here. `guard` is a second, tiny process which ends the others should the
supervisor itself be killed.

The modules, from the bottom up::

    redis_server  a Redis server of our own: its binary, address, configuration
    logfiles      bounded log files
    speech        what is said on stdout
    restarts      when to start a process again (pure)
    processes     one supervised process and its group, pid file, log
    births        recognising a process by pid and time of birth
    orphans       ending what an earlier supervisor left
    guard         ends the process groups when the supervisor dies
    checks        what must hold before anything is started
    commands      which processes there are, and their command lines
    readiness     waits for /readyz and says so
    wakeups       signals and child deaths as one waitable thing
    supervision   the loop
"""
