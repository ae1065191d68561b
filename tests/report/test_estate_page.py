"""The page on an estate, as a person uses it in a browser: with a mouse, with a keyboard, with a screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from estate_factory import estate, mixed, of_fixture, record

from volfix.bulk.records import Hazard, HazardKind

if TYPE_CHECKING:
    from estate_browser import Visit
    from playwright.sync_api import Page

pytest_plugins = ("estate_browser",)

SHARED = Hazard(
    HazardKind.PROJECT_NAME,
    "src",
    "the runner",
    ("/srv/checkouts/fixable", "/srv/checkouts/unsafe"),
    "two deploy as src",
)


def names(page: Page) -> list[str]:
    found: list[str] = page.locator("#rows .name").all_inner_texts()
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight repositories, one of each kind."""
    estate_module = pytest.importorskip("volfix.report.estate")
    place = tmp_path_factory.mktemp("small")
    estate_module.write_report(place, mixed(), (SHARED,))
    return place / "estate.html"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More repositories than one page shows."""
    estate_module = pytest.importorskip("volfix.report.estate")
    place = tmp_path_factory.mktemp("large")
    estate_module.write_report(place, estate(250), ())
    return place / "estate.html"


def test_the_estate_is_said_in_a_line_and_in_numbers(visit: Visit, small: Path) -> None:
    page = visit(small)
    assert page.title() == "volfix: 8 databases at risk in 8 repositories"
    assert page.locator("h1").inner_text() == "8 databases at risk in 5 of 8 repositories"
    assert page.locator(".outcomes tbody tr").all_inner_texts()[0].split("\t")[1:] == ["1", "1", "1"]
    assert page.locator(".hazards li").first.inner_text().startswith("Shared project name src on the runner")
    assert page.locator(".left-out tbody tr").count() == 2


def test_the_worst_come_first_and_a_heading_sorts_by_its_column(visit: Visit, small: Path) -> None:
    page = visit(small)
    assert names(page)[:4] == ["refused", "unsafe", "written", "fixable"]
    heading = page.locator("th[data-sort=name]")
    heading.get_by_role("button").click()
    assert names(page) == sorted(names(page))
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.get_by_role("button").click()
    assert names(page) == sorted(names(page), reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    assert page.locator("[aria-sort]").count() == 1
    page.locator("th[data-sort=fixed]").get_by_role("button").click()
    assert names(page)[0] == "pushed"
    page.locator("th[data-sort=left]").get_by_role("button").click()
    assert names(page)[0] == "written"


def test_a_search_finds_names_sources_services_and_reasons(visit: Visit, small: Path) -> None:
    page = visit(small)
    search = page.get_by_label("Search repositories")
    for text, found in [
        ("PUSHED", ["pushed"]),
        ("git.example.org", ["pushed"]),
        ("vf110 cache", ["refused"]),
        ("readme.md", ["skipped"]),
        ("nowhere", []),
    ]:
        search.fill(text)
        assert names(page) == found
        assert page.get_by_text(f"{len(found)} of 8 repositories").is_visible()
    assert page.get_by_text("No repository matches.").is_visible()
    page.get_by_role("button", name="Clear the filters").click()
    assert len(names(page)) == 8
    assert search.evaluate("search => search === document.activeElement")


def test_filters_by_status_cause_outcome_and_hazard_work_together(visit: Visit, small: Path) -> None:
    page = visit(small)
    page.get_by_role("button", name="written 1").click()
    page.get_by_role("button", name="pushed 1").click()
    assert sorted(names(page)) == ["pushed", "written"]
    assert page.get_by_role("button", name="written 1").get_attribute("aria-pressed") == "true"
    page.get_by_role("combobox", name="Cause").select_option("VF110")
    assert names(page) == []
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_role("button", name="Need a decision").click()
    assert sorted(names(page)) == ["refused", "unsafe"]
    page.get_by_role("button", name="Show 2 repositories").click()
    assert names(page) == ["unsafe"]
    page.locator(".opener").click()
    assert "The shared project name src on the runner: two deploy as src" in page.locator(".details").inner_text()
    page.get_by_role("button", name="Only those that share src").click()
    assert sorted(names(page)) == ["refused", "unsafe"]


def test_severity_stands_in_the_list_sorts_it_and_filters_it(visit: Visit, tmp_path: Path) -> None:
    from estate_factory import finding, project, unsafe

    from volfix.bulk.records import Status
    from volfix.report.estate import write_report

    warned = project(unsafe(severity="warning"), unsafe(code="VF205", severity="info"))
    both = project(finding(), finding(), unsafe(severity="warning"))
    kinds = {"clean": project(), "warned": warned, "both": both, "wrong": project(finding())}
    write_report(tmp_path, [record(name, Status.FINDINGS, found) for name, found in kinds.items()], ())
    page = visit(tmp_path / "estate.html", "#sort=-severity")
    assert names(page) == ["both", "wrong", "warned", "clean"]
    assert page.locator("td.severities").all_inner_texts() == [
        "2 errors\n1 warning",
        "1 error",
        "1 warning\n1 note",
        "",
    ]
    page.get_by_role("combobox", name="Severity").select_option("warning")
    assert names(page) == ["both", "warned"]
    page.get_by_role("button", name="3 errors").click()
    assert names(page) == ["both", "wrong"]
    page.locator(".opener").first.click()
    assert page.locator(".finding .severity").all_inner_texts() == ["error", "error", "warning"]


def test_a_banner_says_what_deploying_before_carrying_does(visit: Visit, small: Path, tmp_path: Path) -> None:
    page = visit(small)
    said = page.locator(".banner").inner_text()
    assert said.startswith("1 database is NOT CARRIED, in 1 repository.")
    assert "Deploying before carrying starts each of them EMPTY" in said
    assert said.index("volfix rows --save") < said.index("volfix --write") < said.index("volfix carry --write")
    page.get_by_role("button", name="Not carried").click()
    assert names(page) == ["written"]
    page.locator(".opener").click()
    assert "NOT CARRIED" in page.locator(".moves").inner_text()
    assert "Carry before you deploy." in page.locator(".note-left").inner_text()
    from volfix.report.estate import write_report

    write_report(tmp_path, [record()], ())
    assert visit(tmp_path / "estate.html").locator(".banner").count() == 0


def test_what_carries_the_data_or_has_carried_it_is_said_of_each_move(visit: Visit, tmp_path: Path) -> None:
    from estate_factory import MOVE, finding, project

    from volfix.bulk.records import Status
    from volfix.report.estate import write_report

    by_hand = {**MOVE, "target": "/pg", "volume_name": "shop_db-data"}
    moves = [{**MOVE, "carry_service": "carry-app-db"}, by_hand, {**MOVE, "not_carried": "`up` is Compose 1"}]
    shop = record("shop", Status.WRITTEN, project(finding(), moves=moves))
    write_report(tmp_path, [shop], (), lambda root, move: "from ./pg at noon" if move is by_hand else None)
    page = visit(tmp_path / "estate.html", "#open=0")
    assert [text.partition(": ")[2] for text in page.locator(".moves li").all_inner_texts()] == [
        "the deployment carries it, by carry-app-db",
        "carried from ./pg at noon",
        "NOT CARRIED: up is Compose 1",
    ]


def test_code_in_sentences_stands_as_code_without_backticks(visit: Visit, tmp_path: Path) -> None:
    from volfix.report.estate import write_report

    shared = Hazard(HazardKind.PROJECT_NAME, "src", "the runner", ("/srv/checkouts/refused",), "two deploy as `src`")
    write_report(tmp_path, [*mixed(), of_fixture("fastapi-sqlite-drone")], (shared,))
    page = visit(tmp_path / "estate.html", "#open=1,2,3,4,8")
    assert "`" not in page.locator("body").inner_text()
    assert page.locator(".hazards code").all_inner_texts() == ["src"]
    assert "git clean" in page.locator(".finding code").all_inner_texts()


def test_a_bar_is_as_long_as_its_number(visit: Visit, small: Path) -> None:
    page = visit(small)
    found = page.locator(".causes tbody tr").evaluate_all(
        "rows => rows.map(row => [Number(row.cells[2].textContent), "
        "[...row.querySelectorAll('rect')].reduce((sum, part) => sum + part.getBoundingClientRect().width, 0)])"
    )
    assert len({round(width / number) for number, width in found}) == 1
    assert len({number for number, _ in found}) > 1


def test_a_swatch_stands_beside_its_word_in_a_narrow_window(visit: Visit, small: Path) -> None:
    page = visit(small, viewport={"width": 390, "height": 800})
    tops = page.locator(".outcomes tbody th").evaluate_all(
        "heads => heads.map(head => [...head.querySelectorAll('.swatch, button')]"
        ".map(part => part.getBoundingClientRect()))"
        ".map(([one, two]) => one.right <= two.left && one.bottom <= two.bottom + 4)"
    )
    assert tops == [True] * 5


def test_the_view_is_in_the_address_and_comes_back(visit: Visit, small: Path) -> None:
    page = visit(small)
    page.get_by_label("Search repositories").fill("app")
    page.get_by_role("button", name="findings 3").click()
    page.locator("th[data-sort=name]").get_by_role("button").click()
    page.locator(".opener").first.click()
    again = visit(small, page.evaluate("location.hash"))
    assert names(again) == names(page) == ["fixable", "refused", "unsafe"]
    assert again.locator(".details").count() == 1


def test_an_address_that_nobody_made_is_a_page_all_the_same(visit: Visit, small: Path) -> None:
    page = visit(small, "#status=toString,x&code=<b>&outcome=constructor&sort=-__proto__&open=99,-1,length,x&search=%")
    assert names(page) == []
    page.get_by_role("button", name="Clear the filters").click()
    assert len(names(page)) == 8


def test_a_row_opens_by_keyboard_and_escape_brings_back(visit: Visit, small: Path) -> None:
    page = visit(small)
    page.keyboard.press("/")
    page.keyboard.type("unsafe")
    page.keyboard.press("ArrowDown")
    opener = page.locator(".opener").first
    assert opener.evaluate("button => button === document.activeElement")
    assert opener.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    details = page.locator(f"#{opener.get_attribute('aria-controls')}")
    assert "acme/app keeps its rows in /app/data" in details.inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.details') !== null")
    page.keyboard.press("Escape")
    assert details.count() == 0
    assert opener.evaluate("button => button === document.activeElement")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert len(names(page)) == 8


def test_arrows_move_from_row_to_row(visit: Visit, small: Path) -> None:
    page = visit(small)
    page.locator(".opener").first.focus()
    for key, row in [("ArrowDown", 1), ("End", 7), ("ArrowDown", 7), ("ArrowUp", 6), ("Home", 0)]:
        page.keyboard.press(key)
        assert page.locator(".opener").nth(row).evaluate("button => button === document.activeElement"), key


def test_the_first_tab_skips_to_the_repositories(visit: Visit, small: Path) -> None:
    page = visit(small)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the repositories")
    assert link.evaluate("link => link === document.activeElement && link.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.get_by_label("Search repositories").evaluate("search => search === document.activeElement")


def test_the_diff_stands_side_by_side_and_marks_what_differs(visit: Visit, small: Path) -> None:
    page = visit(small, "#search=fixable")
    page.locator(".opener").click()
    row = page.locator(".diff.split tbody tr").filter(has_text="./data")
    assert row.locator("td").all_text_contents() == ["7", "−      - ./data:/app/data", "7", "+      - app-db:/app/data"]
    assert row.locator("mark").all_inner_texts() == ["./data", "app-db"]
    added = page.locator(".diff tbody tr").last
    assert added.locator("td").all_text_contents() == ["", "", "11", "+    driver: local"]
    page.get_by_role("button", name="One column").click()
    assert page.locator(".diff.unified .removed").all_text_contents() == ["−      - ./data:/app/data"]
    page.set_viewport_size({"width": 400, "height": 800})  # the page hears of it a moment later
    page.get_by_role("button", name="Two columns").wait_for(state="hidden")


def test_lines_that_look_like_headers_are_lines_of_the_diff(visit: Visit, tmp_path: Path) -> None:
    from estate_factory import finding, project

    from volfix.bulk.records import Status
    from volfix.report.estate import write_report

    diff = (
        "--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n--- a comment\n+++ another\n same\n\\ No newline at end of file\n"
    )
    write_report(tmp_path, [record("sql", Status.FINDINGS, {**project(finding()), "diff": diff})], ())
    page = visit(tmp_path / "estate.html", "#open=0")
    assert page.locator(".diff caption").all_inner_texts() == ["x.sql"]
    assert page.locator(".diff .removed .text").all_inner_texts() == ["-- a comment"]
    assert page.locator(".diff .same .text").first.inner_text() == "same (no line end)"


def copied(page: Page, said: str) -> str:
    """What is in the clipboard, once the page has said that it is."""
    page.get_by_role("status").filter(has_text=said).wait_for(state="attached")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_commands_and_sources_are_copied(visit: Visit, small: Path) -> None:
    page = visit(small, "#search=fixable")
    page.locator(".opener").click()
    page.get_by_role("button", name="Copy: Or in the checkout itself").click()
    assert copied(page, "Command copied.") == "volfix --write --carry-service /srv/checkouts/fixable"
    page.get_by_role("button", name="Copy all").click()
    assert copied(page, "Commands copied.").count("\nvolfix ") == 4
    page.get_by_label("Search repositories").fill("checkouts")
    page.get_by_role("button", name="findings 3").click()
    page.get_by_role("button", name="Copy 3 sources").click()
    assert copied(page, "3 sources copied").splitlines() == [
        f"/srv/checkouts/{name}" for name in ("refused", "unsafe", "fixable")
    ]


def test_copying_works_where_the_browser_gives_files_no_clipboard(visit: Visit, small: Path) -> None:
    page = visit(small, "#search=fixable")
    page.locator(".opener").click()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); }")
    page.get_by_role("button", name="Copy: Make the safe fixes on a branch").click()
    assert copied(page, "Command copied.") == "volfix bulk --write /srv/checkouts/fixable"


def test_a_long_table_comes_in_pages_and_prints_whole(visit: Visit, large: Path) -> None:
    page = visit(large)
    assert len(names(page)) == 100
    assert page.get_by_role("navigation").inner_text() == "Previous\n1 to 100, page 1 of 3\nNext"
    page.get_by_role("button", name="Previous").press("Enter")  # says that it is disabled, and keeps the focus
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    assert len(names(page)) == 50
    assert page.locator("#rows > tr").first.get_attribute("aria-rowindex") == "203"
    assert page.locator("#listing").get_attribute("aria-rowcount") == "252"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(names(page)) == 250
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(names(page)) == 100


def test_it_is_dark_where_the_system_is_and_as_chosen_from_then_on(visit: Visit, small: Path) -> None:
    page = visit(small, color_scheme="dark")
    back = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(back) == "rgb(14, 17, 22)"
    page.get_by_role("radio", name="Light").check(force=True)
    assert page.evaluate(back) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(back) == "rgb(255, 255, 255)"
    assert page.get_by_role("radio", name="Light").is_checked()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Light").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(back) == "rgb(14, 17, 22)"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1600), ("light", 390), ("dark", 390)])
def test_axe_finds_nothing_to_complain_of(visit: Visit, tmp_path: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    from volfix.report.estate import write_report

    write_report(tmp_path, [*mixed(), of_fixture("fastapi-sqlite-drone")], (SHARED,))
    page = visit(
        tmp_path / "estate.html",
        "#open=2,3,7,8",
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    assert page.locator(".details").count() == 4
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_narrow_window_has_no_sideways_scroll(visit: Visit, small: Path) -> None:
    page = visit(small, "#open=1,2,3", viewport={"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_without_scripts_the_numbers_are_there_and_say_where_the_rest_is(visit: Visit, small: Path) -> None:
    page = visit(small, java_script_enabled=False)
    assert page.locator("h1").inner_text() == "8 databases at risk in 5 of 8 repositories"
    assert "estate.csv and estate.json" in page.locator("noscript").inner_text()
    assert page.get_by_label("Search repositories").is_hidden()
