"use strict";
/* What is behind a repository's row: its findings with their evidence, the diff, and what to type next. */

const OUTCOMES = {
  refused: ["refused", null],
  unsafe: ["needs a decision", "--unsafe-fixes"],
  fixable: ["can be fixed", "--write"],
  fixed: ["fixed on the branch", null],
};

/** `hazards` are those that the repository has a part in. */
function showRepository(row, hazards) {
  const details = JSON.parse(row.block.textContent);
  const busy = details.projects.filter((project) => project.findings.length || project.diff);
  const quiet = details.projects.filter((project) => !busy.includes(project));
  return element("div", { class: "repository" },
    facts(row, details),
    row.why ? element("p", { class: `note note-${row.status}` }, foreign(row.why)) : null,
    hazards.map((hazard) => element("p", { class: "note note-shared" },
      `The ${hazard.kind} `, foreign(hazard.key, "code"), " on ", foreign(hazard.host), ": ", foreign(hazard.sentence))),
    busy.map((project) => showProject(project, row.status)),
    quiet.length ? element("p", { class: "muted" }, `No findings in ${counted(quiet.length, busy.length ? "other project" : "project")}: `,
      quiet.map((project, at) => [at ? ", " : "", foreign(project.files.join(", ") || project.name, "code")])) : null,
    details.errors.length ? element("section", {}, element("h4", {}, "Not read or not written"),
      element("ul", { class: "plain" }, details.errors.map((error) => element("li", {},
        foreign([error.file, error.line, error.column].filter((part) => part !== null).join(":"), "code"), " ", foreign(error.message))))) : null,
    details.commands.length ? showCommands(details.commands) : null,
    !details.projects.length && !details.errors.length && !row.why ? element("p", { class: "muted" }, "No Compose project was found here.") : null);
}

function facts(row, details) {
  const shown = [["Source", row.source], ["Read at", details.head], ["Branch", details.branch], ["Commit", details.commit]]
    .filter(([, value]) => value)
    .map(([word, value]) => [word, foreign(value, "code")]);
  if (details.links.length) shown.push(["Open", details.links.flatMap((link) => [showLink(link), " "])]);
  if (details.seconds) shown.push(["Took", `${details.seconds.toFixed(2)} s`]);
  return element("dl", { class: "facts" }, shown.map(([word, value]) => element("div", {}, element("dt", {}, word), element("dd", {}, value))));
}

/** A link that a push returned; what is not a web address stays text. */
function showLink(link) {
  return /^https?:\/\//i.test(link)
    ? element("a", { href: link, rel: "noopener noreferrer", target: "_blank" }, foreign(link)) : foreign(link);
}

function showProject(project, status) {
  const findings = [...project.findings].sort((one, other) => WORST.indexOf(one.outcome) - WORST.indexOf(other.outcome));
  return element("section", { class: "project" },
    element("h3", {}, "Project ", foreign(project.name), " ", element("span", { class: "muted" }, foreign(project.files.join(", "), "code"))),
    element("ul", { class: "findings" }, findings.map(showFinding)),
    project.diff ? showDiff(project.diff) : null,
    project.moves.length ? showMoves(project.moves, status) : null);
}

const WORST = Object.keys(OUTCOMES);

function showFinding(finding) {
  const about = [finding.service && ["service", finding.service], finding.step && ["step", finding.step], finding.target && ["at", finding.target]];
  const note = finding.severity === "info" && finding.outcome !== "fixed";
  const [made, option] = note ? ["note", null] : OUTCOMES[finding.outcome];
  return element("li", { class: `finding outcome-${note ? "note" : finding.outcome}` },
    element("p", { class: "head" },
      element("span", { class: "code strong" }, finding.code), " ",
      foreign(`${finding.file}:${finding.line}:${finding.column}`, "code"), " ",
      about.filter(Boolean).map(([word, value]) => element("span", { class: "muted" }, `${word} `, foreign(value, "code"), " "))),
    element("p", { class: "message" }, foreign(finding.message)),
    element("ul", { class: "evidence", "aria-label": "Evidence" }, finding.evidence.map((line) => element("li", {}, foreign(line)))),
    element("p", { class: "verdict" }, element("strong", {}, made),
      option && [" ", element("code", {}, option)], finding.reason && [": ", foreign(finding.reason)]));
}

function showMoves(moves, status) {
  const done = status === "written" || status === "pushed";
  return element("div", { class: "moves" }, element("h4", {}, "Data to carry"),
    element("p", { class: "muted" }, moves.every((move) => move.carry_service)
      ? "The deployment carries it itself, before the databases start."
      : `${done ? "The change does" : "The fix would"} not move what no service carries: the new volume starts empty.`),
    element("ul", { class: "plain" }, moves.map((move) => element("li", {},
      foreign(move.source, "code"), " → ", foreign(move.volume, "code"), element("span", { class: "muted" }, " at "),
      foreign(move.target, "code"), element("span", { class: "muted" }, " of "), foreign(move.service, "code"),
      move.carry_service && [element("span", { class: "muted" }, " by "), foreign(move.carry_service, "code")]))));
}

function showCommands(commands) {
  const all = commands.map((command) => `# ${command.purpose}\n${command.line}\n`).join("");
  return element("section", { class: "commands" },
    element("div", { class: "part" }, element("h4", {}, "Commands"),
      button("Copy all", (event) => copy(all, event.currentTarget, "Commands copied."), { class: "link" })),
    element("ol", { class: "plain" }, commands.map((command) => element("li", {},
      element("span", { class: "muted" }, command.purpose),
      element("code", { dir: "ltr" }, command.line),
      button("Copy", (event) => copy(command.line, event.currentTarget, "Command copied."),
        { class: "button", "aria-label": `Copy: ${command.purpose}` })))));
}
