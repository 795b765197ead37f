// What a process printed is on the page once and whole, also while it prints.
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert, reads, step, test, until } from "./stage.mjs";

await test(async (stage) => {
  // One for each line: who opens a gate again may meet the writer that it has read from.
  const [first, second, printed] = ["first", "second", "printed"].map((name) => join(stage.path, name));
  execFileSync("mkfifo", [first, second, printed]);
  const run = await stage.begin_run({ name: "talk", processes: [{ name: "p",
    cmdline: "seq 60000; read -r word <" + first + "; echo $word; echo >" + printed + "; read -r word <" + second + "; echo $word" }] }, "talk");
  await stage.observe();
  const list = await stage.open();
  await reads(list, "rows-table td", "0/1, 1 running");
  let expected = "";
  for (let i = 1; i <= 60000; ++i) expected += i + "\n"; // more than is read at a time

  step("it grows between the question how long it is and the one for its end");
  let grow = true;
  const page = await stage.open("#/t/talk/p/p/0/stdout", {
    before: (page) => page.route("**/0/stdout", async (route) => {
      if (route.request().method() === "GET" && grow) {
        grow = false;
        const heard = readFile(printed);
        await writeFile(first, "two\n");
        await heard;
      }
      await route.continue();
    }),
  });
  const text = () => page.evaluate(() => document.querySelector(".log").textContent);
  expected += "two\n";
  await until(page, () => document.querySelector(".log")?.textContent.endsWith("60000\ntwo\n"));
  await writeFile(second, "three\n");
  expected += "three\n";
  await until(page, () => document.querySelector(".log").textContent.endsWith("60000\ntwo\nthree\n"));
  assert.equal(await run.ended(), 0);
  assert.ok(expected.endsWith(await text()));

  step("what stands before is asked for twice");
  await page.evaluate(() => {
    const earlier = [...document.querySelectorAll("button")].find((button) => button.textContent === "earlier");
    earlier.click();
    earlier.click();
  });
  await until(page, () => document.querySelector(".log").textContent.startsWith("1\n2\n"));
  assert.equal(await text(), expected);
});
