"use strict";
/* What is behind a repository's row: its findings with their evidence, the diff, and what to type next. */

const OUTCOMES = {
  uncarried: ["fixed on the branch, NOT CARRIED", "volfix carry"],
  refused: ["refused", null],
  unsafe: ["needs a decision", "--unsafe-fixes"],
  fixable: ["can be fixed", "--write"],
  fixed: ["fixed on the branch", null],
};

const EMPTY = "Its change rewrites a mount, and nothing carries the data: deployed as it is, the database starts EMPTY on a new volume. "
  + "The rows stay in the old place, and what is written meanwhile is in the new volume only.";

/** `hazards` are those that the repository has a part in. */
function showRepository(row, hazards) {
  const details = JSON.parse(row.block.textContent);
  const busy = details.projects.filter((project) => project.findings.length || project.diff);
  const quiet = details.projects.filter((project) => !busy.includes(project));
  return element("div", { class: "repository" },
    facts(row, details),
    row.why ? element("p", { class: `note note-${row.status}` }, prose(row.why)) : null,
    row.left ? element("p", { class: "note note-left" }, element("strong", {}, "Carry before you deploy. "), EMPTY) : null,
    hazards.map((hazard) => element("p", { class: "note note-shared" },
      `The ${hazard.kind} `, foreign(hazard.key, "code"), " on ", foreign(hazard.host), ": ", prose(hazard.sentence))),
    busy.map((project) => showProject(project)),
    details.commands.length ? showCommands(details.commands) : null,
    busy.filter((project) => project.diff).map((project) => element("section", { class: "project" }, showDiff(project.diff, project.name))),
    quiet.length ? element("p", { class: "muted" }, `No findings in ${counted(quiet.length, busy.length ? "other project" : "project")}: `,
      quiet.map((project, at) => [at ? ", " : "", foreign(project.files.join(", ") || project.name, "code")])) : null,
    details.errors.length ? element("section", {}, element("h4", {}, "Not read or not written"),
      element("ul", { class: "plain" }, details.errors.map((error) => element("li", {},
        foreign([error.file, error.line, error.column].filter((part) => part !== null).join(":"), "code"), " ", prose(error.message))))) : null,
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

function showProject(project) {
  const rank = (finding) => [SEVERITIES.indexOf(finding.severity), WORST.indexOf(finding.outcome)];
  const findings = [...project.findings].sort((one, other) => {
    const [[severity, outcome], [its, other_]] = [rank(one), rank(other)];
    return severity - its || outcome - other_;
  });
  return element("section", { class: "project" },
    element("h3", {}, "Project ", foreign(project.name), " ", element("span", { class: "muted" }, foreign(project.files.join(", "), "code"))),
    element("ul", { class: "findings" }, findings.map(showFinding)),
    project.moves.length ? showMoves(project.moves) : null);
}

const WORST = Object.keys(OUTCOMES);

function showFinding(finding) {
  const about = [finding.service && ["service", finding.service], finding.step && ["step", finding.step], finding.target && ["at", finding.target]];
  const note = finding.severity === "info" && finding.outcome !== "fixed";
  const [made, option] = note ? ["note", null] : OUTCOMES[finding.outcome];
  return element("li", { class: `finding outcome-${note ? "note" : finding.outcome}` },
    element("p", { class: "head" },
      element("span", { class: `severity severity-${finding.severity}` }, finding.severity === "info" ? "note" : finding.severity), " ",
      element("span", { class: "code strong" }, finding.code), " ",
      foreign(`${finding.file}:${finding.line}:${finding.column}`, "code"), " ",
      about.filter(Boolean).map(([word, value]) => element("span", { class: "muted" }, `${word} `, foreign(value, "code"), " "))),
    element("p", { class: "message strong" }, prose(finding.message)),
    finding.danger ? element("p", { class: "message" }, prose(finding.danger)) : null,
    finding.evidence ? element("ul", { class: "evidence", "aria-label": "Evidence" }, finding.evidence.map((line) => element("li", {}, prose(line)))) : null,
    element("p", { class: "verdict" }, element("strong", {}, made),
      option && [" ", element("code", {}, option)], finding.reason && [": ", prose(finding.reason)]));
}

function showMoves(moves) {
  return element("div", { class: "moves" }, element("h4", {}, "Data to carry"),
    element("ul", { class: "plain" }, moves.map((move) => element("li", {},
      foreign(move.source, "code"), " → ", foreign(move.volume_name ?? move.volume, "code"), element("span", { class: "muted" }, " at "),
      foreign(move.target, "code"), element("span", { class: "muted" }, " of "), foreign(move.service, "code"), ": ", carriage(move)))));
}

/** Who carries a move, or has carried it; loud where nobody is known to. */
function carriage(move) {
  if (move.carry_service) return ["the deployment carries it, by ", foreign(move.carry_service, "code")];
  if (move.carried) return [element("strong", { class: "some-fixed" }, "carried"), " ", prose(move.carried)];
  return [element("strong", { class: "some-refused" }, "NOT CARRIED"), move.not_carried && [": ", prose(move.not_carried)]];
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
