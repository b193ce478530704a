"""The addresses of the page, and what each shows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from claimwire.connectors.outputs.sqlite import StoreError
from claimwire.errors import ClaimwireError, UsageError
from claimwire.pipelines.extract.model import ModelNotFoundError
from claimwire.pipelines.notify import atom
from claimwire.pipelines.read import times
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.serve import drawing, finding, live, looking, stories, trying, watching
from claimwire.pipelines.serve.asked import KINDS, address, asked, conditions_said
from claimwire.pipelines.serve.beside import beside, changes, words_of
from claimwire.pipelines.serve.charting import chart
from claimwire.pipelines.serve.gate import COOKIE, LOGIN, Gate, cookie_of, same
from claimwire.pipelines.serve.live import Look
from claimwire.pipelines.serve.mapping import drawn_map
from claimwire.pipelines.watches.watch import slug
from claimwire.schemas.flat import time_text

if TYPE_CHECKING:  # it brings Beam
    from claimwire.pipelines.notify.overview import Row as Watched
    from claimwire.pipelines.run.roster import Row

_CLAIMS = 50
"""On a page."""
_LETTERS = 20
_LONGEST_QUERY_S = 3.0
_LARGEST_ROW = 2**63 - 1
_LARGEST_FORM = 4_096
_MOST_STREAMS = 100
_A_DAY = timedelta(days=1)
STATUS_ORDER = ("failing", "gone", "finished", "silent", "degraded", "paused", "new", "fine")
"""Of sources, as ``run.roster`` gives it, what needs somebody first."""

Sources = Callable[[], "list[Row]"]
Watches = Callable[[], "list[Watched]"]


def application(
    path: Path, sources: Sources | None = None, token: str | None = None, watches: Watches | None = None
) -> ASGIApp:
    """The page of a store.

    Args:
        path: The store. It is opened for each request, to read only.
        sources: Gives the sources as a state knows them, if one is to be shown.
        token: What readers must know; without one only this machine may ask.
        watches: Gives the watches of the settings and what became of telling whoever asked, if that is to be shown.
    """
    drawing.compile_templates()
    page = _Page(path, sources, token, watches)
    routes = [
        Route("/", page.now),
        Route("/live", page.live),
        Route("/live/watch", page.watch_live),
        Route("/article/{version:int}", page.article),
        Route("/article/{version:int}/beside/{other:int}", page.beside),
        Route("/article", page.by_id),
        Route("/speaker/{speaker:int}", page.speaker),
        Route("/speaker", page.speaker_by_id),
        Route("/stories", page.stories),
        Route("/story", page.story),
        Route("/threads", page.threads),
        Route("/thread", page.thread),
        Route("/map", page.map),
        Route("/watches", page.watches),
        Route("/watches/try", page.try_watch),
        Route("/watches/{slug}.atom", page.watch_feed),
        Route("/watch", page.watch),
        Route("/sources", page.sources),
        Route("/static/{name}", page.static),
    ]
    if token:
        routes.append(Route(LOGIN, page.login, methods=["GET", "POST"]))
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _said,  # type: ignore[dict-item]
            StoreError: _unreadable,  # type: ignore[dict-item]
            ClaimwireError: _unreadable,  # type: ignore[dict-item]
            sqlite3.OperationalError: _too_long,  # type: ignore[dict-item]
        },
    )
    return Gate(app, token)


class _Page:
    def __init__(self, path: Path, sources: Sources | None, token: str | None, watches: Watches | None) -> None:
        self._path = path
        self._sources = sources
        self._watches = watches
        self._token = token
        self._streams = 0

    @contextmanager
    def _store(self) -> Iterator[Stored]:
        with Stored(self._path) as store:
            deadline = time.monotonic() + _LONGEST_QUERY_S
            store.db.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
            yield store

    def now(self, request: Request) -> Response:
        """Claims as they come, the last first, and those that meet conditions."""
        query = asked(request.query_params.multi_items())
        before = _row(request.query_params.get("before"))
        with self._store() as store:
            found = finding.latest(store, query.wanted, _CLAIMS, before)
        return _html(
            "now.html",
            400 if query.problem else 200,
            view="now",
            asked=query,
            conditions=list(conditions_said(query)),
            found=found,
            first=before is None,
            kinds=KINDS,
            older=None if found.older is None else query.url(before=found.older),
            live=None if before or query.problem else query.url("/live", after=found.newest),
        )

    async def live(self, request: Request) -> Response:
        """What comes, as events."""
        query = asked(request.query_params.multi_items())
        if query.problem:
            return PlainTextResponse(f"{query.problem}\n", 400)
        return self._stream(request, live.claims(query.wanted))

    async def watch_live(self, request: Request) -> Response:
        """What a watch matches, as events."""
        return self._stream(request, live.matches(request.query_params.get("name", "")))

    def _stream(self, request: Request, look: Look) -> Response:
        if self._streams >= _MOST_STREAMS:
            return PlainTextResponse("Too many readers follow the page at once.\n", 503)
        last = request.headers.get("last-event-id") or request.query_params.get("after")
        after = _row(last)
        if after is None:
            return PlainTextResponse("after is the row of what came last, e.g. 174.\n", 400)

        async def events() -> Any:
            self._streams += 1
            try:
                async for part in live.stream(self._path, look, after):
                    yield part
            finally:
                self._streams -= 1

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events(), media_type="text/event-stream", headers=headers)

    def article(self, request: Request) -> Response:
        """An article with its claims in the text, its versions and its copies."""
        with self._store() as store:
            found = looking.article(store, _path_row(request, "version"))
        if found is None:
            raise HTTPException(404, "There is no such article in this store.")
        record = found.record
        shown = [(number, row.shown(record)) for number, row in enumerate(found.claims, 1)]
        return _html(
            "article.html", view="", found=found, record=record, shown=shown,
            numbered=[(number, one.claim) for number, one in shown],
        )  # fmt: skip

    def beside(self, request: Request) -> Response:
        """Two articles side by side."""
        with self._store() as store:
            left, right = (looking.article(store, _path_row(request, name)) for name in ("version", "other"))
        if left is None or right is None:
            raise HTTPException(404, "One of these articles is not in this store.")
        rows = list(beside(left.record.article.text, right.record.article.text))
        titles = changes(*(side.record.article.title or "(no title)" for side in (left, right)))
        return _html(
            "beside.html", view="", left=left, right=right, rows=rows, titles=titles,
            own=(words_of(rows, 0), words_of(rows, 1)),
        )  # fmt: skip

    def by_id(self, request: Request) -> Response:
        """From the id of an article to its last version."""
        with self._store() as store:
            version = looking.version_of(store, request.query_params.get("id", ""))
        if version is None:
            raise HTTPException(404, "There is no article with this id in this store.")
        return RedirectResponse(f"/article/{version}", 303)

    def speaker(self, request: Request) -> Response:
        """What a speaker has said over time."""
        before = _row(request.query_params.get("before"))
        with self._store() as store:
            found = looking.speaker(store, _path_row(request, "speaker"), _CLAIMS, before)
        if found is None:
            raise HTTPException(404, "There is no such speaker in this store.")
        return _html("speaker.html", view="", found=found, chart=chart(found.days), first=before is None)

    def speaker_by_id(self, request: Request) -> Response:
        """From the id of a speaker to the page of whom it stands for."""
        with self._store() as store:
            found = looking.speaker_of(store, request.query_params.get("id", ""))
        if found is None:
            raise HTTPException(404, "There is no speaker with this id in this store.")
        return RedirectResponse(f"/speaker/{found}", 303)

    def stories(self, request: Request) -> Response:
        """The stories that were told last."""
        with self._store() as store:
            return _html("stories.html", view="stories", found=stories.stories(store))

    def story(self, request: Request) -> Response:
        """A story: its articles by time, and who says what in them."""
        with self._store() as store:
            found = stories.story(store, request.query_params.get("id", ""))
        if found is None:
            raise HTTPException(404, "There is no such story in this store.")
        return _html("story.html", view="", found=found)

    def threads(self, request: Request) -> Response:
        """The threads that went on last."""
        with self._store() as store:
            return _html("threads.html", view="threads", found=stories.threads(store))

    def thread(self, request: Request) -> Response:
        """A thread: its claims by time, copies, figures that differ, denials."""
        with self._store() as store:
            found = stories.thread(store, request.query_params.get("id", ""))
        if found is None:
            raise HTTPException(404, "There is no such thread in this store.")
        return _html("thread.html", view="", found=found)

    def map(self, request: Request) -> Response:
        """The places in the latest claims, on a map and as a list."""
        given = request.query_params.get("since", "").strip()
        problem, moment = None, None
        try:
            moment = times.since(given or None)
        except UsageError as error:
            problem = str(error).removeprefix("--")
        with self._store() as store:
            places, articles = looking.places(store, time_text(moment) if moment else None)
        return _html(
            "map.html", 400 if problem else 200, view="map", places=places, articles=articles, since=given,
            problem=problem, map=drawn_map(places),
        )  # fmt: skip

    def watches(self, request: Request) -> Response:
        """The watches of the settings, and those that have matched, with their matches."""
        with self._store() as store:
            found = watching.watches(store)
        told = {row.name: row for row in self._watches()} if self._watches else {}
        matched = {each.name for each in found}
        quiet = [row for name, row in told.items() if name not in matched]
        return _html("watches.html", view="watches", found=found, quiet=quiet, told=told)

    def watch(self, request: Request) -> Response:
        """What a watch has matched, the last first."""
        name = request.query_params.get("name", "")
        before = _row(request.query_params.get("before"))
        told = next((row for row in self._watches() if row.name == name), None) if self._watches else None
        with self._store() as store:
            found = watching.matched(store, name, _CLAIMS, before)
        if found is None and told is None:
            raise HTTPException(404, "There is no such watch in this store.")
        here = [("name", name)]
        newest = found.newest if found else 0
        older = found.older if found else None
        return _html(
            "watch.html", view="", name=name, found=found, told=told, slug=slug(name), first=before is None,
            here=address("/watch", here), older=older and address("/watch", [*here, ("before", str(older))]),
            live=None if before else address("/live/watch", [*here, ("after", str(newest))]),
        )  # fmt: skip

    def try_watch(self, request: Request) -> Response:
        """A form for a watch, its lines for the settings, and what it would have matched."""
        pairs = request.query_params.multi_items()
        tried = trying.asked(pairs)
        before = _row(request.query_params.get("before"))
        if tried.watch:
            with self._store() as store:
                try:
                    tried = trying.on(store, tried, before)
                except ModelNotFoundError as error:
                    tried = tried._replace(watch=None, problem=str(error))
        kept = [(name, value) for name, value in pairs if name in trying.NAMES]
        older = tried.older and address("/watches/try", [*kept, ("before", str(tried.older))])
        return _html("try.html", 400 if tried.problem else 200, view="watches", tried=tried, kinds=KINDS, older=older)

    def watch_feed(self, request: Request) -> Response:
        """What a watch has matched, as an Atom feed."""
        with self._store() as store:
            name = watching.named(store, request.path_params["slug"])
            if name is None:
                raise HTTPException(404, "No watch of this name has matched anything in this store.")
            found = watching.matched(store, name, atom.MOST)
            (whose,) = store.db.execute("SELECT value FROM store WHERE name = 'id'").fetchone()
        matches = [each.match for each in found.shown] if found else []
        content = atom.feed(name, matches, whose, str(request.url.replace(query="")))
        return Response(content, media_type=atom.MEDIA_TYPE)

    def sources(self, request: Request) -> Response:
        """The health of the sources, the outlets in the store, and what could not be read."""
        now = datetime.now(UTC)
        rows = self._sources() if self._sources else None
        if rows:
            rows.sort(key=lambda row: STATUS_ORDER.index(row.status))
        with self._store() as store:
            outlets = looking.outlets(store)
            count, letters = looking.letters(store, _LETTERS)
        quiet = [outlet for outlet in outlets if datetime.fromisoformat(outlet.last_seen_at) < now - _A_DAY]
        return _html(
            "sources.html", view="sources", rows=rows, outlets=outlets, quiet=len(quiet), letters=letters,
            letter_count=count, now=now,
        )  # fmt: skip

    def static(self, request: Request) -> Response:
        """A file of the page itself."""
        name = request.path_params["name"]
        if name not in drawing.STATIC:
            raise HTTPException(404, "There is no such file.")
        current = f"{request.url.path}?{request.url.query}" == drawing.static_url(name)
        kept = "public, max-age=31536000, immutable" if current else "no-cache"
        return Response(drawing.static(name), media_type=drawing.STATIC[name], headers={"Cache-Control": kept})

    async def login(self, request: Request) -> Response:
        """The form that asks for the token, and its answer."""
        token = self._token or ""
        if request.method != "POST":
            return _html("login.html", view="login", wrong=False)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LARGEST_FORM:
                raise HTTPException(413, "This is no token.")
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        if not same(given.strip(), token):
            await anyio.sleep(1)  # so that nobody tries many
            return _html("login.html", 403, view="login", wrong=True)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, cookie_of(token), httponly=True, samesite="lax", path="/")
        return answer


def _html(template: str, status: int = 200, /, **given: Any) -> HTMLResponse:
    return HTMLResponse(drawing.render(template, **given), status)


def _row(text: str | None) -> int | None:
    """The number of a row; None for what is none."""
    return int(text) if text and text.isdecimal() and text.isascii() and int(text[:20]) <= _LARGEST_ROW else None


def _path_row(request: Request, name: str) -> int:
    number = int(request.path_params[name])
    if number > _LARGEST_ROW:
        raise HTTPException(404, "There is nothing with this number.")
    return number


async def _said(request: Request, error: HTTPException) -> Response:
    headers: Mapping[str, str] | None = error.headers
    message = error.detail if error.status_code != 404 or error.detail != "Not Found" else "There is no such page."
    answer = _html("problem.html", error.status_code, view="", message=message)
    answer.headers.update(headers or {})
    return answer


async def _unreadable(request: Request, error: Exception) -> Response:
    return _html("problem.html", 503, view="", message=str(error))


async def _too_long(request: Request, error: Exception) -> Response:
    if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
        return _html("problem.html", 503, view="", message=f"The store cannot be read now: {error}")
    return _html("problem.html", 503, view="", message="This takes too long in a store of this size. Ask for less.")
