"""`GET /metrics`: what Prometheus scrapes of this web process and of Redis.

ended_runs    counts runs as they end, from the list feed
readings      what is read from Redis at a scrape, and how that is bounded
page          the address
"""
