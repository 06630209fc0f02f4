"""``python -m localcloud.knowledge``: embeds the articles and serves the Retrieve API until it is stopped."""

import argparse
import logging
import sys
from pathlib import Path

from aiohttp import web

from localcloud.knowledge.articles import ARTICLES, ArticlesUnusable, load_articles
from localcloud.knowledge.embedding import UseEmbedder
from localcloud.knowledge.index import Index
from localcloud.knowledge.service import KnowledgeBase

logger = logging.getLogger("localcloud.knowledge")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="localcloud.knowledge", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8445)
    parser.add_argument("--articles", type=Path, default=ARTICLES, metavar="DIR", help="a folder of *.md")
    parser.add_argument("--knowledge-base-id", default="ANYTELCOKB", metavar="ID")
    parser.add_argument("--state-dir", type=Path, default=Path(".local/knowledge"), metavar="DIR")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        articles = load_articles(arguments.articles)
    except ArticlesUnusable as error:
        sys.exit(str(error))
    index = Index(articles, UseEmbedder(), arguments.state_dir / "embeddings")
    app = KnowledgeBase(index, arguments.knowledge_base_id).app()
    logger.info("%d articles at http://%s:%d", len(articles), arguments.host, arguments.port)
    try:
        web.run_app(app, host=arguments.host, port=arguments.port, print=None, access_log=None)
    except OSError as error:
        sys.exit(f"Cannot listen on {arguments.host}:{arguments.port}: {error.strerror or error}.")


if __name__ == "__main__":
    main()
