"""The relay: carries what Redis publishes to the sockets of this web process.

One pub/sub connection, subscribed only to what one of our own sockets watches. Three kinds of
thread (greenlets where the process is patched), and who may do what is what keeps the order:

    listener   puts what it hears into an inbox, and never waits
    handlers   answer a client's question (subscribe, read, acknowledge) and note that it joins
    reader     reads the store where something was missed, and notes what it read
    flusher    emits, from those notes; it never waits for Redis

One emits at a time, so a client hears a run's batches in their order, whatever else goes on. What
was just heard of a run the listener sends itself, in the flusher's place, if nothing has to wait:
waking another thread for each update was half of what an update cost.
A client that doesn't drain its queue is left out until it has, is then given a fresh start (a
snapshot, the first page, the log from its place), and is disconnected after 15 s. Everything
sleeps when there is nothing to do.

    pacing      how often (pure)          run_feed   a run's position, holes, newest records (pure)
    run_page    a client's list (pure)    room       the members of one run (pure)
    outbox      a client's bounded queue  clients    the sockets of this process
    frames      an event's bytes (pure)   outlet     the way past the queue, for who keeps up
    published   what is heard (pure), mostly sent on unread
    run_rooms, run_lists, worker_board, log_tails, bulk_board    what can be watched
    pulses      who answers no ping any more
    meter       counts what is sent, for the metrics
    agent       the threads
"""
