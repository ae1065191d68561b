"use strict";
/* Light, dark or as the system is; remembered where the browser lets a file remember. */

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // some browsers give files no storage
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // the choice then lasts as long as the page
  }
}

function setTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function startTheme() {
  const choices = byId("theme");
  const chosen = choices.querySelector(`input[value="${document.documentElement.dataset.theme ?? "auto"}"]`);
  chosen.checked = true;
  choices.hidden = false;
  choices.addEventListener("change", (event) => {
    setTheme(event.target.value);
    remember("volfix-theme", event.target.value);
  });
}

setTheme(remembered("volfix-theme")); // before anything is painted
