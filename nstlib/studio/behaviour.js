// What ipywidgets leaves out, for all parts of the page, in a notebook too: `this` is the picture whose attribute
// this is. It may run before the page holds it, so it waits.
const picture = this;
(function begin() {
  const studio = picture.closest(".nst-studio");
  if (!studio || !picture.isConnected) { setTimeout(begin, 50); return; }

  // Names for screen readers: sliders have none, and the names of uploads end with a count.
  function name() {
    for (const slider of studio.querySelectorAll(".widget-slider"))
      for (const handle of slider.querySelectorAll(".noUi-handle:not([aria-label]), .ui-slider-handle:not([aria-label])"))
        handle.setAttribute("aria-label", slider.querySelector("label").textContent);
    for (const button of studio.querySelectorAll("button.widget-upload:not([aria-label])"))
      button.setAttribute("aria-label", button.textContent.replace(/\s*\(\d*\)\s*$/, ""));
    for (const button of studio.querySelectorAll("button.nst-more"))
      button.setAttribute("aria-expanded", String(button.classList.contains("mod-active")));
    // What is kept is downloaded, too.
    const link = studio.querySelector("a[data-save]");
    if (link) { link.removeAttribute("data-save"); link.click(); }
    // A player has no name by itself; films begin without sound, and where nothing shall move they wait.
    const screen = studio.querySelector("video.nst-screen");
    if (screen && !screen.playsInline) {
      screen.playsInline = screen.muted = true;
      if (matchMedia("(prefers-reduced-motion: reduce)").matches)
        screen.addEventListener("loadeddata", () => screen.pause());
    }
    if (screen) screen.setAttribute("aria-label", studio.querySelector("[data-film]")?.dataset.film || "Film");
    // In a row that is wider than the screen, the chosen picture is in sight when the row is drawn.
    for (const row of studio.querySelectorAll(".nst-thumbs:not([data-drawn])")) {
      const thumb = row.querySelector("input:checked")?.parentNode;
      if (thumb) row.scrollLeft = thumb.offsetLeft + thumb.offsetWidth / 2 - row.clientWidth / 2;
      row.dataset.drawn = "";
    }
  }
  new MutationObserver(name).observe(studio, { subtree: true, childList: true, attributeFilter: ["class"] });
  name();

  // Who starts a run, or chooses a result, further down sees it; and browsers let a film begin when it is seen.
  function look() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    studio.querySelector(".nst-show").scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  }
  studio.addEventListener("click", (event) => event.target.closest(".nst-primary") && look());
  studio.addEventListener("change", (event) => event.target.closest(".nst-results .nst-thumb") && look());
})();
