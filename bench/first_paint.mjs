// How soon the observer's page shows a task of ten thousand processes, half of which have run, and a moment of it.
//   tests/browser/browser.sh build bench/first_paint.mjs [ROUNDS]
// Prints medians and the largest of all rounds, in milliseconds.
import { step, test } from "../tests/browser/stage.mjs";

const rounds = Number(process.argv[2] || 5);
const figures = new Map();
const note = (name, value) => figures.set(name, [...(figures.get(name) || []), value]);

// From the beginning of the document, or from now, until what `there` finds is painted.
const painted = (page, there, since) => page.evaluate(async ([there, since]) => {
  const found = new Function("return " + there);
  const begin = since === "load" ? 0 : performance.now();
  if (since !== "load") location.hash = since;
  while (!found()) await new Promise(requestAnimationFrame);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); // the frame with it is drawn
  return performance.now() - begin;
}, [there, since]);

await test(async (stage) => {
  await stage.put("large", 100, 100, 20000);
  await stage.observe();
  const kTable = "document.querySelector('.chips button') && document.querySelector('rows-table td a')";
  for (let round = 0; round < rounds; ++round) {
    const page = await stage.open("#/");
    await page.goto("about:blank");
    await page.goto(stage.origin + "/#/t/large", { waitUntil: "commit" });
    note("the address of the task, opened anew", await painted(page, kTable, "load"));
    await page.goto(stage.origin + "/#/");
    await painted(page, "document.querySelector('rows-table td a')", "load");
    note("from the list to its table", await painted(page, kTable, "#/t/large"));
    note("its graph", await painted(page, "document.querySelector('#graph-words') && document.querySelector('#graph-words').textContent", "#/t/large/graph"));
    note("its timeline", await painted(page, "document.querySelector('#time-words') && document.querySelector('#time-words').textContent", "#/t/large/timeline"));
    for (const view of ["", "/graph", "/timeline"]) {
      await page.evaluate((view) => { location.hash = "#/t/large" + view; }, view);
      await page.waitForFunction(() => document.querySelector(".scrub input"));
      note("a frame of scrubbing " + (view.slice(1) || "table"), await page.evaluate(async () => {
        const slider = document.querySelector(".scrub input");
        const begin = performance.now();
        for (let value = 0; value < 1000; value += 20) {
          slider.value = String(value);
          slider.dispatchEvent(new Event("input"));
          await new Promise(requestAnimationFrame);
        }
        return (performance.now() - begin) / 50;
      }));
    }
    await page.context().close();
  }
});
for (const [name, values] of figures) {
  values.sort((a, b) => a - b);
  console.log(name.padEnd(40) + values[Math.floor(values.length / 2)].toFixed(0).padStart(8) + values.at(-1).toFixed(0).padStart(8));
}
