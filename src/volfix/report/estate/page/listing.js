"use strict";
/* The table of repositories: which rows, in which order, which hundred of them. */

const PAGE = 100;
const URGENCY = ["findings", "failed", "skipped", "written", "pushed", "clean"];
const NUMBERS = ["risk", "left", "refused", "unsafe", "fixable", "fixed"];
const SEVERITIES = ["error", "warning", "info"];
const inOrder = new Intl.Collator("en", { numeric: true }).compare;

/** How many columns there is room for. */
const columns = () => [...document.querySelectorAll("#listing > thead > :last-child > th")].filter((head) => head.getClientRects().length).length;

class Listing {
  /** `changed` is called after every change of what is shown. */
  constructor(rows, hazards, changed) {
    Object.assign(this, { rows, hazards, changed, shown: rows, page: 0, whole: false, opened: new Set() });
    this.filter = { text: "", statuses: new Set(), severity: "", code: "", outcome: "", hazard: null };
    this.order = { key: "risk", up: false };
    for (const row of rows) row.text = [row.name, row.source, row.why, row.words].join("\n").toLowerCase();
  }

  /** Filter, sort and show the first page again. */
  update() {
    const { text, statuses, severity, code, outcome, hazard } = this.filter;
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const members = hazard === null ? null : new Set(this.hazards[hazard].repositories);
    this.shown = this.rows.filter((row) => words.every((word) => row.text.includes(word))
      && (!statuses.size || statuses.has(row.status))
      && (!severity || row[severity] > 0)
      && (!code || row.codes.includes(code))
      && (!outcome || row[outcome] > 0)
      && (!members || members.has(row.source)));
    this.sort();
    this.go(0);
  }

  sort() {
    const { key, up } = this.order;
    const by = {
      name: (one, other) => inOrder(one.name, other.name),
      severity: (one, other) => one.error - other.error || one.warning - other.warning || one.info - other.info,
      status: (one, other) => URGENCY.indexOf(one.status) - URGENCY.indexOf(other.status),
    }[key] ?? ((one, other) => one[key] - other[key]);
    const open = (row) => row.refused + row.unsafe + row.fixable;
    this.shown.sort((one, other) => (up ? by(one, other) : by(other, one))
      || other.left - one.left || other.error - one.error || open(other) - open(one) || inOrder(one.name, other.name) || inOrder(one.source, other.source));
  }

  sortBy(key) {
    this.order = this.order.key === key ? { key, up: !this.order.up } : { key, up: key !== "severity" && !NUMBERS.includes(key) };
    this.update();
  }

  get pages() {
    return this.whole ? 1 : Math.max(1, Math.ceil(this.shown.length / PAGE));
  }

  get first() {
    return this.whole ? 0 : this.page * PAGE;
  }

  go(page) {
    this.page = Math.min(Math.max(page, 0), this.pages - 1);
    const rows = this.whole ? this.shown : this.shown.slice(this.first, this.first + PAGE);
    byId("rows").replaceChildren(...rows.flatMap((row, at) => this.elements(row, this.first + at)));
    this.changed();
  }

  elements(row, at) {
    const open = this.opened.has(row);
    const made = element("tr", { class: "row", "aria-rowindex": String(at + 3) },
      element("th", { scope: "row" },
        button(element("span", { class: "name" }, foreign(row.name)), () => this.toggle(row), {
          class: "opener", "aria-expanded": String(open), "aria-controls": `details-${row.id}`, id: `opener-${row.id}` }),
        row.source === row.name ? null : element("div", { class: "source code muted" }, foreign(row.source))),
      element("td", { class: "state" }, element("span", { class: `status status-${row.status}` }, row.status),
        row.why ? element("div", { class: "why muted" }, prose(row.why)) : null),
      element("td", { class: "severities" }, SEVERITIES.filter((severity) => row[severity]).map((severity) =>
        element("span", { class: `severity severity-${severity}` }, counted(row[severity], severity === "info" ? "note" : severity)))),
      NUMBERS.map((key) => element("td", { class: `figure ${row[key] ? `some-${key}` : "zero"}` }, String(row[key]))),
      element("td", { class: "codes" }, row.codes.map((code) => [element("span", { class: "code" }, code), " "])));
    made.addEventListener("click", (event) => {
      if (!event.target.closest("button") && !getSelection().toString()) this.toggle(row);
    });
    return open ? [made, this.details(row)] : [made];
  }

  details(row) {
    return element("tr", { class: "details", id: `details-${row.id}` },
      element("td", { colspan: String(columns()) }, showRepository(row, this.hazards.filter((hazard) => hazard.repositories.includes(row.source)))));
  }

  toggle(row) {
    const opener = byId(`opener-${row.id}`);
    const open = !this.opened.has(row);
    opener.setAttribute("aria-expanded", String(open));
    if (open) {
      this.opened.add(row);
      opener.closest("tr").after(this.details(row));
    } else {
      this.opened.delete(row);
      byId(`details-${row.id}`)?.remove();
    }
    this.changed();
  }

  /** The row whose opener or details hold the element. */
  rowOf(node) {
    const id = node.closest?.("tr.details")?.id.replace("details-", "") ?? node.closest?.(".opener")?.id.replace("opener-", "");
    return id === undefined ? null : this.rows[Number(id)];
  }
}
