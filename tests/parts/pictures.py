"""The pictures of docs/pictures, taken of a running demo. ``python -m tests.parts.pictures`` takes them anew."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

from tests.parts.demo import demo
from tests.parts.require import CHECKOUT

PICTURES = CHECKOUT / "docs" / "pictures"
COLUMNS = 100
#: No font is fetched from anywhere by who looks at the picture.
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def take_terminal(folder: Path) -> None:
    """The demo's own words, as a terminal shows them."""
    with demo(folder, "--exit", environ={"FORCE_COLOR": "1"}) as running:
        if running.code(300):
            raise SystemExit(running.all())
        console = Console(
            record=True,
            width=COLUMNS,
            file=(folder / "recorded").open("w"),
            color_system="truecolor",
            force_terminal=True,
        )
        console.print(Text("$ make demo ARGS=--exit", style="bold green"))
        for line in last_words(running.told):
            console.print(Text(line, style="green"))
        console.print(Text.from_ansi(running.said.partition("\n\n")[2]))
    console.save_svg(str(PICTURES / "demo.svg"), title="firebreak demo")
    text = (PICTURES / "demo.svg").read_text(encoding="utf-8")
    (PICTURES / "demo.svg").write_text(_FONTS.sub("", text), encoding="utf-8")


def last_words(told: str) -> list[str]:
    """The last state of each step of the progress display."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told)
    latest = {line[:15]: line.rstrip() for line in re.findall(r"\u2713[^\n\r]*", plain)}
    return list(latest.values())


def take_pages(folder: Path) -> None:
    """What people see: on a desk, and on a phone."""
    with demo(folder) as running, sync_playwright() as playwright:
        running.wait_for("Playing on")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        address = _sign_in(browser, running.address("Console"), folder)
        runbook = address.replace("/incidents/", "/runbooks/complaint-storm/2.0.0?incident=")
        for name, url, width, height in (
            ("incident-desktop", address, 900, 740),
            ("incident-phone", address, 360, 740),
            ("runbook-phone", runbook, 360, 740),
        ):
            context = browser.new_context(
                storage_state=folder / "signed-in", viewport={"width": width, "height": height}
            )
            page = context.new_page()
            page.goto(url)
            page.screenshot(path=PICTURES / f"{name}.png")
        browser.close()


def _sign_in(browser: Browser, link: str, folder: Path) -> str:
    """Sign in as the person on call; the incident's address."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.select_option("select", label="Alex (on call)")
    page.click("main button")
    page.click("main a[href^='/incidents/']")
    while "Severity 5" not in page.content():
        page.reload()
    context.storage_state(path=folder / "signed-in")
    return page.url


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        take_terminal(Path(made) / "terminal")
        take_pages(Path(made) / "pages")
