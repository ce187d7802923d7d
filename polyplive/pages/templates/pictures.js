// Opens a page's pictures large: click or Enter opens, the arrow keys go on and back, Esc closes.
"use strict";
const large = document.getElementById("large");
const pictures = [...document.querySelectorAll(".pictures figure")];
const part = (name) => large.querySelector(name);
let shown = 0;

function show(place) {
  shown = (place + pictures.length) % pictures.length;
  const figure = pictures[shown];
  const small = figure.querySelector("img");
  part("img").src = small.src;
  part("img").alt = small.alt;
  part("figcaption").replaceChildren(...figure.querySelector("figcaption").cloneNode(true).childNodes);
  part(".figures").replaceChildren(...figure.querySelector("dl").cloneNode(true).childNodes);
  part(".place").textContent = `${shown + 1} of ${pictures.length}`;
}

pictures.forEach((figure, place) => {
  const button = figure.querySelector("button");
  button.disabled = false;
  button.addEventListener("click", () => { show(place); large.showModal(); });
});
part(".previous").addEventListener("click", () => show(shown - 1));
part(".next").addEventListener("click", () => show(shown + 1));
part(".close").addEventListener("click", () => large.close());
large.addEventListener("click", (event) => { if (event.target === large) large.close(); });
large.addEventListener("close", () => pictures[shown].querySelector("button").focus());
large.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") show(shown - 1);
  else if (event.key === "ArrowRight") show(shown + 1);
  else return;
  event.preventDefault();
});
