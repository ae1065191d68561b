"use strict";
/* A unified diff, read by the counts of its hunks and shown in two columns or in one. */

const LONG = 40;

/** The files of a diff: name, and hunks of rows {sign, before, after, text}; line numbers are null where there is none. */
function parseDiff(text) {
  const files = [];
  const lines = text.split("\n");
  let at = 0;
  while (at < lines.length) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(lines[at]);
    if (lines[at].startsWith("--- ") && lines[at + 1]?.startsWith("+++ ")) {
      files.push({ name: fileName(lines[at + 1].slice(4)), hunks: [] });
      at += 2;
    } else if (header && files.length) {
      const rows = [];
      at = readHunk(lines, at + 1, header, rows);
      files.at(-1).hunks.push({ header: header[0], rows });
    } else {
      at += 1;
    }
  }
  return files;
}

function readHunk(lines, at, header, rows) {
  let [before, after] = [Number(header[1]), Number(header[3])];
  let [removed, added] = [Number(header[2] ?? 1), Number(header[4] ?? 1)];
  while (at < lines.length && (removed > 0 || added > 0 || lines[at].startsWith("\\"))) {
    const [sign, text] = [lines[at].slice(0, 1) || " ", lines[at].slice(1)];
    if (sign === "\\") {
      if (rows.length) rows.at(-1).unended = true;
    } else {
      rows.push({ sign, text, before: sign === "+" ? null : before, after: sign === "-" ? null : after });
      if (sign !== "+") [before, removed] = [before + 1, removed - 1];
      if (sign !== "-") [after, added] = [after + 1, added - 1];
    }
    at += 1;
  }
  return at;
}

const fileName = (written) => written.replace(/\t$/, "").replace(/^("?)b\//, "$1");

/** Rows in two columns: [before, after], a removed line beside the added one that takes its place. */
function paired(rows) {
  const pairs = [];
  for (let at = 0; at < rows.length;) {
    if (rows[at].sign === " ") {
      pairs.push([rows[at], rows[at]]);
      at += 1;
      continue;
    }
    const block = [];
    while (at < rows.length && rows[at].sign !== " ") block.push(rows[at++]);
    const [removed, added] = ["-", "+"].map((sign) => block.filter((row) => row.sign === sign));
    for (let line = 0; line < Math.max(removed.length, added.length); line += 1) {
      pairs.push([removed[line] ?? null, added[line] ?? null]);
    }
  }
  return pairs;
}

/** What differs between two lines, as arrays of characters: [start, end of the first, end of the second]; null where most does. */
function changedPart(before, after) {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const kept = before.slice(0, start).join("").trim().length + end;
  if (kept * 3 < most) return null;
  const slid = start + end === most ? slide(before.length > after.length ? before : after, start, end) : 0;
  return [start - slid, before.length - end - slid, after.length - end - slid];
}

/** How far to the left an inserted part can begin and end with a slash: `data/` before `database` rather than `/data` in it. */
function slide(longer, start, end) {
  for (let by = 0; by <= start; by += 1) {
    const last = longer[longer.length - end - by - 1];
    if (last === "/") return by;
    if (longer[start - by - 1] !== last) return 0;
  }
  return 0;
}

function code(row, other) {
  const cell = element("td", { class: `line ${{ "-": "removed", "+": "added", " ": "same" }[row.sign]}` },
    element("span", { class: "sign" }, { "-": "−", "+": "+", " ": " " }[row.sign]));
  const [own, its] = [[...row.text], other && other !== row ? [...other.text] : null];
  const part = its && (row.sign === "-" ? changedPart(own, its) : changedPart(its, own));
  const text = element("span", { class: "text" });
  if (part) {
    const [start, end] = [part[0], row.sign === "-" ? part[1] : part[2]];
    text.append(own.slice(0, start).join(""), element("mark", {}, own.slice(start, end).join("")), own.slice(end).join(""));
  } else {
    text.append(row.text);
  }
  if (row.unended) text.append(element("span", { class: "muted" }, " (no line end)"));
  cell.append(text);
  return cell;
}

const number = (line) => element("td", { class: line === null ? "number none" : "number" }, line === null ? "" : String(line));

function splitRows(hunk) {
  return paired(hunk.rows).map(([before, after]) => element("tr", {},
    ...(before ? [number(before.before), code(before, after)] : [number(null), element("td", { class: "line none" })]),
    ...(after ? [number(after.after), code(after, before)] : [number(null), element("td", { class: "line none" })])));
}

function unifiedRows(hunk) {
  const others = new Map(paired(hunk.rows).flatMap(([before, after]) => [[before, after], [after, before]]));
  return hunk.rows.map((row) => element("tr", {}, number(row.before), number(row.after), code(row, others.get(row))));
}

function fileTable(file, split) {
  const words = split ? ["Line", "Before", "Line", "After"] : ["Line before", "Line after", "Text"];
  const columns = words.map((word) => element("col", { class: word.startsWith("Line") ? "number" : null }));
  const head = element("tr", {}, words.map((word) => element("th", { scope: "col" }, unseen(word))));
  const rows = file.hunks.flatMap((hunk) => [
    element("tr", { class: "hunk" }, element("td", { colspan: String(words.length) }, hunk.header)),
    ...(split ? splitRows(hunk) : unifiedRows(hunk)),
  ]);
  const body = element("tbody", {}, rows.slice(0, LONG));
  const table = element("table", { class: `diff ${split ? "split" : "unified"}` },
    element("caption", {}, foreign(file.name)), element("colgroup", {}, columns), element("thead", {}, head), body);
  if (rows.length <= LONG) return table;
  const more = button(`Show ${counted(rows.length - LONG, "more line")} of this file`, () => {
    body.append(...rows.slice(LONG));
    more.remove();
  }, { class: "link more" });
  return element("div", {}, table, more);
}

/** The diff of a project with a choice between two columns and one; one where there is no room for two. */
function showDiff(text, name) {
  const files = parseDiff(text);
  const place = element("div", { class: "diffs" });
  const narrow = matchMedia("(max-width: 760px)");
  const choice = button("", () => {
    remember("volfix-diff", remembered("volfix-diff") === "unified" ? "split" : "unified");
    show();
  }, { class: "link" });
  const show = () => {
    const split = !narrow.matches && remembered("volfix-diff") !== "unified";
    choice.textContent = split ? "One column" : "Two columns";
    choice.hidden = narrow.matches;
    place.replaceChildren(...files.map((file) => fileTable(file, split)));
  };
  narrow.addEventListener("change", show);
  show();
  return [element("div", { class: "part" }, element("h4", {}, "Changes of ", foreign(name)), choice), place];
}
