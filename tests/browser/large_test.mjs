// A task of ten thousand processes is shown, scrubbed and followed like any other.
import { assert, cells, reads, step, test, until } from "./stage.mjs";

await test(async (stage) => {
  const task = await stage.put("large", 100, 100, 20000);
  await stage.observe();
  const page = await stage.open("#/");
  await reads(page, "rows-table td", "5000/10000");

  step("its views");
  const paint = await page.evaluate(async () => {
    const begin = performance.now();
    location.hash = "#/t/large";
    while (!document.querySelector(".chips button")) await new Promise(requestAnimationFrame);
    return performance.now() - begin;
  });
  console.log("the table is there after " + paint.toFixed(0) + " ms");
  await reads(page, ".chips button", "SUCCESS 5,000");
  assert.ok((await cells(page, "rows-table")).length < 60, "it has only the rows that are seen");
  assert.equal(await page.locator("rows-table table").getAttribute("aria-rowcount"), "10001");
  await page.locator("rows-table").evaluate((one) => { one.scrollTop = one.scrollHeight; });
  await reads(page, "rows-table td", "layer-0-step-0"); // what was over first stands last
  await page.keyboard.press("/");
  await page.keyboard.type("step-77");
  await until(page, () => document.querySelector("rows-table table").getAttribute("aria-rowcount") === "101");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await reads(page, "#graph-words", "10,000 processes in 100 layers");
  await page.keyboard.press("t");
  await reads(page, "#time-words", "5,000 processes");
  const frame = page.locator(".picture");
  await frame.evaluate((one) => { one.scrollTop = one.scrollHeight; });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const { height } = await frame.boundingBox();
  await frame.click({ position: { x: 300, y: height - 12 } }); // the last line
  await reads(page, "h2", "layer-49-step-99 SUCCESS");

  step("any moment of it");
  await page.evaluate(() => { location.hash = "#/t/large"; });
  await reads(page, ".chips button", "SUCCESS 5,000");
  const frames = await page.evaluate(async () => {
    const slider = document.querySelector(".scrub input");
    const begin = performance.now();
    const seen = new Set();
    for (let value = 0; value < 1000; value += 20) {
      slider.value = String(value);
      slider.dispatchEvent(new Event("input"));
      await new Promise(requestAnimationFrame);
      await new Promise((done) => setTimeout(done)); // behind the frame
      seen.add(document.querySelector(".scrub output").textContent + document.querySelector(".chips").textContent);
    }
    return { each: (performance.now() - begin) / 50, seen: seen.size };
  });
  console.log("a frame of scrubbing takes " + frames.each.toFixed(0) + " ms");
  assert.ok(frames.seen > 40, "each moment was shown: " + frames.seen);
  await page.keyboard.press("n");

  step("what happens now");
  // Batch by batch, each of which is on the page before the next one is written.
  for (let written = 200; written <= 3000; written += 200) {
    await task.write(200);
    await reads(page, ".chips button", "SUCCESS " + (5000 + written / 4).toLocaleString("en"));
  }
  // And as fast as it goes.
  await task.write(40000);
  await reads(page, "h1", "large SUCCESS");
  await reads(page, ".chips button", "SUCCESS 10,000");
});
