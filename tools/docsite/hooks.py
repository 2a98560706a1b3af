"""What MkDocs calls while it builds the site (mkdocs.yml)."""

from __future__ import annotations

import html
import logging
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from docsite import blocks, links, reference, sources  # noqa: E402

log = logging.getLogger("mkdocs.docsite")
#: page -> file of the repository's root
BORROWED = {
    "security.md": "SECURITY.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "conduct.md": "CODE_OF_CONDUCT.md",
}
HOME = {name: page for page, name in BORROWED.items()}
TUTORIALS = re.compile(r"(zh/)?tutorials/\w")
CHINESE = {"name": "中文", "lang": "zh", "link": "zh/"}
MADE: dict[str, str] = {}  # files that tutorials wrote: URL -> text


def on_config(config: Any) -> Any:
    """The whole nav: folders, and the generated reference."""
    docs = Path(config.docs_dir)
    config.nav = [item for item in (filled(i, docs) for i in config.nav) if item]
    config.watch += [str(ROOT / "tools/docsite")]
    config.extra["other_language"] = CHINESE  # for the page that says 404
    return config


def filled(item: Any, docs: Path) -> Any:
    """An item of the nav with its `*` and `reference` replaced."""
    if isinstance(item, str):
        return {"API": tree()} if item == "reference" else item
    ((title, inner),) = item.items()
    if isinstance(inner, list):
        return {title: [x for x in (filled(i, docs) for i in inner) if x]}
    if inner.endswith("/*"):
        folder = inner[:-2]
        found = sorted(p.relative_to(docs).as_posix() for p in (docs / folder).glob("*.md"))
        return {title: sorted(found, key=lambda p: not p.endswith("index.md"))} if found else None
    return item


def tree() -> list[Any]:
    """The nav of the generated pages."""
    found = reference.pages()
    plain = [p for p in found if "/" not in p and p not in ("index.md", "app.md")]
    out: list[Any] = ["reference/index.md", {"Command line": "reference/app.md"}]
    out += [{p[:-3]: f"reference/{p}"} for p in plain]
    for folder, title in zip(reference.GROUPS, ("Operations", "Layers"), strict=True):
        inner = [p for p in sorted(found) if p.startswith(f"{folder}/")]
        out.append({title: [{reference.title_of(p[:-3]): f"reference/{p}"} for p in inner]})
    return out


def on_files(files: Any, config: Any) -> Any:
    """The pages that are not in docs/, and the style sheet."""
    for path, text in reference.pages().items():
        files.append(File.generated(config, f"reference/{path}", content=text))
    for page, name in BORROWED.items():
        text = (ROOT / name).read_text("utf-8")
        files.append(File.generated(config, page, content=text))
    return files


# ---------------------------------------------------------------- one page


def on_page_markdown(text: str, page: Any, files: Any, **options: Any) -> str:
    """Names of pages become links; tutorials are run."""
    path = page.file.src_uri
    if TUTORIALS.match(path):
        text = executed(text, path)
    if not path.startswith("reference/"):
        text = linked(text, path, {f.src_uri for f in files.documentation_pages()})
    return re.sub(r"^<!-- (?:not run|needs|run first):.*?-->\n?", "", text, flags=re.M | re.S)


def executed(text: str, path: str) -> str:
    """A tutorial with what each block printed and drew under it."""
    out, lines, done = [], text.split("\n"), 0
    found = blocks.blocks(text)
    with blocks.empty_folder():
        for block, result in blocks.run(found, path):
            if wrong := blocks.complaint(block, result):
                log.warning("%s:%d: %s", path, block.line, wrong)
            end = lines.index("```", block.line)
            out += lines[done : end + 1]
            done = end + 1
            if result.printed.strip() and block.output is None:
                out += ["", "<div class=prints markdown>", "", "```text"]
                out += [result.printed.rstrip("\n"), "```", "", "</div>"]
            for name, content in result.files.items():
                out += ["", drawing(name, content, path), ""]
    return "\n".join(out + lines[done:])


def drawing(name: str, content: str, path: str) -> str:
    """An SVG in the page itself, a page of ours in a frame."""
    if name.endswith(".svg"):
        return f'<figure class="drawing">{content}</figure>'
    url = f"{path.removesuffix('.md')}/{name}"
    MADE[url] = content
    title = html.escape(name)
    return f'<iframe class="drawing" src="{name}" title="{title}" loading="lazy"></iframe>'


LINK = re.compile(r"(?<!\]\()(?<![\w/(\[])`?((?:docs/)?[\w-]+\.md|[A-Z_]+\.md)`?(?![\w/)\]#])")


def linked(text: str, path: str, known: set[str]) -> str:
    """`docs/running.md` and `running.md` in the text lead to that page."""
    up = "../" * path.count("/")

    def replaced(match: re.Match[str]) -> str:
        name = HOME.get(match[1], match[1].removeprefix("docs/"))
        return (
            f"[{name.removesuffix('.md')}]({up}{name})"
            if name in known and name != path
            else match[0]
        )

    out, code = [], False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        code = code != fence
        if not (code or fence or line.startswith(("    ", "#"))):
            line = re.sub(r"\]\((?:\.\./)?docs/", f"]({up}", line)
            line = re.sub(
                r"\]\((?:\.\./)*([A-Z_]+\.md)(#[\w-]+)?\)",
                lambda m: f"]({up}{HOME.get(m[1], m[1])}{m[2] or ''})",
                line,
            )
            line = LINK.sub(replaced, line)
        out.append(line)
    return "\n".join(out)


def on_page_context(context: Any, page: Any, config: Any, nav: Any) -> Any:
    """The words of the theme in the page's language, and the same page in the other one."""
    path = page.file.src_uri
    chinese = path.startswith("zh/")
    config.theme["language"] = "zh" if chinese else "en"
    known = {p.file.src_uri: p.url for p in nav.pages}
    english = path.removeprefix("zh/")
    if chinese:
        other = {"name": "English", "lang": "en", "link": known.get(english) or "."}
    else:
        other = {**CHINESE, "link": known.get(f"zh/{english}", CHINESE["link"])}
    config.extra["other_language"] = other
    return context


# ---------------------------------------------------------------- the finished site


def on_post_build(config: Any) -> None:
    """What tutorials drew, the sources, the playground's files; then every link is followed."""
    site = Path(config.site_dir)
    for url, text in MADE.items():
        (site / url).write_text(text, "utf-8")
    log.info("%d pages of sources", sources.write(site))
    playground = ROOT / "build/playground"
    if playground.is_dir():
        shutil.copytree(playground, site / "playground", dirs_exist_ok=True)
    for wrong in links.broken(site):
        log.warning(wrong)
