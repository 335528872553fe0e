"""Pictures of every page in every state: `python -m tests.browser.pictures FOLDER [words…]`.

Each state is brought about in a real application and taken light, dark, on a phone, a tablet and a
very wide screen; only those whose name holds one of the words, if any are given.
`FOLDER/index.html` shows them side by side. With INCEPTION_TEST_URL a running dashboard is taken,
whose workers know `tests.browser.pictured`; what must be alone in an application is left out then.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import CHECKOUT, SUPERVISOR, free_port, launch
from tests.browser.dashboard import Dashboard
from tests.running import Application, eventually
from webapp.auth.passwords import hash_password
from webapp.auth.roles import Role
from webapp.auth.users import Account, UsersFile

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 360, "height": 760},
        "color_scheme": "light",
        "has_touch": True,
    },
    "phone-dark": {
        "viewport": {"width": 360, "height": 760},
        "color_scheme": "dark",
        "has_touch": True,
    },
    "tablet": {"viewport": {"width": 820, "height": 1100}, "color_scheme": "light"},
    "wide": {"viewport": {"width": 2560, "height": 1300}, "color_scheme": "light"},
}
PASSWORD = "correct horse"
PICTURED = "tests.browser.pictured."
LONG_NAME = "a_parent_with_quite_a_long_name_as_people_write_them_in_earnest"
LONG_LABEL = (
    "Every picture of the year 2026, made smaller for the gallery of the whole archive " * 2
)
SETTINGS = {
    "INCEPTION_CONCURRENCY": "12",
    "INCEPTION_TASKS": "tests.browser.chatty,tests.browser.pictured",
    "REDIS_URL": "",
}

Act = Callable[[Page], None]


class Album:
    """Takes the pictures, and the page that shows them."""

    def __init__(self, browser: Browser, folder: Path, words: list[str]) -> None:
        self.browser = browser
        self.folder = folder
        self.words = words
        self.names: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def take(
        self, name: str, url: str, act: Act | None = None, before: Act | None = None, **how: Any
    ) -> None:
        """Take one state in every look; `act` brings it about, `before` runs ahead of the page."""
        if self.words and not any(word in name for word in self.words):
            return
        self.names.append(name)
        for look, options in LOOKS.items():
            context = self.browser.new_context(**options, **how)
            context.set_default_timeout(10_000)
            page = context.new_page()
            try:
                if before:
                    before(page)
                page.goto(url)
                if how.get("java_script_enabled", True):
                    settle(page, loaded=before is None)
                if act:
                    act(page)
                page.screenshot(path=self.folder / f"{name}--{look}.png", animations="disabled")
            except Exception as error:  # the other states are worth their pictures
                print(f"{name}, {look}: {str(error).splitlines()[0]}", file=sys.stderr)
            context.close()

    def bind(self) -> None:
        """Write the page with all of them."""
        rows = "".join(
            f"<h2>{name}</h2><p>"
            + "".join(f'<img height="420" src="{name}--{look}.png">' for look in LOOKS)
            + "</p>"
            for name in sorted({one.name.split("--")[0] for one in self.folder.glob("*--*.png")})
        )
        style = "<style>p{white-space:nowrap;overflow:auto}img{margin:4px}</style>"
        (self.folder / "index.html").write_text(f"<!doctype html>{style}{rows}")


def settle(page: Page, loaded: bool = True) -> None:
    """Wait until the page has been drawn and nothing in it moves by itself any more."""
    if loaded:
        expect(page.locator("h1, h2").first).to_be_attached()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.locator("[data-connection=behind]")).to_have_count(0)
    page.evaluate("document.fonts.ready")


class Made:
    """The runs that the pictures show, found by their labels or made now."""

    def __init__(self, stack: Dashboard) -> None:
        self.stack = stack

    def run(self, name: str, label: str, ends: bool = False, **kwargs: object) -> str:
        """Return the id of the run with that label; `ends` waits for it."""
        where = name if "." in name else PICTURED + name
        found = self.get(f"/runs?label={label}&name={where}")["runs"]
        order = {"name": where, "kwargs": kwargs, "label": label, "tags": ["nightly", "eu-west-1"]}
        run_id = str(found[0]["id"]) if found else str(self.post("/runs", order)["id"])
        if ends:
            self.stack.wait_for_end(run_id, 120)
        return run_id

    def state(self, run_id: str, path: str, *states: str) -> None:
        """Wait until the task is in one of the states."""
        eventually(
            lambda: self.get(f"/runs/{run_id}/nodes/{path}")["state"] in states,
            60,
            f"{run_id} {path} is {states}",
        )

    def get(self, path: str) -> Any:
        """Ask by REST; a task that is not there yet has no state."""
        answer = requests.get(f"{self.stack.url}/api/v1{path}", timeout=10)
        return answer.json() if answer.ok else {"state": None}

    def post(self, path: str, body: object) -> Any:
        """Send by REST."""
        return requests.post(f"{self.stack.url}/api/v1{path}", json=body, timeout=10).json()

    def seed(self) -> dict[str, str]:
        """Bring about all runs; returns their ids by what they show."""
        for number in range(60):
            self.run("nightly", f"nightly build {number}", count=number % 9, ends=True)
        ids = {
            "succeeded": self.run("thumbnails", "Thumbnails of the gallery", ends=True, seconds=1),
            "failed": self.run("tasks.examples.failing.fail_at", "Import of November", ends=True),
            "failed-at-length": self.run("fails_at_length", "Check of the archive", ends=True),
            "talkative": self.run("talkative", "Shards", ends=True),
            "nested": self.run(
                "tasks.examples.nesting.nest", "Nested", ends=True, depth=3, width=3, steps=2
            ),
            "wide": self.run("wide", "Many at once", ends=True),
            "large": self.run("wide", "Very many at once", ends=True, count=2_400),
            "deep": self.run("deep", "Deep down"),
            "long": self.run(LONG_NAME, ""),
            "long-label": self.run("thumbnails", LONG_LABEL, ends=True),
            "every-state": self.run("every_state", "Every state at once"),
            "revoked": self.run(
                "tasks.examples.counting.count_twice", "Revoked by hand", limit=1000, delay=1
            ),
            "running": self.run(
                "tasks.examples.counting.count_twice", "Counting", limit=100_000, delay=1
            ),
        }
        self.state(ids["every-state"], "6", "PROGRESS", "REVOKED")
        self.post(f"/runs/{ids['every-state']}/revoke", {"path": "6"})
        self.state(ids["revoked"], "0", "PROGRESS", "REVOKED")
        self.post(f"/runs/{ids['revoked']}/revoke", {"reason": "started with the wrong limit"})
        self.state(ids["every-state"], "6", "REVOKED")
        return ids

    def stubborn(self) -> str:
        """Start a run that is about to be revoked, again for each look."""
        order = {"name": PICTURED + "stubborn", "label": "Stubborn"}
        run_id = str(self.post("/runs", order)["id"])
        self.state(run_id, "0", "PROGRESS")
        self.state(run_id, "1", "PROGRESS")
        return run_id


def click(role: Any, name: str, **more: Any) -> Act:
    """Click the first of that name."""
    return lambda page: page.get_by_role(role, name=name, **more).first.click()


def both(*acts: Act) -> Act:
    """Do one after another."""

    def act(page: Page) -> None:
        for one in acts:
            one(page)

    return act


def hold_socket(page: Page) -> None:
    """Let the page's socket connect to nothing."""
    page.route_web_socket(re.compile("/socket.io/"), lambda _socket: None)
    page.route(re.compile("/socket.io/"), lambda route: None)


def lose(page: Page) -> None:
    """Cut the connection."""
    page.context.set_offline(True)
    expect(page.locator("html")).to_have_attribute("data-connection", "lost", timeout=40_000)


def scroll(by: int) -> Act:
    """Scroll down (px), and wait until that has been drawn."""
    drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    return lambda page: page.evaluate(f"scrollTo(0, {by}); {drawn}")


def select(count: int) -> Act:
    """Tick the first boxes of the list."""

    def act(page: Page) -> None:
        for box in page.locator(".runs .pick input").all()[:count]:
            box.check()

    return act


def take_first_pages(album: Album, url: str) -> None:
    """What somebody sees who has just started the application."""
    album.take("list-first-run", url)
    album.take("workers-idle", f"{url}/workers")


def take_list(album: Album, url: str) -> None:
    """The list of runs."""
    album.take("list", url)
    album.take("list-loading", url, before=hold_socket)
    album.take("list-active", f"{url}/?state=active")
    album.take("list-failed", f"{url}/?state=failure")
    album.take("list-no-match", f"{url}/?q=nothing+has+this+name")
    album.take("list-one-parent", f"{url}/?name={PICTURED}nightly&time=1h")
    album.take("list-scrolled", url, scroll(900))
    album.take("list-paused", url, click("button", "Pause", exact=True))
    album.take("list-lost", url, lose)
    album.take("list-selected", url, select(5))
    album.take("list-bulk-dialog", url, both(select(5), click("button", "Delete")))
    album.take(
        "list-all-matching",
        f"{url}/?q=nightly",
        both(lambda page: page.get_by_label("Select all shown").check()),
    )
    album.take(
        "list-focus", url, lambda page: [page.keyboard.press("j") for _ in range(3)] and None
    )
    album.take("list-keys", url, lambda page: page.keyboard.press("?"))


def take_bulk_progress(album: Album, made: Made) -> None:
    """An action on many runs under way, and over with refusals."""

    def frozen(done: int, failed: int, over: bool) -> Act:
        failures = [
            {
                "run_id": f"{n}f1c2d3e",
                "code": "run_not_found",
                "message": "There is no run 6f1c2d3e. It was deleted or has expired.",
            }
            for n in range(failed)
        ]
        bulk = {
            "id": "b",
            "action": "delete",
            "total": 40,
            "done": done,
            "failed": failed,
            "failures": failures,
            "created_at": 0,
            "finalized_at": 1 if over else None,
        }
        return lambda page: page.route(
            "**/api/v1/bulk", lambda route: route.fulfill(status=202, json=bulk)
        )

    begin = both(
        select(3),
        click("button", "Delete"),
        lambda page: page.get_by_role("dialog").get_by_role("button", name="Delete").click(),
    )
    album.take("list-bulk-progress", made.stack.url, both(frozen(17, 1, False), begin, select(2)))
    album.take(
        "list-bulk-over",
        made.stack.url,
        both(frozen(38, 2, True), begin, lambda page: page.get_by_text("2 refusals").click()),
    )


def take_runs(album: Album, made: Made, ids: dict[str, str]) -> None:
    """One run, in each of its states."""
    url = made.stack.url
    page_of = {name: f"{url}/runs/{run_id}" for name, run_id in ids.items()}
    for name, address in page_of.items():
        album.take(f"run-{name}", address)
    album.take("run-loading", page_of["succeeded"], before=hold_socket)
    album.take("run-lost", page_of["running"], lose)
    album.take("run-missing", f"{url}/runs/00000000-0000-4000-8000-000000000000")
    album.take("run-task-running", f"{page_of['every-state']}?node=3")
    album.take("run-task-waiting", f"{page_of['every-state']}?node=7")
    album.take("run-task-value", f"{page_of['succeeded']}?node=0&tab=value")
    album.take("run-task-log", f"{page_of['talkative']}?node=0&tab=log")
    album.take(
        "run-task-log-searched",
        f"{page_of['talkative']}?node=0&tab=log",
        lambda page: page.get_by_label("Search the output").fill("refused"),
    )
    album.take("run-task-attempts", f"{page_of['every-state']}?node=5")
    album.take("run-task-deep", f"{page_of['deep']}?node=1.1.1.1.1.1.1.1.1")
    album.take("run-revoke-dialog", page_of["running"], click("button", "Revoke"))
    album.take("run-label-dialog", page_of["succeeded"], click("button", "Label"))
    album.take("run-delete-dialog", page_of["succeeded"], click("button", "Delete"))
    album.take("run-keys", page_of["nested"], lambda page: page.keyboard.press("?"))
    album.take(
        "run-focus",
        page_of["nested"],
        both(
            *[
                lambda page: page.locator("[data-path='0']").focus(),
                lambda page: page.keyboard.press("ArrowDown"),
            ]
        ),
    )

    def revoking(page: Page) -> None:
        run_id = made.stubborn()
        page.goto(f"{url}/runs/{run_id}")
        settle(page)
        made.post(f"/runs/{run_id}/revoke", {"reason": "it holds on to the last connection"})
        expect(page.locator('[data-path="0"]')).to_have_attribute("data-state", "REVOKING")

    album.take("run-revoking", page_of["succeeded"], revoking)


def take_start(album: Album, url: str) -> None:
    """The start form."""
    start = f"{url}/start"
    album.take("start", start)
    album.take("start-choices", f"{start}?name={PICTURED}thumbnails")
    album.take("start-nested", f"{start}?name=tests.browser.chatty.post")
    album.take(
        "start-nested-rows",
        f"{start}?name=tests.browser.chatty.post",
        both(
            click("button", "Add lines"),
            click("button", "Add lines"),
            scroll(700),
        ),
    )
    album.take(
        "start-errors",
        f"{start}?name=tests.browser.chatty.post",
        both(click("button", "Start run")),
    )
    album.take("start-no-such-parent", f"{start}?name=no.such.parent")
    album.take(
        "start-long",
        f"{start}?name={PICTURED}{LONG_NAME}",
    )
    album.take(
        "start-unread",
        start,
        before=lambda page: page.route(
            "**/api/v1/parents",
            lambda route: route.fulfill(
                status=503,
                json={"error": {"code": "store_unavailable", "message": "Redis can't be reached."}},
            ),
        ),
        act=lambda page: expect(page.get_by_text("could not be read")).to_be_visible(),
    )
    album.take(
        "start-loading", start, before=lambda page: page.route("**/api/v1/parents", lambda _: None)
    )


def take_others(album: Album, url: str, ids: dict[str, str]) -> None:
    """Workers, documentation, errors, and pages without scripts."""
    album.take("workers", f"{url}/workers")
    album.take("workers-loading", f"{url}/workers", before=hold_socket)
    album.take("workers-lost", f"{url}/workers", lose)
    album.take("docs", f"{url}/docs")
    album.take("not-found", f"{url}/nowhere")
    plain = {"java_script_enabled": False}
    album.take("plain-list", url, **plain)
    album.take("plain-list-no-match", f"{url}/?q=nothing+has+this+name", **plain)
    album.take("plain-run-running", f"{url}/runs/{ids['every-state']}", **plain)
    album.take("plain-run-failed", f"{url}/runs/{ids['failed']}", **plain)
    album.take("plain-run-missing", f"{url}/runs/00000000-0000-4000-8000-000000000000", **plain)
    album.take("plain-start", f"{url}/start", **plain)
    album.take("plain-workers", f"{url}/workers", **plain)


EMBED = """tokens => {
    const main = document.querySelector("main");
    main.replaceChildren(...tokens.map(([run, token]) => {
        const card = Object.assign(document.createElement("section"), {className: "card prose"});
        const shown = card.appendChild(document.createElement("inception-progress"));
        shown.setAttribute("run", run);
        shown.setAttribute("token", token);
        return card;
    }));
    const src = "/static/js/inception-progress.js";
    document.head.append(Object.assign(document.createElement("script"), {type: "module", src}));
}"""


def take_embedded(album: Album, made: Made, ids: dict[str, str]) -> None:
    """Runs as another page shows them, each by a token of its own; the last one's is not valid."""

    def embed(page: Page) -> None:
        shown = ("running", "every-state", "succeeded", "failed", "revoked")
        order = {"expires_in": 600}
        tokens = [
            (ids[name], made.post(f"/runs/{ids[name]}/tokens", order)["token"]) for name in shown
        ]
        page.evaluate(EMBED, [*tokens, (ids["long"], "inc_not_valid")])
        expect(page.locator("inception-progress[connection]")).to_have_count(len(tokens) + 1)
        expect(page.locator("[connection=connecting]")).to_have_count(0)

    album.take("embedded", f"{made.stack.url}/docs", embed)


def take_guarded(album: Album, url: str, ids: dict[str, str]) -> None:
    """Where people sign in, and what a viewer sees."""
    album.take("signin", f"{url}/signin")
    album.take("signin-refused", f"{url}/signin", sign_in("wrong"))
    context = album.browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/signin")
    sign_in(PASSWORD)(page)
    expect(page.get_by_role("navigation").first).to_be_visible()
    viewer = {"storage_state": context.storage_state()}
    context.close()
    album.take("viewer-list", url, **viewer)
    album.take("viewer-run", f"{url}/runs/{ids['running']}", **viewer)
    album.take("viewer-run-failed", f"{url}/runs/{ids['failed']}", **viewer)
    album.take("viewer-start", f"{url}/start", **viewer)


def sign_in(password: str) -> Act:
    """Send the form."""

    def act(page: Page) -> None:
        page.get_by_label("Name").fill("viewer")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()

    return act


@contextmanager
def _application(**settings: str) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        state_dir = Path(folder) / "state"
        environ = {**SETTINGS, "INCEPTION_PORT": str(free_port()), **settings}
        application = Application(SUPERVISOR, CHECKOUT, state_dir, environ)
        try:
            yield application.wait_until_ready().rstrip("/"), state_dir
        finally:
            application.end()


@contextmanager
def _guarded(redis_url: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        users = Path(folder) / "users"
        UsersFile(users).add(Account(name="viewer", role=Role.VIEWER, hash=hash_password(PASSWORD)))
        settings = {
            "INCEPTION_PROCESSES": "web",
            "INCEPTION_USERS": str(users),
            "REDIS_URL": redis_url,
        }
        with _application(**settings) as (url, _):
            yield url


def take_all(album: Album, url: str) -> dict[str, str]:
    """Every state of the pages that need no sign-in."""
    made = Made(Dashboard(url, None))
    ids = made.seed()
    take_list(album, url)
    take_bulk_progress(album, made)
    take_runs(album, made, ids)
    take_start(album, url)
    take_others(album, url, ids)
    take_embedded(album, made, ids)
    return ids


def main() -> None:
    """Take the pictures."""
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    with sync_playwright() as playwright:
        album = Album(launch(playwright), folder, words)
        if url := os.environ.get("INCEPTION_TEST_URL"):
            take_all(album, url.rstrip("/"))
        else:
            with _application() as (url, state_dir):
                take_first_pages(album, url)
                ids = take_all(album, url)
                with _guarded((state_dir / "redis.url").read_text().strip()) as guarded:
                    take_guarded(album, guarded, ids)
        album.bind()
        album.browser.close()


if __name__ == "__main__":
    main()
