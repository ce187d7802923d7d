// Sorts a page's tables: a click on a column's name sorts by it, another turns the order round.
"use strict";
const number = (text) => text.replace(/\u202f/g, "").split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
const inOrder = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function sort(table, column, down) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [row.cells[column].textContent.trim(), row]);
  const isNumber = rows.every(([text]) => text === "" || !Number.isNaN(number(text)));
  const compare = isNumber ? (one, other) => number(one) - number(other) : inOrder.compare;
  rows.sort(([one], [other]) => (down ? -1 : 1) * compare(one, other));
  body.replaceChildren(...rows.map(([, row]) => row));
}

document.querySelectorAll("table.sorted thead th").forEach((head) => {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    const isText = head.cellIndex === 0;
    const first = head.getAttribute("aria-sort") === null && isText ? false : down;
    head.closest("tr").querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", first ? "descending" : "ascending");
    sort(head.closest("table"), head.cellIndex, first);
  });
});
