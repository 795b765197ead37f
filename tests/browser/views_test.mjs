// Every view of a task that failed, by the mouse and by the keys.
import { assert, cells, column, reads, step, test, until } from "./stage.mjs";
import { kTask } from "./failing_task.mjs";

await test(async (stage) => {
  assert.equal(await stage.run(kTask, "t"), 1);
  await stage.run({ name: "good", processes: [{ name: "p", cmdline: "true" }] }, "good");
  await stage.observe();
  const page = await stage.open();
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const hash = () => page.evaluate(() => location.hash);

  step("tasks");
  await reads(page, "rows-table td", "t");
  assert.deepEqual(await column(page, 0), ["good", "t"]); // the latest first
  assert.deepEqual(await column(page, 1), ["SUCCESS", "FAILED"]);
  assert.equal((await column(page, 2))[1], "2/4, 1 failed");
  assert.equal((await column(page, 3))[1], "failed first: sum");
  await page.getByRole("combobox").selectOption("failed");
  await until(page, () => document.querySelectorAll("rows-table tbody a").length === 1);
  await page.getByRole("combobox").selectOption("all");
  await until(page, () => document.querySelectorAll("rows-table tbody a").length === 2);
  await press("/");
  await page.keyboard.type("fAiled");
  await until(page, () => document.querySelectorAll("rows-table tbody a").length === 1);
  await press("Escape", "j", "Enter");

  step("the task says why it failed");
  await reads(page, "h1", "t FAILED");
  await reads(page, ".why .answer", "sum failed first, exit 2");
  await reads(page, ".why pre", "cannot open nubmers");

  step("table");
  assert.deepEqual(await column(page, 0), ["sum", "report", "clean-up final", "fetch"]);
  assert.deepEqual(await column(page, 1), ["FAILED", "not started", "SUCCESS", "SUCCESS"]);
  assert.equal((await column(page, 2))[0], "exit 2");
  await page.getByRole("button", { name: "SUCCESS 2" }).click();
  await until(page, () => document.querySelectorAll("rows-table tbody tr").length === 2);
  await press("/");
  await page.keyboard.type("etc");
  await until(page, () => document.querySelectorAll("rows-table tbody tr").length === 1);
  assert.match(await hash(), /q=etc/);
  await page.reload();
  await reads(page, "rows-table td", "fetch");
  assert.deepEqual(await column(page, 0), ["fetch"]); // the address has the filters
  await press("/", "Control+a", "Backspace", "Escape");
  await page.getByRole("button", { name: "SUCCESS 2" }).click();

  step("graph");
  await press("g");
  await reads(page, "#graph-words", "4 processes in 4 layers: 1 FAILED, 1 not started, 2 SUCCESS");
  const canvas = page.locator(".picture canvas");
  const before = await canvas.evaluate((one) => one.toDataURL());
  await page.getByRole("button", { name: "larger" }).click();
  await until(page, (before) => document.querySelector("canvas").toDataURL() !== before, before);
  await canvas.focus();
  await press("ArrowRight", "-", "+");
  await page.getByRole("button", { name: "show all of it" }).click();
  await until(page, (before) => document.querySelector("canvas").toDataURL() === before, before);
  await page.getByText("The same as a list").click();
  await reads(page, "details td", "report");
  assert.deepEqual(await cells(page, "details"),
    [["0", "fetch", "SUCCESS", ""], ["1", "sum", "FAILED", "fetch"], ["2", "report", "not started", "sum"], ["3", "clean-up", "SUCCESS", ""]]);
  // A box leads to its process: that of `fetch` is the leftmost thing in the picture.
  const box = await canvas.boundingBox();
  const x = await canvas.evaluate((one) => {
    const middle = one.getContext("2d").getImageData(0, Math.round(one.height / 2), one.width, 1).data;
    for (let i = 0; i < one.width; ++i) if (middle[4 * i + 3] !== 0) return i / devicePixelRatio;
    return -1;
  });
  await page.mouse.click(box.x + x + 10, box.y + box.height / 2);
  await reads(page, "h2", "fetch SUCCESS");

  step("timeline");
  await press("t");
  await reads(page, "#time-words", "3 processes");
  assert.match(await page.locator("#time-words").innerText(), /critical path: 2 processes/);
  await page.getByText("The same as a list").click();
  await reads(page, "details td", "clean-up");
  const lines = await cells(page, "details");
  assert.deepEqual(lines.map((line) => line[0]), ["fetch", "sum", "clean-up"]);
  assert.deepEqual(lines.map((line) => line.at(-1)), ["yes", "yes", ""]);
  await page.getByText("critical path only").click();
  await reads(page, "#time-words", "2 processes");
  await page.locator(".picture").click({ position: { x: 400, y: 24 + 30 } }); // the second line
  await reads(page, "h2", "sum FAILED");

  step("process");
  await reads(page, ".why .answer", "sum, run 0 ended FAILED: exit 2");
  const [run] = await cells(page, "main");
  assert.deepEqual(run.slice(0, 3), ["0", "FAILED", "exit 2"]);
  await reads(page, "p", "waits for: fetch");
  await reads(page, "p", "needed by: report");
  assert.deepEqual(await page.locator(".config > dl > dt").allInnerTexts(), ["cmdline", "needs"]); // what is set
  await reads(page, ".config pre", "seq 20000; echo 'awk: cannot open nubmers");
  await page.getByRole("link", { name: "report" }).click();
  await reads(page, "p", "It has not run.");
  await page.goBack();

  step("output");
  await reads(page, "h2", "sum FAILED");
  await press("l");
  await reads(page, ".log", "last words");
  await page.getByRole("button", { name: "first failure" }).click();
  assert.match(await page.locator("mark").innerText(), /cannot/);
  await page.getByRole("link", { name: "stdout" }).click();
  await reads(page, ".log", "20000");
  await press("/");
  await page.keyboard.type("1999");
  const marks = [];
  for (const key of ["Enter", "Enter", "Shift+Enter"]) {
    await press(key);
    marks.push(await until(page, () => document.querySelector("mark") && document.querySelector("mark").previousSibling.length));
  }
  assert.ok(marks[1] > marks[0] && marks[2] === marks[0], marks.join());
  assert.ok(await page.locator("mark").isVisible());
  await page.keyboard.type("x");
  await press("Enter");
  await reads(page, ".count", "not found");
  await press("Escape");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "download" }).click()]);
  assert.equal(download.suggestedFilename(), "sum.0.stdout");
  await press("u");
  await reads(page, "h2", "sum FAILED");

  step("sandbox");
  await press("s");
  await reads(page, "td", "numbers");
  await page.getByRole("link", { name: "deep/" }).click();
  await page.getByRole("link", { name: "er/" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "file", exact: true }).click()]);
  assert.equal(file.suggestedFilename(), "file");
  await page.getByRole("link", { name: "deep", exact: true }).click();
  await reads(page, "td", "er/");

  step("help, and the way up");
  await press("?");
  await reads(page, "dialog[open] dd", "back and forth in time");
  await press("Escape", "b");
  await reads(page, "rows-table td", "sum");
  await press("j", "j", "k", "Enter");
  await reads(page, "h2", "sum");
  await press("u");
  await reads(page, "rows-table td", "sum");
  await press("u");
  await reads(page, "h1", "Tasks");

  step("what is not there");
  await page.evaluate(() => { location.hash = "#/t/nobody"; });
  await reads(page, ".answer", "There is no task nobody");
  stage.complaints.length = 0; // the browser tells of the 404 itself
});
