"""Each page, in each state it can be in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from inception.runs.celery_app import PRIORITIES, PRIORITY_MARK
from inception.runs.connection import connect
from tests.browser.dashboard import Dashboard
from tests.browser.pictured import NARROW_QUEUE
from tests.browser.pictures.acts import (
    both,
    click,
    hold_socket,
    lack,
    lose,
    scroll,
    select,
    sign_in,
)
from tests.browser.pictures.album import Act, Album, settle
from tests.browser.pictures.made import LONG_NAME, PICTURED, Made

PASSWORD = "correct horse"
"""Of the one who looks where people sign in."""


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


def _says_that_it_lacks(page: Page) -> None:
    expect(page.get_by_text("did not load")).to_be_visible()


def take_runs(album: Album, made: Made, ids: dict[str, str]) -> None:
    """One run, in each of its states."""
    url = made.stack.url
    page_of = {name: f"{url}/runs/{run_id}" for name, run_id in ids.items()}
    for name, address in page_of.items():
        album.take(f"run-{name}", address)
    album.take("run-loading", page_of["succeeded"], before=hold_socket)
    album.take("run-lost", page_of["running"], lose)
    lacking = lack("js/live/link.js")
    album.take("run-not-loaded", page_of["failed"], _says_that_it_lacks, before=lacking)
    album.take("list-not-loaded", url, _says_that_it_lacks, before=lacking)
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


def take_unreadable_queue(album: Album, url: str, redis_url: str) -> None:
    """Something else than a list is kept where the messages of a queue would be."""
    client = connect(redis_url, purpose="pictures")
    place = f"{NARROW_QUEUE}{PRIORITY_MARK}{PRIORITIES[0]}"
    client.set(place, "somebody else's")
    album.take("workers-unreadable-queue", f"{url}/workers")
    client.delete(place)


EMBED = """tokens => {
    const main = document.querySelector("main");
    const title = Object.assign(document.createElement("h1"), {textContent: "Your orders"});
    main.replaceChildren(title, ...tokens.map(([run, token]) => {
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
    refused = both(sign_in("wrong"), lambda page: expect(page.locator("#problem")).to_be_visible())
    album.take("signin-refused", f"{url}/signin", refused)
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
