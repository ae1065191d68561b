"use strict";
/* Ties the page's controls to the listing, and keeps the view in the address, so that it can be kept and sent. */

function start() {
  startTheme();
  const rows = [...document.querySelectorAll("script[data-row]")].map((block, id) => ({ ...JSON.parse(block.dataset.row), id, block }));
  const hazards = JSON.parse(byId("hazards").textContent);
  const listing = new Listing(rows, hazards, () => { reflect(listing); });
  restore(listing);
  controls(listing);
  keys(listing);
  addEventListener("resize", () => {
    for (const cell of document.querySelectorAll(".details > td")) cell.colSpan = columns();
  });
  addEventListener("beforeprint", () => { listing.whole = true; listing.go(0); });
  addEventListener("afterprint", () => { listing.whole = false; listing.go(0); });
  for (const id of ["tools", "above", "listing"]) byId(id).hidden = false;
  listing.update();
}

function controls(listing) {
  const { filter } = listing;
  const set = (key, value) => { filter[key] = value; listing.update(); };
  byId("search").addEventListener("input", (event) => set("text", event.target.value));
  byId("severity").addEventListener("change", (event) => set("severity", event.target.value));
  byId("code").addEventListener("change", (event) => set("code", event.target.value));
  byId("outcome").addEventListener("change", (event) => set("outcome", event.target.value));
  byId("hazard").addEventListener("click", () => { set("hazard", null); byId("search").focus(); });
  byId("clear").addEventListener("click", () => {
    Object.assign(filter, { text: "", severity: "", code: "", outcome: "", hazard: null });
    filter.statuses.clear();
    listing.update();
    byId("search").focus();
  });
  for (const toggle of document.querySelectorAll("[data-status]")) {
    toggle.addEventListener("click", () => {
      const { status } = toggle.dataset;
      if (!filter.statuses.delete(status)) filter.statuses.add(status);
      listing.update();
    });
  }
  for (const key of ["severity", "code", "outcome", "hazard"]) {
    for (const link of document.querySelectorAll(`button[data-${key}]`)) {
      link.addEventListener("click", () => {
        set(key, key === "hazard" ? Number(link.dataset.hazard) : link.dataset[key]);
        byId("repositories").scrollIntoView();
        byId("repositories").focus({ preventScroll: true });
      });
    }
  }
  for (const head of document.querySelectorAll("[data-sort]")) {
    head.firstElementChild.addEventListener("click", () => {
      listing.sortBy(head.dataset.sort);
      say(`Sorted by ${head.textContent.trim()}, ${listing.order.up ? "ascending" : "descending"}.`);
    });
  }
  for (const [id, step] of [["previous", -1], ["next", 1]]) {
    byId(id).addEventListener("click", (event) => {
      if (event.currentTarget.getAttribute("aria-disabled") === "true") return;
      listing.go(listing.page + step);
      byId("listing").scrollIntoView();
    });
  }
  byId("copy-sources").addEventListener("click", (event) => {
    const sources = listing.shown.map((row) => `${row.source}\n`).join("");
    copy(sources, event.currentTarget, `${counted(listing.shown.length, "source")} copied, one a line.`);
  });
}

/** The controls as the listing is: after every change, whatever made it. */
function reflect(listing) {
  const { filter, order, shown, rows, hazards } = listing;
  if (byId("search").value !== filter.text) byId("search").value = filter.text;
  byId("severity").value = filter.severity;
  byId("code").value = filter.code;
  byId("outcome").value = filter.outcome;
  for (const toggle of document.querySelectorAll("[data-status]")) {
    toggle.setAttribute("aria-pressed", String(filter.statuses.has(toggle.dataset.status)));
  }
  for (const head of document.querySelectorAll("[data-sort]")) {
    if (head.dataset.sort === order.key) head.setAttribute("aria-sort", order.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
  const filtered = Boolean(filter.text || filter.severity || filter.code || filter.outcome || filter.statuses.size || filter.hazard !== null);
  const all = counted(rows.length, "repository", "repositories");
  const text = filtered ? `${shown.length.toLocaleString("en")} of ${all}` : all;
  if (byId("shown").textContent !== text) byId("shown").textContent = text;
  byId("clear").hidden = !filtered;
  byId("hazard").hidden = filter.hazard === null;
  if (filter.hazard !== null) {
    byId("hazard").replaceChildren("Only those that share ", foreign(hazards[filter.hazard].key), " ×");
  }
  byId("listing").setAttribute("aria-rowcount", String(shown.length + 2));
  byId("nothing").hidden = shown.length > 0;
  byId("copy-sources").textContent = `Copy ${counted(shown.length, "source")}`;
  byId("pages").hidden = listing.pages < 2;
  const last = Math.min(listing.first + PAGE, shown.length);
  byId("page").textContent = `${(listing.first + 1).toLocaleString("en")} to ${last.toLocaleString("en")}, page ${listing.page + 1} of ${listing.pages}`;
  byId("previous").setAttribute("aria-disabled", String(listing.page === 0));
  byId("next").setAttribute("aria-disabled", String(listing.page === listing.pages - 1));
  keep(listing);
}

/** Put the view into the address. */
function keep({ filter, order, opened }) {
  const view = new URLSearchParams();
  if (filter.text) view.set("search", filter.text);
  if (filter.statuses.size) view.set("status", [...filter.statuses].join(","));
  if (filter.severity) view.set("severity", filter.severity);
  if (filter.code) view.set("code", filter.code);
  if (filter.outcome) view.set("outcome", filter.outcome);
  if (order.key !== "risk" || order.up) view.set("sort", (order.up ? "" : "-") + order.key);
  if (opened.size) view.set("open", [...opened].slice(0, 20).map((row) => row.id).join(","));
  const hash = view.size ? `#${view}` : "";
  if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname);
}

/** Take the view from the address; what it does not know is left away. */
function restore(listing) {
  const view = new URLSearchParams(location.hash.slice(1));
  const { filter } = listing;
  filter.text = view.get("search") ?? "";
  filter.statuses = new Set((view.get("status") ?? "").split(",").filter((status) => URGENCY.includes(status)));
  if (SEVERITIES.includes(view.get("severity"))) filter.severity = view.get("severity");
  if ([...byId("code").options].some((option) => option.value === view.get("code"))) filter.code = view.get("code");
  if (Object.hasOwn(OUTCOMES, view.get("outcome"))) filter.outcome = view.get("outcome");
  const [, down, key] = /^(-?)([a-z]+)$/.exec(view.get("sort") ?? "-risk") ?? [];
  if (["name", "status", "severity", ...NUMBERS].includes(key)) listing.order = { key, up: !down };
  for (const id of (view.get("open") ?? "").split(",")) if (id && listing.rows[id]) listing.opened.add(listing.rows[id]);
}

/** `/` searches, arrows move from row to row, Escape closes the row or empties the search. */
function keys(listing) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = event.target;
    const typing = at.matches?.("input, select, textarea");
    if (event.key === "/" && !typing) byId("search").focus();
    else if (event.key === "Escape" && at === byId("search") && at.value) search(listing, "");
    else if (event.key === "Escape" && listing.opened.has(listing.rowOf(at))) closeRow(listing, listing.rowOf(at));
    else if (!moveFocus(event.key, at)) return;
    event.preventDefault();
  });
}

function search(listing, text) {
  listing.filter.text = text;
  listing.update();
}

function closeRow(listing, row) {
  listing.toggle(row);
  byId(`opener-${row.id}`).focus();
}

/** Move the focus among the openers of the rows; false where the key is for something else. */
function moveFocus(key, at) {
  const openers = [...document.querySelectorAll(".opener")];
  const now = openers.indexOf(at);
  const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: openers.length - 1 }[key];
  if (to === undefined || (now < 0 && !(key === "ArrowDown" && at === byId("search")))) return false;
  if (to < 0) byId("search").focus();
  else openers[Math.min(to, openers.length - 1)]?.focus();
  return true;
}

addEventListener("DOMContentLoaded", start);
