"""Parents and children for pictures: each brings about what a page has to show well."""

from __future__ import annotations

import logging
import os
import signal
import time
from typing import Literal

from inception import child, parent, report, track, watch, watch_all

LONG = 100_000.0
"""Seconds (s): longer than anybody takes pictures."""
NARROW_QUEUE = "gpu"
"""Nobody takes from it."""

log = logging.getLogger(__name__)


@child
def resize(image: str, seconds: float = 0.0) -> dict[str, object]:
    """Resize one image, a step each tenth of the seconds (s)."""
    for _ in track(range(10), message=f"Resizing {image}"):
        time.sleep(seconds / 10)
    return {"image": image, "width": 640, "sizes": [64, 128, 640], "kept": True}


@child
def stay(done: int, total: int | None, message: str) -> None:
    """Stay at one point of the work."""
    report(done, total, message)
    time.sleep(LONG)


@child
def end_badly(message: str) -> None:
    """Print what went before, and fail."""
    print("Reading the index of 214 files")
    log.warning("thumbnails/0031.jpg: no EXIF block, taking the file's date")
    log.error("thumbnails/0032.jpg: unexpected end of data")
    raise ValueError(message)


@child
def chat(lines: int) -> int:
    """Print and log many lines."""
    for number in range(lines):
        if number % 17 == 5:
            log.warning("shard %d answered after %d ms", number % 8, 900 + number)
        elif number % 29 == 11:
            log.error("shard %d refused: too many connections", number % 8)
        else:
            print(f"{number:>4}  read shard {number % 8}, {number * 37 % 911} rows")
    return lines


@child(rerun_if_lost=False)
def vanish() -> None:
    """Take the process along."""
    os.kill(os.getpid(), signal.SIGKILL)


@child
def refuse_to_stop() -> None:
    """Take as long to stop as one may."""
    report(3, 10, "Holding on")
    try:
        time.sleep(LONG)
    finally:
        time.sleep(4.5)


@child(bind=True, autoretry_for=(OSError,), max_retries=5, default_retry_delay=LONG)
def try_again(self: object) -> None:
    """Wait for another attempt."""
    raise OSError("Connection reset by peer")


@parent(steps=["Resize", "Publish"])
def thumbnails(
    count: int = 4, seconds: float = 0.4, quality: Literal["low", "high"] = "high"
) -> int:
    """Resize images for the gallery, then publish what came of it."""
    done = watch_all([resize.s(f"{n:04}.jpg", seconds) for n in range(count)], limit=4)
    return len(done)


@parent
def every_state() -> None:
    """Have one task in each state at once."""
    watch(
        resize.s("0001.jpg"),
        end_badly.s("File is truncated: 0032.jpg"),
        vanish.s(),
        stay.s(37, 100, "Reading shard 37"),
        stay.s(1_204, None, "Following the feed"),
        try_again.s(),
        stay.s(0, 10, "To be revoked"),
        resize.s("0002.jpg").set(queue=NARROW_QUEUE),
    )


@parent
def a_parent_with_quite_a_long_name_as_people_write_them_in_earnest(
    destination_bucket_of_the_finished_archive: str = "s3://archive/2026/november/28",
) -> None:
    """Have long names, messages and errors.

    The first line stands in the list; the rest of what was written is read here.
    """
    word = "pneumonoultramicroscopicsilicovolcanoconiosis-" * 3
    watch(
        stay.s(123_456, 9_876_543, f"Reading s3://archive/{word}/part-00001.parquet"),
        label="Copy the archive of the whole year 2026 to its new place in another region",
    )


@parent
def fails_at_length(words: int = 40) -> object:
    """Fail with a long error."""
    watch(resize.s("0001.jpg"), label="Prepare")
    say = "The file is not what it says it is. " * words
    return watch(end_badly.s(say), label="Check").value


@parent
def talkative(lines: int = 120) -> int:
    """Have a long output."""
    count: int = watch(chat.s(lines), label="Read the shards").value
    return count


@parent
def stubborn() -> None:
    """Stay in REVOKING for as long as one may."""
    watch(refuse_to_stop.s(), stay.s(2, 8, "Copying"))


@parent
def deep(levels: int = 9) -> int:
    """Be a parent in a parent in a parent."""
    if levels == 0:
        watch(stay.s(4, 9, "At the bottom"))
        return 0
    watch(resize.s(f"{levels:04}.jpg"))
    below: int = watch(deep.s(levels - 1)).value
    return below + 1


@parent
def wide(count: int = 300) -> int:
    """Have many children at once."""
    return len(watch_all(resize.s(f"{n:04}.jpg") for n in range(count)))


@parent
def wide_and_one_fails(count: int = 700) -> int:
    """Have many children, and fail by the last."""
    watch_all(resize.s(f"{n:04}.jpg") for n in range(count))
    return int(watch(end_badly.s("0700.jpg is no picture")).value)


@parent
def nightly(count: int = 3) -> int:
    """Be one of many runs."""
    if count % 7 == 6:
        return int(watch(end_badly.s("Disk quota exceeded")).value)
    return len(watch_all(resize.s(f"{n:04}.jpg") for n in range(count)))
