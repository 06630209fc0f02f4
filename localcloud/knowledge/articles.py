"""AnyTelco's articles as files: one Markdown file an article, its title the first line."""

import re
from dataclasses import dataclass
from pathlib import Path

ARTICLES = Path(__file__).parent.parent / "data" / "articles"

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class ArticlesUnusable(Exception):
    """The folder of articles cannot be searched; the text names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article, short enough to be one chunk of a knowledge base."""

    name: str
    """The file's name."""
    title: str
    text: str
    """The whole file: a knowledge base, too, stores Markdown as it is."""
    sentences: tuple[str, ...]
    """The sentences below the title."""


def load_articles(folder: Path) -> tuple[Article, ...]:
    """Every ``*.md`` in ``folder``, by name. Raises ``ArticlesUnusable``."""
    articles = tuple(_read(path) for path in sorted(folder.glob("*.md")))
    if not articles:
        raise ArticlesUnusable(f"There are no articles (*.md) in {folder}.")
    return articles


def _read(path: Path) -> Article:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ArticlesUnusable(f"{path} cannot be read: {error}.") from error
    heading, _, body = text.partition("\n")
    title = heading.removeprefix("# ").strip()
    if not heading.startswith("# ") or not title or not body.strip():
        raise ArticlesUnusable(f"{path} must begin with a line '# Title' and have text below it.")
    return Article(path.name, title, text, tuple(_SENTENCE_END.split(body.strip())))
