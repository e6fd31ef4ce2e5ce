// How the map is moved: drag, wheel, two fingers, keys.

const STEP = 60;

export function letMove(view) {
  const { canvas } = view;
  const held = new Map();
  let dragged = 0, apart = 0;
  const at = (event) => ({ x: event.offsetX, y: event.offsetY });

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at(event));
    if (held.size === 1) dragged = 0;
    apart = distance(held);
    canvas.classList.add("held");
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    held.set(event.pointerId, now);
    const dx = now.x - before.x, dy = now.y - before.y;
    dragged += Math.abs(dx) + Math.abs(dy);
    view.move(dx / held.size, dy / held.size);
    if (held.size === 2) {
      const next = distance(held);
      if (apart) view.zoom(next / apart, middle(held));
      apart = next;
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      const was = held.delete(event.pointerId);
      apart = 0;
      if (!held.size) canvas.classList.remove("held");
      if (end === "pointerup" && was && dragged < 6) choose(view, view.at(at(event)));
    });
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    view.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), at(event));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => view.zoom(2, at(event)));
  canvas.addEventListener("keydown", (event) => {
    const act = {
      ArrowLeft: () => view.move(STEP, 0), ArrowRight: () => view.move(-STEP, 0), ArrowUp: () => view.move(0, STEP), ArrowDown: () => view.move(0, -STEP),
      "+": () => view.zoom(1.4), "=": () => view.zoom(1.4), "-": () => view.zoom(1 / 1.4), 0: () => view.go(32767, 32767, 1),
      Enter: () => choose(view, view.around(view.view, 1)[0]),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  for (const kind of ["focus", "blur"]) canvas.addEventListener(kind, () => view.soon());
}

function choose(view, row) {
  view.marked = row ?? -1;
  view.soon();
  if (row !== undefined) view.chosen(row);
}

const distance = (held) => {
  const [one, other] = held.values();
  return other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
};

const middle = (held) => {
  const [one, other] = held.values();
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
};
