from pathlib import Path

import pytest

from localcloud.knowledge.articles import ARTICLES, ArticlesUnusable, load_articles


def test_anytelco_has_at_least_24_short_articles_with_their_own_titles() -> None:
    articles = load_articles(ARTICLES)
    assert len(articles) >= 24
    assert len({article.title for article in articles}) == len(articles)
    for article in articles:
        assert 80 <= len(article.text.split()) <= 250, article.name


def test_the_articles_agree_on_the_prices_of_the_plans() -> None:
    prices = next(article.text for article in load_articles(ARTICLES) if article.name == "plans-and-prices.md")
    for name, price in [
        ("essential-plan", "$25"),
        ("family-share", "$35 per line"),
        ("unlimited-plans", "$45"),
        ("unlimited-plans", "$60"),
        ("prepaid", "$15"),
    ]:
        assert price in prices
        assert price in (ARTICLES / f"{name}.md").read_text()


def test_an_article_is_read_into_title_and_sentences(tmp_path: Path) -> None:
    (tmp_path / "moon.md").write_text("# The moon\n\nIt is far. It costs $9!\n\nAsk us?\n")
    (article,) = load_articles(tmp_path)
    assert (article.name, article.title) == ("moon.md", "The moon")
    assert article.sentences == ("It is far.", "It costs $9!", "Ask us?")
    assert article.text == "# The moon\n\nIt is far. It costs $9!\n\nAsk us?"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArticlesUnusable, match=r"There are no articles"):
        load_articles(tmp_path)


@pytest.mark.parametrize("content", [b"No title", b"# Only a title\n", b"#\n\ntext", b"\xff\xfe", b""])
def test_an_article_that_cannot_be_used_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.md").write_bytes(content)
    with pytest.raises(ArticlesUnusable, match=r"broken\.md"):
        load_articles(tmp_path)
