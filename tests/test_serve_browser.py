"""The page of claimwire serve in a real browser: it runs no script of a stranger, fits a phone, can be read by all, and
shows what comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import desk
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright
from test_serve import Page, serving, version, views
from webserver import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from playwright.sync_api import Page as Tab

# Without a sandbox, because tests may run as root; and without what a browser looks up when it starts.
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_WIDTHS = (1280, 768, 390)
_LONGEST_MS = 60_000
expect.set_options(timeout=_LONGEST_MS)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=[*_OPTIONS])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def page(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    store = tmp_path_factory.mktemp("desk") / "news.db"
    desk.write(store, *desk.records(), watches=desk.WATCHES)
    with serving(store) as served:
        yield served


class Watched:
    """A tab, and what went wrong in it."""

    def __init__(self, context: BrowserContext) -> None:
        context.set_default_timeout(_LONGEST_MS)
        self.tab: Tab = context.new_page()
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.tab.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.tab.on("pageerror", lambda error: self.problems.append(str(error)))
        self.tab.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        self.tab.on("request", lambda request: self.asked.append(request.url))


@pytest.mark.parametrize("width", _WIDTHS)
def test_every_view_fits_and_runs_nothing_of_a_stranger(browser: Browser, page: Page, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 844}) as context:
        watched = Watched(context)
        for path in views(page.store):
            watched.tab.goto(f"{page.url}{path}", wait_until="load")
            assert watched.tab.evaluate("document.documentElement.scrollWidth") <= width, path
        # The browser says that a page which is not there is not there.
        assert [each for each in watched.problems if "Failed to load resource" not in each] == []
        assert all(url.startswith((page.url, "data:")) for url in watched.asked)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_no_view_has_a_fault_that_axe_finds(browser: Browser, page: Page, width: int, scheme: Any) -> None:
    with browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme) as context:
        tab = context.new_page()
        for path in [*views(page.store)[:18], "/nothing", "/?q=%22"]:
            tab.goto(f"{page.url}{path}")
            found = Axe().run(tab).response["violations"]
            assert [(path, each["id"], each["impact"], each["nodes"][0]["html"]) for each in found] == []


def test_what_another_process_writes_appears_while_somebody_reads(browser: Browser, tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *desk.records())
    with serving(store) as served, browser.new_context() as context:
        watched = Watched(context)
        tab = watched.tab
        tab.goto(served.url)
        tab.wait_for_selector("#live.on")
        before = tab.locator("#items > article").count()
        writing = threading.Thread(target=lambda: [desk.write(store, desk.later(number)) for number in range(8)])
        writing.start()
        tab.wait_for_selector("#items > article:nth-of-type(8) >> text=Train 0")
        writing.join()
        titles = tab.locator("#items > article h2").all_inner_texts()
        assert [title.strip() for title in titles[:8]] == [f"Train {number}" for number in reversed(range(8))]
        assert tab.locator("#items > article").count() == before + 8
        expect(tab.locator("#news")).to_contain_text("new claim")
        # A reload has the same, in the same order.
        tab.reload()
        assert tab.locator("#items > article h2").all_inner_texts() == titles
        # What a stranger writes comes as text here, too.
        desk.write(store, desk.hostile())
        tab.wait_for_selector("#items > article:first-of-type >> text=img src=x")
        assert watched.problems == []


def test_a_page_whose_server_was_away_gets_what_came_meanwhile(browser: Browser, tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, desk.later(0))
    port = str(free_port())
    with browser.new_context() as context:
        tab = Watched(context).tab
        with serving(store, "--port", port) as served:
            tab.goto(served.url)
            desk.write(store, desk.later(1))
            tab.wait_for_selector("text=Train 1 is late")
        tab.wait_for_selector("#live.off")
        desk.write(store, desk.later(2), desk.later(3))
        with serving(store, "--port", port):
            tab.wait_for_selector("text=Train 3 is late")
        titles = [title.strip() for title in tab.locator("#items > article h2").all_inner_texts()]
        assert titles == ["Train 3", "Train 2", "Train 1", "Train 0"]


def test_a_watch_is_tried_and_its_matches_come_while_somebody_reads(browser: Browser, tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *desk.records(), desk.later(0), watches=desk.WATCHES)
    with serving(store) as served, browser.new_context(viewport={"width": 390, "height": 844}) as context:
        watched = Watched(context)
        tab = watched.tab
        tab.goto(f"{served.url}/watches")
        tab.get_by_role("link", name="Try a watch").click()
        tab.get_by_label("Words, one of them is enough").fill("quay, bridge")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("pre.yaml >> text=- quay")
        expect(tab.locator("#found .claim")).to_have_count(6)
        tab.goto(f"{served.url}/watch?name=Trains")
        tab.wait_for_selector("#live.on")
        desk.write(store, desk.later(1), watches=desk.WATCHES)
        tab.wait_for_selector("#items > article:first-of-type >> text=Train 1 is late")
        expect(tab.locator("#items > article")).to_have_count(2)
        assert watched.problems == []


def test_it_works_by_keyboard(browser: Browser, page: Page) -> None:
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(page.url)
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.textContent") == "Skip to the content"
        assert tab.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.activeElement.id") == "main"
        tab.keyboard.press("/")
        assert tab.evaluate("document.activeElement.id") == "find"
        tab.keyboard.type("unsafe")
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/?q=unsafe")
        expect(tab.locator("#items .claim")).to_have_count(2)


def test_it_works_without_script(browser: Browser, page: Page) -> None:
    with browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}) as context:
        tab = context.new_page()
        tab.goto(page.url)
        tab.locator(".filters summary").click()
        tab.locator(".filters #speaker").fill("verr")
        tab.get_by_role("button", name="Show").click()
        expect(tab.locator("#items .claim")).to_have_count(4)
        tab.get_by_role("link", name="speaker verr").click()
        expect(tab.locator("#items .claim")).to_have_count(7)
        tab.goto(f"{page.url}/article/{version(page.store, 'bridge')}")
        tab.locator("sup a").first.click()
        tab.wait_for_url("**#claim-1")


def test_a_claim_that_is_pointed_at_lights_up_in_the_text(browser: Browser, page: Page) -> None:
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{page.url}/article/{version(page.store, 'bridge')}")
        tab.locator("#claim-2").hover()
        expect(tab.locator("mark.lit.claim")).to_have_text(["At least 14 cables have rusted through"])
        tab.locator("h1").hover()
        expect(tab.locator("mark.lit")).to_have_count(0)


def test_the_token_is_asked_for_once(browser: Browser, page: Page, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a token of the tests, long enough")
    with serving(page.store, "--token-file", str(tmp_path / "token")) as served, browser.new_context() as context:
        watched = Watched(context)
        tab = watched.tab
        tab.goto(f"{served.url}/map")
        assert tab.url.endswith("/login")
        assert Axe().run(tab).response["violations"] == []
        tab.get_by_label("Token").fill("wrong")
        tab.get_by_role("button").click()
        tab.get_by_role("alert").wait_for()
        tab.get_by_label("Token").fill("a token of the tests, long enough")
        tab.get_by_role("button").click()
        tab.wait_for_selector("#live.on")
        tab.goto(f"{served.url}/map")
        assert tab.locator("h1").inner_text() == "Places"
        assert [each for each in watched.problems if "Failed to load resource" not in each] == []
