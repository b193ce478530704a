// Adds what comes to the page, and shows which words of a text belong to which claim. The page works without it.
"use strict";

(() => {
  const live = document.getElementById("live");
  const items = document.getElementById("items");
  const news = document.getElementById("news");
  if (live && items && "EventSource" in window) {
    const said = document.getElementById("live-said");
    const title = document.title;
    let unread = 0;
    const seen = () => {
      unread = 0;
      document.title = title;
    };
    const source = new EventSource(live.dataset.url);
    source.onopen = () => {
      live.hidden = false;
      live.className = "live on";
      said.textContent = "live";
    };
    source.onerror = () => {
      live.className = "live off";
      said.textContent = source.readyState === EventSource.CLOSED ? "reload to go on" : "connecting again";
    };
    source.addEventListener("claims", (event) => {
      const held = document.createElement("template");
      held.innerHTML = event.data; // the server has escaped every text in it, and the policy runs no script of it
      const item = held.content.firstElementChild;
      item.classList.add("fresh");
      items.prepend(item);
      document.getElementById("none")?.remove();
      unread += item.querySelectorAll(".claim").length;
      news.textContent = `${unread} new claim${unread === 1 ? "" : "s"}`;
      if (document.hidden || window.scrollY > 200) document.title = `(${unread}) ${title}`;
      else seen();
    });
    document.addEventListener("visibilitychange", () => document.hidden || seen());
    window.addEventListener("scroll", () => window.scrollY <= 200 && seen(), { passive: true });
    window.addEventListener("pagehide", () => source.close());
  }

  const mark = (number, on) => {
    for (const each of document.querySelectorAll("mark[data-claims]"))
      if (each.dataset.claims.split(" ").includes(number)) each.classList.toggle("lit", on);
  };
  for (const claim of document.querySelectorAll("[data-claim]")) {
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]])
      claim.addEventListener(event, () => mark(claim.dataset.claim, on));
  }

  // "/" goes to the search, as in many tools; not while something is typed.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("find")?.focus();
    }
  });
})();
