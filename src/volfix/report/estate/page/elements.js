"use strict";
/* Elements are made node by node: text is a text node, and markup in it stays text. */

const byId = (id) => document.getElementById(id);

/** An element; attributes that are null or false are left away, true is written empty. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** Foreign text, which may run right to left, apart from the text around it. */
const foreign = (text, kind = null) => element("bdi", { class: kind }, text);

/** Text of volfix's own: what stands between backticks is code; a name with a backtick of its own stays as it is. */
const prose = (text) => element("bdi", {}, text.split(/(?<![`\w])`([^`\n]+)`(?![`\w])/)
  .map((part, at) => (at % 2 ? element("code", {}, part) : part)));

const unseen = (text) => element("span", { class: "unseen" }, text);

const counted = (number, noun, nouns = `${noun}s`) => `${number.toLocaleString("en")} ${number === 1 ? noun : nouns}`;

function button(text, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", action);
  return made;
}

/** Say something to those who listen to the page. */
function say(text) {
  byId("said").textContent = "";
  setTimeout(() => { byId("said").textContent = text; }, 50);
}

/** Copy a text, and say so on the button for a moment. */
async function copy(text, pressed, done) {
  const copied = await toClipboard(text);
  const label = pressed.textContent;
  say(copied ? done : "Copying is not allowed here.");
  const outcome = copied ? "Copied" : "Not allowed";
  pressed.textContent = outcome;
  setTimeout(() => { if (pressed.textContent === outcome) pressed.textContent = label; }, 1500);
}

async function toClipboard(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // denied, or a browser that has no clipboard for files: the older way is next
    }
  }
  const area = element("textarea", { class: "unseen" });
  const focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return copied;
}
