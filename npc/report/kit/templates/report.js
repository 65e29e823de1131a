// Tables sort by a click on a heading, figures enlarge, a link to a patient opens the images; without this script the
// page only lacks these.
const number = text => {
  const found = text.replace(/\u2212/g, "-").match(/^[<>]?\s*(-?\d*\.?\d+)/);
  return found ? Number(found[1]) : null;
};
const compare = (a, b) => {
  const [x, y] = [number(a), number(b)];
  if (x !== null && y !== null) return x - y;
  if (x !== null || y !== null) return x === null ? 1 : -1;
  return a.localeCompare(b);
};
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0], asWritten = [...body.rows];
  if (asWritten.length < 3) continue;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
      const order = next === undefined ? "ascending" : next;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      if (order) head.setAttribute("aria-sort", order);
      const text = row => row.cells[column].textContent.trim();
      const sorted = order ? [...asWritten].sort((a, b) => compare(text(a), text(b))) : asWritten;
      body.append(...(order === "descending" ? sorted.reverse() : sorted));
    });
  });
}
const dialog = document.querySelector("dialog");
for (const image of document.querySelectorAll("figure:not(.small) img")) {
  const button = document.createElement("button");
  button.setAttribute("aria-label", "Enlarge: " + image.alt);
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => {
    const large = dialog.querySelector("img");
    large.src = image.src;
    large.alt = image.alt;
    dialog.showModal();
  });
}
const reveal = () => {
  const panel = location.hash && document.getElementById(location.hash.slice(1));
  const closed = panel && panel.closest("details");
  if (!closed) return;
  closed.open = true;
  panel.scrollIntoView();
  panel.focus({ preventScroll: true });
};
addEventListener("hashchange", reveal);
reveal();
