// What happens around a question asked in place: short addresses, an answer that comes into view, words when none comes.
"use strict";

(function () {
  const result = document.getElementById("result");
  const noAnswer = document.getElementById("no-answer");
  if (!result || !window.htmx) return;

  function show() {
    const end = result.querySelector(".chances") ?? result;
    if (result.getBoundingClientRect().top >= 0 && end.getBoundingClientRect().bottom <= innerHeight) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    result.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  function sayNoAnswer() {
    result.replaceChildren(noAnswer.content.cloneNode(true));
    show();
  }

  // The button is of use only where the browser lets a page write to the clipboard.
  function offerLink() {
    for (const button of document.querySelectorAll(".copy-link")) button.hidden = !navigator.clipboard;
  }

  document.addEventListener("htmx:configRequest", (event) => {
    const asked = event.detail.formData;
    for (const [name, value] of [...asked.entries()]) if (value === "") asked.delete(name);
    // A keyboard on the screen would cover the answer.
    if (matchMedia("(pointer: coarse)").matches) document.activeElement?.blur();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.serverResponse.includes('id="result"')) return;
    event.detail.shouldSwap = false;
    sayNoAnswer();
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(failure, sayNoAnswer);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target !== result) return;
    offerLink();
    show();
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy-link");
    if (!button) return;
    await navigator.clipboard.writeText(location.href);
    button.textContent = button.dataset.done;
  });
  offerLink();
})();
