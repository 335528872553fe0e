"""The one legend of every key and channel in Redis. Nothing else spells a key.

All carry the hash tag `{inception}`, so that one script may touch a run, the indexes and its
owner's set in one step.

| key | type | holds | lives |
|---|---|---|---|
| `run:<id>` | hash | `record` (the Run, one field a line) and the control fields `state epoch server seq owner token op nodes rescues count:<STATE> intent:<path>` | until deleted or past retention |
| `nodes:<id>` | hash | path → Node (JSON, one field a line) | with the run |
| `large:<id>` | hash | `<path>:<field>` → JSON of a field above 4 KiB | with the run |
| `journal:<id>` | hash | path → `<digest> <task name>`; `<path>#<n>` → recorded value (JSON) | with the run |
| `claims:<id>` | hash | path → claim (JSON); `<path>:end` → end of that attempt (JSON) | with the run |
| `events:<id>` | stream | entry `<seq>-0`, field `e`: Event; about the last 1,000 | with the run |
| `log:<id>:<path>:<attempt>` | stream | what an attempt printed and logged; about the last 256 KiB | with the run |
| `logs:<id>` | set | the log keys of a run, so that deleting finds them | with the run |
| `runs` | sorted set | run ids by creation (ms) | for ever |
| `runs:<STATE>` | sorted set | run ids in that state by creation (ms) | for ever |
| `unowned` | sorted set | runs that wait for an owner: by creation, or 0 when given back | for ever |
| `owned:<process>` | set | the runs a watcher process holds | until it holds none |
| `idempotency:<key>` | string | run id and digest | 24 h |
| `catalogue` | hash | parent's name → Parent (JSON) | for ever, rewritten by workers |
| `beats` | hash | process → its last beat (JSON) | until the process is buried |

| channel | carries | heard by |
|---|---|---|
| `events:<id>` | Batch | relays that watch this run |
| `list` | Run, or `{"gone": id}` | relays that anybody's list looks at |
| `log:<id>:<path>:<attempt>` | log entries as they are written | relays |
| `orders:<process>` | claims, ends, revokes, orders for one process | that process |
| `orders` | "runs were given back", "parents announced" | every watcher |
| `beats` | the beat that moved | relays that show workers |
"""

from __future__ import annotations

from typing import Final

from inception.runs.model import State

TAG: Final = "{inception}:"

RUNS: Final = TAG + "runs"
UNOWNED: Final = TAG + "unowned"
CATALOGUE: Final = TAG + "catalogue"
BEATS: Final = TAG + "beats"
LIST_CHANNEL: Final = TAG + "list"
ALL_WATCHERS_CHANNEL: Final = TAG + "orders"
BEATS_CHANNEL: Final = TAG + "beats"


def run(run_id: str) -> str:
    """Hash of a run's record and control fields."""
    return f"{TAG}run:{run_id}"


def nodes(run_id: str) -> str:
    """Hash of a run's nodes by path."""
    return f"{TAG}nodes:{run_id}"


def large(run_id: str) -> str:
    """Hash of the fields that are too large for an event."""
    return f"{TAG}large:{run_id}"


def journal(run_id: str) -> str:
    """Hash of a run's recorded steps."""
    return f"{TAG}journal:{run_id}"


def claims(run_id: str) -> str:
    """Hash of who works on which node, and the ends of attempts."""
    return f"{TAG}claims:{run_id}"


def events(run_id: str) -> str:
    """Stream of a run's events; also the channel their batches are published on."""
    return f"{TAG}events:{run_id}"


def log(run_id: str, path: str, attempt: int) -> str:
    """Stream (and channel) of what one attempt prints and logs."""
    return f"{TAG}log:{run_id}:{path}:{attempt}"


def logs(run_id: str) -> str:
    """Set of the log keys of a run."""
    return f"{TAG}logs:{run_id}"


def runs_in(state: State) -> str:
    """Sorted set of the runs in one state, by creation."""
    return f"{RUNS}:{state}"


def owned(process: str) -> str:
    """Set of the runs that a watcher process holds."""
    return f"{TAG}owned:{process}"


def idempotency(key: str) -> str:
    """String that remembers which run an idempotency key has started."""
    return f"{TAG}idempotency:{key}"


def orders(process: str) -> str:
    """Channel on which one process hears what concerns it."""
    return f"{TAG}orders:{process}"
