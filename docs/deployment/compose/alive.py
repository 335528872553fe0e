"""Health check of a worker's container: ends with 0 if a process of this host beats in Redis.

A worker that hangs beats no more, whatever its container says. A beat comes every 3 s.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from inception.runs.connection import connect
from inception.runs.settings import Settings
from inception.runs.store import Store
from webapp.fleet import FRESH_BEAT

settings = Settings.from_environment()
client = connect(settings.redis_url or "", purpose="health", size=1)
store = Store(client)
now = store.now_ms()
beats = [beat for beat in store.read_beats().values() if beat.host == socket.gethostname()]
sys.exit(0 if any(now - beat.seen_at <= FRESH_BEAT for beat in beats) else "no beat of this host")
