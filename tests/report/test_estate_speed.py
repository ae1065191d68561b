"""Two thousand repositories, some with long diffs, in one page that stays quick."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from estate_factory import estate

if TYPE_CHECKING:
    from estate_browser import Visit

pytest_plugins = ("estate_browser",)

SIZE = 2_000
LOADED = 2.0
ANSWERED = 0.5
"""Seconds of the page's thread on a processor, which a busy machine does not stretch as it does those on the wall."""
SEARCH = "byId('search').value = {!r}; byId('search').dispatchEvent(new Event('input'));"
ACTS = {
    "sort": "document.querySelector('[data-sort=name] button').click();",
    "search": SEARCH.format("checkouts 0 a"),
    "search for one": SEARCH.format("-00001"),
    "open its long diff": "document.querySelector('.opener').click();",
}
PAINTED = "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"


def test_two_thousand_repositories_load_and_answer_at_once(visit: Visit, tmp_path: Path) -> None:
    module = pytest.importorskip("volfix.report.estate")
    started = time.process_time()
    module.write_report(tmp_path, estate(SIZE), ())
    size = (tmp_path / "estate.html").stat().st_size / 1e6
    print(f"\n{SIZE} repositories written in {time.process_time() - started:.2f} s of processor: {size:.1f} MB of HTML")
    page = visit(tmp_path / "estate.html")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    before = spent()
    page.reload()
    page.locator("#rows .row").nth(99).wait_for()
    loaded = spent() - before
    wall = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
    print(f"loaded in {loaded:.2f} s of processor, {wall:.2f} s on the wall")
    assert page.locator("#shown").inner_text() == "2,000 repositories"
    assert 0 < loaded < LOADED
    for name, act in ACTS.items():
        before = spent()
        wall = page.evaluate(
            f"async () => {{ const at = performance.now(); {act} {PAINTED} return performance.now() - at; }}"
        )
        print(f"{name}: {spent() - before:.3f} s of processor, {wall / 1000:.3f} s on the wall")
        assert 0 < spent() - before < ANSWERED, name
    page.get_by_role("button", name="Show 61 more lines of this file").click()
    assert page.locator(".diff tbody tr").count() == 101
