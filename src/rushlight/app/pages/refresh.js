// Asks for the page again while a run goes on, and puts the new content in the place of the old.
addEventListener("load", () => {
  const again = async () => {
    const main = document.querySelector("main");
    if (!main.dataset.live) return;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("main");
      if (next && next.dataset.made !== main.dataset.made) main.replaceWith(next);
    } catch (error) {
      if (location.protocol === "file:") return location.reload();
      const state = document.getElementById("state");
      if (state) state.textContent = main.dataset.gone;
      return;
    }
    setTimeout(again, 1500);
  };
  setTimeout(again, 1500);
});
