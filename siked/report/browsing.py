"""A browser of a run's rationales: pages that a local server makes, with links and forms and no script.

Who may ask: programs of this machine that know the address, which has a random part as a password has. A
page of another host that a browser of this machine shows cannot ask either: the name of the host is looked
at, since one's own name may be made to lead here (DNS rebinding), and no answer may be read or framed
elsewhere. Nothing is written.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from siked.errors import MissingExtra, UsageError
from siked.journal.queries import rationales
from siked.journal.queries.rationales import Found, Wanted
from siked.report.markup import environment
from siked.runs.folder import RunFolder
from siked.runs.reading import shown

PAGE = 50
"""Rationales on a page."""
LONGEST = 200
"""Characters of what is searched for."""
WHOLE = 100_000
"""Characters of a text that are shown."""
OFFERED = 100
"""Values of a choice that are offered."""
FACT = 2000
"""Characters of what is told beside a text."""
HOSTS = ["127.0.0.1", "localhost"]
"""Names that the server may be asked by."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
CHOICES = ("track", "iteration", "strategy", "writer", "outcome", "status", "flag", "trained")
"""What a reader can choose from, in the order of the form."""
KNOWN = (*CHOICES, "problem", "step", "text", "after", "before")
"""What an address may ask for."""
NAMES = {"0": "no", "1": "yes"}
"""How ``trained`` is told."""
NONE = "-"
"""Stands for an empty value, which a form could not tell from no choice."""

_HERE = Path(__file__).parent


class Refused(Exception):
    """A request that means nothing here."""


class Browser:
    """The pages of one run; raises :class:`UsageError` where there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = secrets.token_urlsafe(16)
        """The random part of the address."""
        # SQLite's connections stay in the thread that has opened them.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="siked-browse")
        self._found = self._thread.submit(self._open).result()

    def app(self) -> Any:
        """Return the Starlette application."""
        try:
            from starlette.applications import Starlette
            from starlette.middleware import Middleware
            from starlette.middleware.trustedhost import TrustedHostMiddleware
            from starlette.routing import Mount, Route
        except ImportError as error:
            raise MissingExtra("siked browse", "serve") from error
        routes = [
            Route("/", self._listed),
            Route("/rationale/{number:int}", self._one),
            Route("/style.css", self._style),
        ]
        return Starlette(
            routes=[Mount(f"/{self.key}", routes=routes)],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
        )

    def _open(self) -> Found:
        with shown(self.folder):
            found = Found(RunFolder(self.folder).journal)
            found.refresh()
            _choices(found)
        return found

    async def _made(self, make: Callable[[Found], str]) -> str:
        def work() -> str:
            with shown(self.folder):
                self._found.refresh()
                return make(self._found)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _listed(self, request: Any) -> Any:
        query = {k: v for k, v in request.query_params.items() if v != ""}
        return await self._answer(lambda found: list_page(self.folder.name, found, query))

    async def _one(self, request: Any) -> Any:
        number = request.path_params["number"]
        return await self._answer(lambda found: one_page(self.folder.name, found, number))

    async def _answer(self, make: Callable[[Found], str]) -> Any:
        from starlette.responses import HTMLResponse, PlainTextResponse

        try:
            return HTMLResponse(await self._made(make), headers=HEADERS)
        except (Refused, UsageError) as error:
            code = 400 if isinstance(error, Refused) else 500
            return PlainTextResponse(f"{error}\n", code, headers=HEADERS)

    async def _style(self, request: Any) -> Any:
        from starlette.responses import Response

        style = "".join((_HERE / name).read_text(encoding="utf-8") for name in ("style.css", "browse.css"))
        return Response(style, media_type="text/css", headers=HEADERS)


def list_page(run: str, found: Found, query: Mapping[str, str]) -> str:
    """Return a page of the rationales that a query asks for.

    Raises :class:`Refused` for a query that means nothing.
    """
    wanted = wanted_of(query)
    after, before = _number(query, "after"), _number(query, "before")
    page = found.page(wanted, PAGE, after=after or 0, before=before)
    kept = {key: value for key, value in query.items() if key not in ("after", "before")}
    ids = [row["id"] for row in page.rows]
    return (
        environment()
        .get_template("browse.html.j2")
        .render(
            run=run,
            rows=page.rows,
            count=found.count(wanted),
            query={name: kept.get(name, "") for name in KNOWN},
            choices=_choices(found),
            longest=LONGEST,
            earlier=_link(kept, before=ids[0]) if page.before and ids else "",
            later=_link(kept, after=ids[-1]) if page.after and ids else "",
            start=_link(kept),
        )
    )


def one_page(run: str, found: Found, number: int) -> str:
    """Return the page of one rationale; raises :class:`Refused` where there is none."""
    row = found.one(number) if number < 2**63 else None
    if row is None:
        raise Refused(f"there is no rationale {number}")
    text = row["text"][:WHOLE]
    bare = text.strip()
    start = text.index(bare) if bare else 0
    return (
        environment()
        .get_template("rationale.html.j2")
        .render(
            run=run,
            row={**row, "question": row["question"][:WHOLE]},
            pieces=(text[:start], bare, text[start + len(bare) :]),
            more=len(row["text"]) - len(text),
            places=found.places(number),
            facts=_facts(row),
            problem=_link({"problem": row["problem"]}),
        )
    )


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """Return what a query looks for; raises :class:`Refused` for values that cannot be."""
    strange = sorted(set(query) - {*KNOWN})
    if strange:
        raise Refused(f"there is no {strange[0][:40]!r}; there are: {', '.join(KNOWN)}")
    writer, trained, text = query.get("writer"), query.get("trained"), query.get("text")
    if writer is not None and writer not in rationales.WRITERS:
        raise Refused(f"writer is one of {', '.join(rationales.WRITERS)}")
    if trained not in (None, "0", "1"):
        raise Refused("trained is 0 or 1")
    if text is not None and len(text) > LONGEST:
        raise Refused(f"text has {LONGEST} characters at most")
    plain = {name: query.get(name) for name in ("track", "step", "outcome", "flag")}
    return Wanted(
        **plain,
        problem=_number(query, "problem"),
        iteration=_number(query, "iteration"),
        strategy=_or_none(query, "strategy"),
        status=_or_none(query, "status"),
        writer=writer,
        trained=None if trained is None else trained == "1",
        text=text,
    )


def _or_none(query: Mapping[str, str], name: str) -> str | None:
    value = query.get(name)
    return "" if value == NONE else value


def _number(query: Mapping[str, str], name: str) -> int | None:
    value = query.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Refused(f"{name} is a number")
    return int(value)


def _choices(found: Found) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """Return, for each choice of the form, its values, how they are called, and how many there are."""
    made = []
    for name in CHOICES:
        counts = found.flags() if name == "flag" else found.values(name)
        values = [(str(value), n) for value, n in counts[:OFFERED]]
        called = NAMES if name == "trained" else {"": "none"}
        made.append((name, [(value or NONE, called.get(value, value), n) for value, n in values]))
    return made


def _link(query: Mapping[str, Any], **more: Any) -> str:
    return "?" + urlencode({**query, **more}, errors="replace")


def _facts(row: Mapping[str, Any]) -> dict[str, str]:
    program = " ".join(filter(None, (row["program"], row["sandbox"] and f"in {row['sandbox']}")))
    told = {
        "gold": "none" if row["gold"] is None else row["gold"],
        "answer found": row["answer"] or "none",
        "verdict": f"{row['status'] or 'none'}, by the rule {row['rule']}" if row["status"] else "none yet",
        "verifier": " ".join(filter(None, (row["verifier"], row["version"]))) or "none",
        "flags": row["flags"] or "none",
        "program": program or "none",
        "detail": row["detail"] or "",
        "outcome": " ".join(filter(None, (row["outcome"], row["reason"]))),
        "tokens": str(row["tokens"]),
        "asked for": f"{row['step']} of {row['track']} {row['iteration']}, sample {row['sample']}",
        "seed": str(row["seed"]),
        "key": row["key"],
    }
    return {name: str(value)[:FACT] for name, value in told.items()}
