// Somebody who knows nothing of a task of 500 processes finds on the page why it failed: the cause and the line of
// output are in sight after one click, the rest of that output after two.
import { assert, reads, step, test, until } from "./stage.mjs";

// Fetches feed conversions, these merges. One conversion leaves a file that its merge can't use.
function nightly() {
  const processes = [];
  const add = (name, cmdline, needs) => processes.push({ name, cmdline, needs });
  const many = (count, make) => Array.from({ length: count }, (_, index) => make(index));
  for (let i = 0; i < 60; ++i) add("fetch-" + i, "true", []);
  for (let i = 0; i < 380; ++i) {
    add("convert-" + i, i === 217 ? "echo part >part-217" : "echo whole part >part-" + i, ["fetch-" + (i % 60), "fetch-" + ((7 * i) % 59)]);
  }
  for (let i = 0; i < 50; ++i) {
    const parts = many(7, (j) => 7 * i + j);
    add("merge-" + i, "for n in " + parts.join(" ") + "; do echo reading part-$n; " +
      "grep -q whole part-$n || { echo \"merge: part-$n is cut off behind 5 bytes, expected 11\" >&2; exit 3; }; done", parts.map((n) => "convert-" + n));
  }
  for (let i = 0; i < 8; ++i) add("sum-" + i, "true", many(6, (j) => "merge-" + (6 * i + j)));
  add("report", "true", many(8, (i) => "sum-" + i));
  processes.push({ name: "clean-up", cmdline: "true", final: true });
  return { name: "nightly", max_concurrency: 8, processes };
}

// Waits until an element of that selector and text can be read as the page is, without scrolling.
const inSight = (page, selector, text) => until(page, ([selector, text]) => [...document.querySelectorAll(selector)].some((one) => {
  if (!one.textContent.includes(text)) return false;
  const box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + 5, box.top + Math.min(10, box.height / 2));
  return box.height > 0 && box.top + Math.min(box.height, 60) <= innerHeight && (top === one || one.contains(top));
}), [selector, text]);

await test(async (stage) => {
  const task = nightly();
  assert.equal(task.processes.length, 500);
  for (let i = 0; i < 3; ++i) await stage.run({ name: "other", processes: [{ name: "p", cmdline: "true" }] }, "other-" + i);
  assert.equal(await stage.run(task, "nightly"), 1);
  await stage.observe();
  for (const [width, height] of [[1280, 800], [360, 740]]) {
    const page = await stage.open("#/", { width, height });

    step(width + " wide: the list says which one failed");
    await inSight(page, "rows-table td", "nightly");
    await inSight(page, "rows-table td", "FAILED");

    step("the first click: what failed, how, and what it printed");
    await page.getByRole("link", { name: "nightly" }).click();
    await inSight(page, ".why .answer", "merge-31 failed first, exit 3");
    await inSight(page, ".why pre", "part-217 is cut off behind 5 bytes, expected 11");

    step("the second: all that it printed, or what it needs");
    await page.locator(".why figcaption a").click();
    await inSight(page, ".log", "part-217 is cut off");
    await page.goBack();
    await page.locator(".why li a").first().click();
    await reads(page, "h2", "merge-31 FAILED");
    await inSight(page, ".why pre", "part-217 is cut off");

    step("and from there to who made the bad file");
    await page.getByRole("link", { name: "convert-217" }).click();
    await reads(page, "h2", "convert-217 SUCCESS");
    await reads(page, ".config", "echo part >part-217");
    await page.context().close();
  }
});
