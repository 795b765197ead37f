// Elements from plain values. Names of tasks and processes are hostile: they only ever become text and attributes.

// h("a", {href, class, onclick}, child, ...): children are elements, texts, lists of these, or nothing.
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value); // not the attribute, which the policy forbids
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child);
  }
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

// A link or button that is replaced between the press and the release of the mouse gets no click. So nothing is drawn
// from the one to just behind the other.
let pressed = false;
const afterPress = [];
document.addEventListener("pointerdown", (event) => { pressed = event.target.closest("a, button") !== null; }, true);
function release() {
  pressed = false;
  for (const draw of afterPress.splice(0)) requestAnimationFrame(draw);
}
for (const up of ["pointerup", "pointercancel"]) document.addEventListener(up, () => setTimeout(release), true);
window.addEventListener("blur", release);

// Calls `draw` in the next frame, once however often it is asked.
export function inFrame(draw) {
  let asked = false;
  const now = () => {
    if (pressed) {
      afterPress.push(now);
      return;
    }
    asked = false;
    draw();
  };
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(now);
  };
}

// The values of the style sheet's colours, which canvases need.
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue("--" + name).trim();
}

// A canvas as sharp as the screen. Returns its 2D context, in CSS pixels.
export function fit(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * scale));
  const t = Math.max(1, Math.round(height * scale));
  if (canvas.width !== w || canvas.height !== t) {
    canvas.width = w;
    canvas.height = t;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
