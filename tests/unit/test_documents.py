"""The documents' tables and figures, against the code that they speak of."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from deploy import settings_page
from deploy.settings_words import MEANING
from detectors.kinds import negativity, volume
from detectors.kinds.registry import DETECTORS
from detectors.signal import SignalKind
from playbooks import telemetry
from streams import folding
from tests.parts.documents import rows, text_of
from tests.parts.golden import Golden
from tests.parts.require import CHECKOUT

DOCS = CHECKOUT / "docs"
DETECTION = DOCS / "detection.md"


def test_every_kind_of_signal_has_its_row_its_detector_and_its_label() -> None:
    documented = {row[0].strip("`"): row for row in rows(DETECTION, "| kind |")}
    assert set(documented) == {kind.value for kind in SignalKind}
    told_by_others = {
        *(SignalKind.UNANSWERED, SignalKind.BACKLASH, SignalKind.IMPERSONATION, SignalKind.TAKEOVER),
        *(SignalKind.REPORTED, SignalKind.DEAD_LETTERS),
    }
    assert set(DETECTORS) == set(SignalKind) - told_by_others, "all others look at buckets"
    assert set(telemetry.VOCABULARY["firebreak_signals_total"].enum_values("kind")) == set(documented)


def test_the_thresholds_in_the_table_are_those_of_the_detectors() -> None:
    documented = {row[0].strip("`"): row for row in rows(DETECTION, "| kind |")}
    for kind, module in ((SignalKind.VOLUME, volume), (SignalKind.NEGATIVITY, negativity)):
        assert float(documented[kind.value][3]) == module.THRESHOLD == DETECTORS[kind].threshold
        assert documented[kind.value][1].strip("`") == f"{module.__name__.replace('.', '/')}.py"


def test_every_setting_of_the_faust_app_is_explained() -> None:
    explained = {name for row in rows(DOCS / "streaming.md", "| setting") for name in re.findall(r"`(\w+)", row[0])}
    tree = ast.parse(Path(folding.__file__).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "FoldingApp")
    assert explained == {keyword.arg for keyword in made.keywords}


def test_every_setting_has_a_meaning_and_nothing_else_has() -> None:
    assert {key.path for key in settings_page.every_key()} == set(MEANING)


def test_the_settings_page_says_what_the_types_say(golden: Golden) -> None:
    golden(settings_page.PATH, settings_page.settings_page())


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = {row[0] for row in rows(DOCS / "adr" / "README.md", "| |")}
    pages = [path for path in (DOCS / "adr").glob("*.md") if path.name != "README.md"]
    assert listed == {f"[{path.name[:4]}]({path.name})" for path in pages}
    for path in pages:
        assert text_of(path).startswith(f"# {path.name[:4]}: "), path.name
