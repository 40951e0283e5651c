"""Sections that plugins add to the report of a run."""

from __future__ import annotations

from collections.abc import Iterator

from siked.plugins import Plugin, Plugins, described
from siked.records import ReportSection
from siked.report.tables import Table
from siked.runs.plugin_files import registry_with
from siked.runs.run import Run
from siked.shapes import several, wrong

HOOK = "siked_report_sections"
RULE = f"siked.hookspecs.{HOOK}"


def added_sections(run: Run, plugins: Plugins | None = None) -> list[ReportSection]:
    """Return what the installed plugins and the run's own plugin files add, in the order of loading.

    A plugin that raises or returns something else has a section that says so.
    """
    plugins = plugins or registry_with((), run.folder).plugins
    return [section for plugin in plugins.implementing(HOOK) for section in _of(plugins, plugin, run)]


def section_table(section: ReportSection) -> Table:
    """Return the table of a section."""
    return Table(section.title, section.columns, section.rows, frozenset(section.words))


def _of(plugins: Plugins, plugin: Plugin, run: Run) -> Iterator[ReportSection]:
    title = f"{plugin.owner} {plugin.version}"
    try:
        answers = plugins.ask(plugin, HOOK, run=run)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        yield ReportSection(title=title, text=f"The plugin failed in {HOOK}: {described(error)}")
        return
    for answer in answers:
        sections, bad = several(answer, "ReportSection")
        for section in sections:
            bad = bad or wrong(section, ReportSection) or _uneven(section)
        if bad:
            yield ReportSection(title=title, text=f"The plugin failed: {HOOK} returned {bad} (rule: {RULE})")
        else:
            yield from sections


def _uneven(section: ReportSection) -> str:
    width = len(section.columns)
    bad = [row for row in section.rows if len(row) != width]
    return f"a row of {len(bad[0])} cells below {width} columns" if bad else ""
