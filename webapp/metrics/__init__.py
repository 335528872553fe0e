"""`GET /metrics`: what Prometheus scrapes of this web process and of Redis.

relay_meter   counts what this process's relay sends, as it sends
ended_runs    counts runs as they end, from the list feed
readings      what is read from Redis at a scrape, and how that is bounded
page          the address
"""
