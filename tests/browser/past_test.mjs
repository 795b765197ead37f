// Every view shows the moment that is looked at, as the program itself tells it of that moment.
import { assert, cells, reads, step, test, until } from "./stage.mjs";

// By name, the state of every process at that moment, as the program has it.
async function told(page, id, at) {
  const task = await page.evaluate(async ([id, at]) => (await fetch("/api/tasks/" + id + "?at=" + at)).json(), [id, at]);
  const states = {};
  for (const [name, runs] of Object.entries(task.processes)) states[name] = runs.at(-1).state;
  return { state: task.state, states };
}

// The same as the table shows it.
async function shown(page) {
  const states = {};
  for (const [name, state] of await cells(page, "rows-table")) if (state !== "not started") states[name.split(" ")[0]] = state; // "e final"
  return { state: await page.locator("h1 .tag").textContent(), states };
}

await test(async (stage) => {
  const flaky = {
    name: "flaky", max_failures: 0,
    processes: [
      { name: "a", cmdline: "true" },
      { name: "b", cmdline: "test -e mark || { touch mark; exit 3; }", max_failures: 3, min_duration: 0.2, needs: ["a"] },
      { name: "c", cmdline: "kill -9 $$", max_kills: 1, needs: ["a"] },
      { name: "d", cmdline: "true", needs: ["b"] },
      { name: "e", cmdline: "true", final: true },
    ],
  };
  await stage.run(flaky, "flaky");
  await stage.put("even", 2, 25, 200); // one transition each millisecond
  await stage.observe();
  const page = await stage.open("#/t/even", { height: 2400 });
  await reads(page, "h1", "even SUCCESS");

  const drag = (value) => page.evaluate((value) => {
    const slider = document.querySelector(".scrub input");
    slider.value = String(value);
    slider.dispatchEvent(new Event("input"));
  }, value);
  const moment = () => until(page, () => new URLSearchParams(location.hash.split("?")[1]).get("at"));

  for (const id of ["even", "flaky"]) {
    step("the table of " + id);
    await page.evaluate((id) => { location.hash = "#/t/" + id; }, id);
    await reads(page, "h1", id);
    const seen = new Set();
    for (let value = 15; value < 1000; value += 21) {
      await drag(value);
      const at = await moment();
      await reads(page, ".scrub output", " in");
      const expected = await told(page, id, at);
      // Drawn in the next frame.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      assert.deepEqual(await shown(page), expected, at);
      seen.add(JSON.stringify(expected));
    }
    assert.ok(seen.size > 3, "that was always the same moment");
  }

  step("what has not begun then waits");
  await drag(5);
  await reads(page, "rows-table td", "waits for a");
  assert.equal((await cells(page, "rows-table")).filter((row) => row[2].startsWith("the task ended")).length, 0);

  step("the other views");
  await page.evaluate(() => { location.hash = "#/t/even"; });
  await reads(page, "h1", "even");
  await drag(600); // of 200 ms: 120 transitions
  const at = await moment();
  const { states } = await told(page, "even", at);
  const running = Object.values(states).filter((state) => state === "RUNNING").length;
  assert.ok(running > 0 && running < 50, String(running));
  await page.keyboard.press("g");
  await reads(page, "#graph-words", running + " RUNNING");
  assert.equal(await moment(), at); // the way from view to view keeps it
  await page.keyboard.press("t");
  await reads(page, "#time-words", "50 processes, 0.1");
  const late = Object.keys(states).find((name) => states[name] === "RUNNING");
  await page.evaluate(([name, at]) => { location.hash = "#/t/even/p/" + name + "?at=" + at; }, [late, at]);
  await reads(page, "h2", "RUNNING");
  await reads(page, ".why .answer", " runs for 0.0");
  await page.getByRole("button", { name: "now", exact: true }).click();
  await reads(page, "h2", "SUCCESS");
  await reads(page, ".why .answer", "succeeded");

  step("keys");
  await page.keyboard.press("b");
  for (let i = 0; i < 3; ++i) await page.keyboard.press(",");
  await reads(page, ".scrub output", "194 s in"); // 0.97 of 0.2 s
  await page.keyboard.press(".");
  await reads(page, ".scrub output", "196 s in");
  await page.keyboard.press("n");
  await reads(page, ".scrub output", "at its end");
});
