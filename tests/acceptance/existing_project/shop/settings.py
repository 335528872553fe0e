"""The project's settings, some of them other than Inception would have them."""

from __future__ import annotations

import os

broker_url = os.environ["SHOP_BROKER"]
result_backend = os.environ["SHOP_RESULTS"]
task_default_queue = "shop"
task_acks_late = True
task_track_started = True
result_expires = 600
timezone = "Europe/Vienna"
imports = ("shop.flows",)
