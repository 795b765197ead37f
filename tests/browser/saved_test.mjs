// A task that was saved as a page: it opens from the disk, and asks nobody for anything.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { assert, column, reads, step, test } from "./stage.mjs";
import { kTask, views } from "./failing_task.mjs";

await test(async (stage) => {
  assert.equal(await stage.run(kTask, "t"), 1);
  assert.equal(await stage.run({ name: "good", processes: [{ name: "p", cmdline: "true" }] }, "good"), 0);
  const file = join(stage.path, "saved.html");
  assert.equal(await stage.start("thermos", "observe", "--root", stage.root, "--static", file, "t", "good").ended(), 0);
  for (const dark of [false, true]) {
    const page = await stage.open("#/", { dark, url: pathToFileURL(file).href });
    await reads(page, ".light", "saved");
    assert.deepEqual(await column(page, 0), ["good", "t"]);
    for (const [name, hash, selector, text] of views("t").filter(([name]) => name !== "sandbox")) {
      step(name + ", " + (dark ? "dark" : "light"));
      await page.evaluate((hash) => { location.hash = hash; }, hash);
      await reads(page, selector, text);
      assert.deepEqual(await stage.violations(page), [], name);
    }
    await page.evaluate(() => { location.hash = "#/t/t/p/report"; });
    await reads(page, ".config", "true");
    await page.evaluate(() => { location.hash = "#/t/t/p/sum/0/stdout"; });
    await reads(page, ".log", "20000");
    await reads(page, ".count", "not read"); // of a long output, its end is kept
    await page.evaluate(() => { location.hash = "#/t/t"; });
    await reads(page, "h1", "FAILED");
    for (let i = 0; i < 40; ++i) await page.keyboard.press(",");
    await reads(page, ".scrub output", " in");
    await page.context().close();
  }
  assert.doesNotMatch(await readFile(file, "utf8"), /https?:\/\/(?!www\.w3\.org\/)/);
});
