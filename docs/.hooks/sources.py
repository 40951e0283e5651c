"""A hook of MkDocs: what a page links to outside of docs/ becomes a page of the site that shows the file, and
so does a notebook."""

from __future__ import annotations

import json
import os
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

LINK = re.compile(r"\]\(((?:\.\./)+[^)#]+)(#[^)]*)?\)")
LANGUAGES = {".py": "python", ".toml": "toml", ".yaml": "yaml", ".sql": "sql", ".txt": "text", ".sh": "sh"}


def _outside(source: str, link: str) -> str | None:
    """Return the file of the repository that a page's link names, None for one below docs/."""
    found = posixpath.normpath(posixpath.join("docs", posixpath.dirname(source), link))
    return None if found.startswith("docs/") else found


def _shown(notebook: File) -> str:
    """Return a notebook as Markdown, with a link to itself below its heading."""
    cells = json.loads(notebook.content_string)["cells"]
    parts = []
    for cell in cells:
        text = "".join(cell["source"]).rstrip()
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    heading, _, rest = parts[0].partition("\n")
    link = f"[Download the notebook]({posixpath.basename(notebook.src_uri)})"
    return "\n\n".join([heading, link, rest, *parts[1:]]) + "\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook and for each file that is linked to."""
    root = Path(config.config_file_path).parent
    for file in [file for file in files if file.src_uri.endswith(".ipynb")]:
        page = file.src_uri.removesuffix(".ipynb") + ".md"
        files.append(File.generated(config, page, content=_shown(file)))
    linked = {
        path
        for file in files.documentation_pages()
        for link, _ in LINK.findall(file.content_string)
        if (path := _outside(file.src_uri, link)) and (root / path).is_file()
    }
    for path in sorted(linked):
        text = (root / path).read_text(encoding="utf-8")
        language = LANGUAGES.get(Path(path).suffix, "text")
        fence = "`" * (3 + max((len(run) for run in re.findall("`{3,}", text)), default=0))
        code = f"{fence}{language}\n{text.rstrip()}\n{fence}\n"
        body = f"---\nsearch:\n  exclude: true\n---\n\n# {path}\n\n{code}"
        files.append(File.generated(config, f"source/{path}.md", content=body))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point the links at those pages."""
    start = posixpath.dirname(page.file.src_uri) or "."

    def pointed(found: re.Match[str]) -> str:
        path = _outside(page.file.src_uri, found[1])
        if path is None or files.get_file_from_path(f"source/{path}.md") is None:
            return found[0]
        return f"]({os.path.relpath(f'source/{path}.md', start)})"

    # The page of a notebook itself links to the file, to download it.
    if files.get_file_from_path(page.file.src_uri.removesuffix(".md") + ".ipynb") is None:
        markdown = re.sub(r"(\]\([^)#:]+)\.ipynb\)", r"\1.md)", markdown)
    return LINK.sub(pointed, markdown)
