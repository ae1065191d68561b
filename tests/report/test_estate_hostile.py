"""Names, messages and diffs that attack the page, its reader's eyes or its layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from estate_factory import LONG, MARKUP, finding, hostile, hostile_hazard, project, record

from volfix.bulk.records import Status

if TYPE_CHECKING:
    from estate_browser import Visit
    from playwright.sync_api import Browser, Page

pytest_plugins = ("estate_browser",)

SHOWN = "\\u202egnp.exe\\u2066"


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = pytest.importorskip("volfix.report.estate")
    place = tmp_path_factory.mktemp("hostile")
    names = (
        MARKUP,
        LONG,
        "\u05d0\u05d1\u05d2",
        "z" + "\u0301\u0300\u0302" * 100,
        "__proto__",
        "'><style>*{display:none}</style>",
    )
    others = [record(name, Status.FINDINGS, project(finding()), source=name) for name in names]
    module.write_report(place, [hostile(), *others], (hostile_hazard(),))
    return place / "estate.html"


def opened(visit: Visit, path: Path, **options: object) -> Page:
    page = visit(path, "#open=0,1,2,3,4,5,6", **options)
    assert page.locator(".details").count() == 7
    return page


def test_nothing_in_a_name_runs_or_becomes_an_element(visit: Visit, attacked: Path) -> None:
    page = opened(visit, attacked)
    page.wait_for_timeout(200)
    assert page.title() == "volfix: 7 databases at risk in 7 repositories"
    assert page.locator("img, iframe, #rows script, #rows style, main script").count() == 0
    assert page.locator("script:not([type])").count() == 1
    assert page.locator("style").count() == 1
    assert page.evaluate("Object.keys(Object.prototype)") == []


def test_everything_is_shown_as_the_text_that_it_is(visit: Visit, attacked: Path) -> None:
    page = opened(visit, attacked)
    details = page.locator(".details").filter(has_text="Not read or not written")
    text = details.inner_text()
    assert text.count(MARKUP) > 10
    assert text.count(SHOWN) > 10
    assert text.count("\\x1b[2J\\x00\\u2028\\u2029\\ud800 {{ 7*7 }} ' \" & \\u003c") > 10
    assert page.locator(".hazards li").first.inner_text().count(SHOWN) == 3
    assert not set(page.locator("body").inner_text()) & set("\u202e\u2066\u200b\x1b\x00\u2028\u2029\ufffd")


def test_only_web_addresses_become_links(visit: Visit, attacked: Path) -> None:
    links = opened(visit, attacked).locator("#rows a")
    assert [link.get_attribute("href") for link in links.all()] == [f"https://git.example.org/{MARKUP}"]
    assert links.first.get_attribute("rel") == "noopener noreferrer"


def test_text_that_runs_right_to_left_turns_nothing_else_around(visit: Visit, attacked: Path) -> None:
    page = visit(attacked, "#search=\u05d0\u05d1\u05d2")
    assert (
        page.locator("#rows bdi")
        .filter(has_text="\u05d0\u05d1\u05d2")
        .evaluate_all("all => all.every(one => getComputedStyle(one).unicodeBidi === 'isolate')")
    )


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_breaks_the_layout(visit: Visit, attacked: Path, width: int) -> None:
    page = visit(attacked, viewport={"width": width, "height": 900})
    heights = page.locator("#rows .row").evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    assert len(heights) == 7
    assert max(heights) < 100
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page = opened(visit, attacked, viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_policy_stops_what_would_get_in_all_the_same(browser: Browser, attacked: Path) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(attacked.as_uri())
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    with pytest.raises(Exception, match="TrustedHTML"):
        page.evaluate("document.querySelector('h1').innerHTML = '<b>x</b>'")
    page.evaluate("() => { const own = document.createElement('script'); own.id = 'own'; document.body.append(own); }")
    with pytest.raises(Exception, match="TrustedScript"):
        page.evaluate("document.getElementById('own').text = 'document.title = 1'")
    assert said
    page.close()
