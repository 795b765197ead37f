// What happens is on the page when it has happened, in every view, and no record is missed.
import { execFileSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert, column, reads, step, test, until } from "./stage.mjs";

// From then on, `told` of the page's window is over when it is told of a task.
const told_by_event = (page) => page.evaluate(() => new Promise((hello) => {
  const events = new EventSource("/events");
  events.addEventListener("hello", hello);
  window.told = new Promise((done) => events.addEventListener("task", () => done(true)));
}));

await test(async (stage) => {
  await stage.observe();
  const list = await stage.open();
  await reads(list, ".light", "live");

  step("a task comes");
  const task = await stage.put("live", 2, 25); // 50 processes, 200 transitions
  await reads(list, "rows-table td", "live");
  assert.deepEqual(await column(list, 1), ["ACTIVE"]);
  await task.write(50);
  // A tab for each view.
  const pages = [];
  for (const view of ["", "/graph", "/timeline", "/p/layer-1-step-24"]) pages.push(await stage.open("#/t/live" + view, { height: 1900 }));
  const [table, graph, timeline, process] = pages;
  await reads(table, ".chips button", "WAITING 50");

  step("its processes go on");
  for (const state of ["FORKED", "RUNNING"]) {
    const late = [];
    // Each record is seen by itself: none waits for another.
    for (let number = 1; number <= 15; ++number) {
      const at = await task.write(1);
      const seen = await until(table, (words) => [...document.querySelectorAll(".chips button")].some((one) => one.textContent === words) && Date.now() / 1000, state + " " + number);
      late.push(seen - at);
    }
    late.sort((a, b) => a - b);
    console.log("from a record to the page: " + (1000 * late[7]).toFixed(0) + " ms, at most " + (1000 * late[14]).toFixed(0));
    await task.write(35);
    await reads(graph, "#graph-words", "50 " + state);
    await reads(timeline, "#time-words", "50 processes");
    await reads(process, "h2", state);
    await reads(list, "rows-table td", "0/50, 50 running");
  }

  step("and end");
  await task.write(49);
  await reads(table, ".chips button", "SUCCESS 49");
  assert.equal((await column(table, 0))[0], "layer-1-step-24"); // what still runs stands on top
  await task.write(1);
  for (const page of pages) await reads(page, "h1", "live SUCCESS");
  await reads(process, "h2", "SUCCESS");
  await reads(list, "rows-table td", "SUCCESS");

  step("a task goes");
  await rm(join(stage.root, "tasks/finished/live"));
  await until(list, () => document.querySelectorAll("rows-table tbody a").length === 0);

  step("output is followed");
  const gate = join(stage.path, "gate");
  execFileSync("mkfifo", [gate]);
  const run = await stage.begin_run({ name: "talk", processes: [{ name: "p", cmdline: "echo one; read -r word <" + gate + "; echo $word" }] }, "talk");
  await reads(list, "rows-table td", "0/1, 1 running");
  await table.evaluate(() => { location.hash = "#/t/talk/p/p/0/stdout"; });
  await reads(table, ".log", "one");
  await writeFile(gate, "two\n");
  await reads(table, ".log", "one\ntwo");
  assert.equal(await run.ended(), 0);

  step("a task comes while the list is on its way");
  let arrive, asked;
  const arrived = new Promise((done) => (arrive = done));
  const answered = new Promise((done) => (asked = done));
  const slow = await stage.open("#/", {
    before: (page) => page.route("**/api/tasks", async (route) => {
      const response = await route.fetch();
      asked();
      await arrived;
      await route.fulfill({ response });
    }),
  });
  await answered; // without it
  await told_by_event(slow);
  const late = await stage.put("late", 1, 1);
  await slow.evaluate(() => window.told);
  arrive();
  await reads(slow, "rows-table td", "late");
  await late.write(4);

  step("a task comes that a page waits for");
  const early = await stage.open("#/t/early");
  await reads(early, "p", "There is no task early.");
  assert.ok(stage.complaints.every((words) => words.includes("404")), stage.complaints.join("\n"));
  stage.complaints.length = 0; // the browser tells of the answer itself
  const one = await stage.put("early", 1, 1);
  await reads(early, "h1", "early");

  step("a link is pressed, a record comes, and it is let go");
  await reads(list, "rows-table td", "early");
  await told_by_event(list);
  const link = await list.locator("rows-table a", { hasText: "early" }).boundingBox();
  await list.mouse.move(link.x + link.width / 2, link.y + link.height / 2);
  await list.mouse.down();
  await one.write(1);
  await list.evaluate(() => window.told);
  await list.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await list.mouse.up();
  await reads(list, "h1", "early");
  await reads(list, ".chips button", "WAITING 1");

  step("a page that is not seen catches up");
  await list.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await reads(list, ".light", "paused");
  await one.write(3);
  await list.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await reads(list, "h1", "early SUCCESS");

  step("many at once");
  const many = await stage.put("many", 40, 25); // 1,000 processes
  await table.evaluate(() => { location.hash = "#/t/many"; });
  await reads(table, ".chips button", "not started 1,000");
  await many.write(4000);
  await reads(table, ".chips button", "SUCCESS 1,000");
  await reads(table, "h1", "many SUCCESS");

  step("the observer ends");
  stage.observer.signal("SIGTERM");
  await until(table, () => !document.querySelector(".light").classList.contains("live"));
  stage.complaints.length = 0; // the browser tells of the lost connection itself
});
