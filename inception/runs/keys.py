"""The one legend of every key and channel in Redis. Nothing else spells a key.

All carry the hash tag `{inception}`, so that one script may touch a run, the indexes and its
owner's set in one step. "with the run" is until it is deleted or past retention.

| key | type | holds | lives |
|---|---|---|---|
| `run:<id>` | hash | `record` (Run, one field a line), and the fields below | with the run |
| `nodes:<id>` | hash | path → Node (JSON, one field a line) | with the run |
| `large:<id>` | hash | `<path>:<field>` → JSON of a field above 4 KiB | with the run |
| `journal:<id>` | hash | path → `<digest> <name>`; `<path>#<n>` → value (JSON) | with the run |
| `claims:<id>` | hash | path → claim; `<path>:end` → end of that attempt | with the run |
| `events:<id>` | stream | entry `<seq>-0`, field `e`: Event; about the last 1,000 | with the run |
| `log:<id>:<path>:<attempt>` | stream | its prints and logs, about 256 KiB | with the run |
| `logs:<id>` | hash | `<path>:<attempt>` → bytes kept, lines dropped | with the run |
| `runs` | sorted set | run ids by creation (ms) | for ever |
| `runs:<STATE>` | sorted set | run ids in that state by creation (ms) | for ever |
| `unowned` | sorted set | runs without owner: by creation, 0 if given back | for ever |
| `revokes` | set | runs with a revoke that was asked for | until the run ends |
| `places:<group>` | set | runs that have a place in a group of limited runs | while one goes on |
| `waiting:<name>` | sorted set | runs that wait for a place, by creation | while one waits |
| `owned:<process>` | set | the runs a watcher process holds | until it holds none |
| `idempotency:<key>` | string | digest and run id | 24 h |
| `bulk:<id>` | hash | a bulk action: what, by whom, `total done failed`, first failures | 7 days |
| `bulk_left:<id>` | list | the runs it has still to act on | until none is left, 7 days |
| `bulk_lease:<id>` | string | the web process that works on it | 15 s from its last step |
| `bulks` | sorted set | bulk actions that aren't done, by creation | until they are |
| `catalogue` | hash | parent's name → Parent (JSON) | for ever, rewritten by workers |
| `queues` | sorted set | queues that children were sent to, by when (ms): 1,000 | for ever |
| `ends:<name>` | list | how the latest runs of a parent ended (RecentEnd), newest first | 30 days |
| `tallies` | hash | how many `runs steps attempts events rescues losses beats` ever | for ever |
| `beats` | hash | process → its last beat (JSON); all who own a run | until the process is buried |
| `sessions`, `tokens` | hash | digest of a secret → Grant (JSON) | till expired or taken back |
| `accounts` | hash | user → role and mark of the password, as audited | for ever |
| `signins:<whose>` | string | sign-ins tried from an address, by all, for a name | 1 min, 1 h |
| `signins:known:<digest>` | sorted set | where a name signed in from last, by when (ms) | 30 days |
| `cookies` | string | what the web signs its cookies with | for ever |
| `audit` | stream | who did what to which run; about the last 10,000 | for ever |
| `audit:refused` | stream | likewise: sign-ins that were refused, which strangers make | for ever |

Fields of `run:<id>` beside `record`: `state epoch server seq` (the numbering, and the server that
it was drawn on), `owner token` (empty: nobody), `op answer` (the owner's last operation, and what
it was answered), `rescues` (in a row), `by` (who started or retried it), `retried` (it was once),
`failure` (the path of the first node that failed, none of its children having done so),
`marks` (ms from its start at which its progress first reached 10, 20, … 90 %), `sealed` (its
secret arguments, encrypted, if it has any), `result` (where Celery's result of it is, if in the
same database: that one goes with the run, and so do those of its nodes), `intents` (how many) and
`intent:<path>` (Revoke). In the journal, `<path>#retried` is the number of the first step that a
retry of the run started anew in the parent at that path: from there on recorded steps are used
where they match, and are no reason to stop where they don't. `<path>#retries` is how many attempts
may follow a failure of the step at that path, `<path>#stopped:<n>` how many children a parent had
asked for, from number n on, when one of them failed and it stopped the rest. Among the logs,
`<path>:<attempt>#kept` is who wrote to that one last, and the number of their last line.

| channel | carries | heard by |
|---|---|---|
| `events:<id>` | Batch | relays that watch this run |
| `list` | Run, or `{"gone": id}` | relays that anybody's list looks at |
| `log:<id>:<path>:<attempt>` | log entries as they are written | relays |
| `bulk:<id>` | its id, at each step | relays that follow this bulk action |
| `orders:<process>` | claims, ends, revokes, orders for one process | that process |
| `orders` | "runs were given back", "parents announced", "a run was deleted" | every watcher |
| `orders` | "a run was revoked" that nobody held | every watcher |
| `orders` | "Redis was emptied": its first beat says so | every watcher, relays |
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
TALLIES: Final = TAG + "tallies"
REVOKES: Final = TAG + "revokes"
BULKS: Final = TAG + "bulks"
QUEUES: Final = TAG + "queues"
LOG: Final = TAG + "log:"
SESSIONS: Final = TAG + "sessions"
TOKENS: Final = TAG + "tokens"
COOKIES: Final = TAG + "cookies"
AUDIT: Final = TAG + "audit"
AUDIT_REFUSED: Final = TAG + "audit:refused"
ACCOUNTS: Final = TAG + "accounts"
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


def retried(path: str) -> str:
    """The journal's mark of the first step that a retry started anew in the parent at `path`."""
    return f"{path}#retried"


def retries(path: str) -> str:
    """The journal's mark of how many further attempts may follow a failure of the step."""
    return f"{path}#retries"


def stopped(path: str, first: int | str) -> str:
    """The journal's mark of how many steps from `first` on were asked for till one failed."""
    return f"{path}#stopped:{first}"


def claims(run_id: str) -> str:
    """Hash of who works on which node, and the ends of attempts."""
    return f"{TAG}claims:{run_id}"


def events(run_id: str) -> str:
    """Stream of a run's events; also the channel their batches are published on."""
    return f"{TAG}events:{run_id}"


def log(run_id: str, path: str, attempt: int) -> str:
    """Stream (and channel) of what one attempt prints and logs."""
    return f"{LOG}{run_id}:{log_name(path, attempt)}"


def log_name(path: str, attempt: int) -> str:
    """The name of one attempt's log among those of its run."""
    return f"{path}:{attempt}"


def logs(run_id: str) -> str:
    """Hash of how much is kept of each log of a run."""
    return f"{TAG}logs:{run_id}"


def of_run(run_id: str) -> list[str]:
    """The keys that every script about one run takes first, in the order of `prelude.lua`."""
    own = [name(run_id) for name in (run, nodes, large, journal, claims, events)]
    return [*own, UNOWNED, REVOKES]


def runs_in(state: State) -> str:
    """Sorted set of the runs in one state, by creation."""
    return f"{RUNS}:{state}"


def places(group: str) -> str:
    """Set of the runs that have a place in a group of limited runs."""
    return f"{TAG}places:{group}"


def waiting(name: str) -> str:
    """Sorted set of the runs of a parent that wait for a place, by creation."""
    return f"{TAG}waiting:{name}"


def ends(name: str) -> str:
    """List of how the latest runs of a parent ended, newest first."""
    return f"{TAG}ends:{name}"


def owned(process: str) -> str:
    """Set of the runs that a watcher process holds."""
    return f"{TAG}owned:{process}"


def idempotency(key: str) -> str:
    """String that remembers which run an idempotency key has started."""
    return f"{TAG}idempotency:{key}"


def orders(process: str) -> str:
    """Channel on which one process hears what concerns it."""
    return f"{TAG}orders:{process}"


def proofs(process: str) -> str:
    """Channel on which one web process proves to itself that it hears."""
    return f"{TAG}proofs:{process}"


def sign_ins(whose: str) -> str:
    """String that counts the sign-ins tried of late, or sorted set of where some succeeded."""
    return f"{TAG}signins:{whose}"


def bulk(bulk_id: str) -> str:
    """Hash of a bulk action and how far it is; also the channel that says that it moved."""
    return f"{TAG}bulk:{bulk_id}"


def bulk_left(bulk_id: str) -> str:
    """List of the runs that a bulk action has still to act on."""
    return f"{TAG}bulk_left:{bulk_id}"


def bulk_lease(bulk_id: str) -> str:
    """String that names the web process at work on a bulk action."""
    return f"{TAG}bulk_lease:{bulk_id}"
