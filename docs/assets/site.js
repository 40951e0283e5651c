// What scrolls sideways can be reached with the keyboard, and the search has a name for screen readers.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  for (const part of document.querySelectorAll("pre > code, .md-typeset__scrollwrap, .scroll")) {
    part.tabIndex = 0;
  }
});
