// What the tests of the page stand on: a root, the real programs, the observer and a browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const packages = createRequire(join(process.env.THERMOS_NODE_PACKAGES, "package.json"));
const { chromium } = packages("playwright-core");
const bin = process.env.THERMOS_BIN;
const kPatience = 60000; // only ends a test that hangs

// Runs `body` with a stage. The test has failed if it throws, or if a page complained.
export async function test(body) {
  const stage = new Stage();
  try {
    await stage.begin();
    await body(stage);
    assert.deepEqual(stage.complaints, [], "what the pages complained about");
  } catch (failure) {
    console.error(failure);
    process.exitCode = 1;
  } finally {
    await stage.end();
  }
}

export function step(words) {
  console.log("== " + words);
}

class Stage {
  constructor() {
    this.complaints = [];
    this.programs = [];
  }

  async begin() {
    this.path = await mkdtemp(join(tmpdir(), "thermos-browser-"));
    this.root = join(this.path, "root");
    this.sandbox = join(this.path, "sandbox");
    this.browser = await chromium.launch({
      executablePath: process.env.THERMOS_CHROMIUM,
      chromiumSandbox: process.getuid() !== 0, // Chromium refuses it to root
      // No other host can even be looked up.
      args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    });
  }

  async end() {
    if (this.browser) await this.browser.close();
    for (const program of this.programs.reverse()) await program.end();
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  start(program, ...words) {
    const started = new Program(join(bin, program), words);
    this.programs.push(started);
    return started;
  }

  // Writes the configuration and begins to run it.
  async begin_run(task, id, ...options) {
    const config = join(this.path, id + ".json");
    await writeFile(config, JSON.stringify(task));
    return this.start("thermos", "run", "-q", "--root", this.root, "--sandbox", this.sandbox, "--task-id", id, ...options, config);
  }
  // Runs it to its end, and returns its exit code.
  async run(task, id, ...options) {
    return (await this.begin_run(task, id, ...options)).ended();
  }

  // A task of layers x width processes, whose records are written when the test says so.
  async put(id, layers, width, written = 0) {
    const task = this.start("put_task", this.root, id, String(layers), String(width), String(written));
    assert.equal(await task.line(), "ready");
    // Writes so many transitions; returns the wall time of the last one, in seconds.
    task.write = async (count) => {
      task.say(count + "\n");
      return Number(await task.line());
    };
    return task;
  }

  // Starts the observer; what open() opens is its page from now on.
  async observe() {
    this.observer = this.start("thermos", "observe", "--root", this.root, "--listen", "127.0.0.1:0");
    this.url = await this.observer.line();
    assert.match(this.url, /^http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    this.origin = new URL(this.url).origin;
  }

  // A tab of its own, as of a new user: {width, height, dark}. `before` is called with the empty page.
  async open(hash = "#/", { width = 1280, height = 800, dark = false, url, before } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
    const page = await context.newPage();
    page.setDefaultTimeout(kPatience);
    this.listen(page);
    if (before) await before(page);
    if (url === undefined) {
      await page.goto(this.url); // which gives the cookie
      await page.goto(this.origin + "/" + hash);
    } else {
      await page.goto(url + hash);
    }
    return page;
  }

  // Whatever a page complains about, and whatever it asks of another host, fails the test.
  listen(page) {
    const complain = (words) => this.complaints.push(words);
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complain(message.text()));
    page.on("pageerror", (error) => complain(error.stack));
    page.on("request", (request) => {
      const own = [this.origin + "/", "file:", "data:", "blob:"].some((begin) => request.url().startsWith(begin));
      if (!own) complain("a request to another host: " + request.url());
    });
  }

  // What axe-core says against the page as it is now.
  async violations(page) {
    this.axe ??= await readFile(packages.resolve("axe-core/axe.min.js"), "utf8");
    // Not as a script of the page, which its policy forbids.
    await page.evaluate(this.axe);
    return page.evaluate(async () => (await window.axe.run()).violations.map(
      (one) => one.id + ": " + one.help + "; " + one.nodes.map((node) => node.html.slice(0, 150)).join("; ")));
  }
}

class Program {
  constructor(path, words) {
    this.child = spawn(path, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdin.on("error", () => {}); // it has ended
    this.over = new Promise((done) => this.child.on("exit", (code, signal) => done(code ?? signal)));
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  ended() {
    return this.over;
  }
  say(text) {
    this.child.stdin.write(text);
  }
  // The next line that it prints.
  async line() {
    const { value, done } = await this.lines.next();
    assert.ok(!done, this.child.spawnargs.join(" ") + " ended with " + (done && (await this.over)));
    return value;
  }
  signal(name) {
    this.child.kill(name);
  }
  async end() {
    this.child.stdin.end();
    this.child.kill("SIGTERM");
    await this.over;
  }
}

// Waits until `what`, a function of the page, gives something true, and returns that.
export async function until(page, what, argument) {
  return (await page.waitForFunction(what, argument, { polling: "raf" })).jsonValue();
}

// Waits until an element of that selector reads so.
export function reads(page, selector, text) {
  return until(page, ([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(text)), [selector, text]);
}

// The texts of the cells of a table, row by row.
export function cells(page, table) {
  return page.evaluate((table) => [...document.querySelectorAll(table + " tbody tr:not(.gap)")].map(
    (row) => [...row.cells].map((cell) => cell.textContent)), table);
}

// One column of the table of tasks or processes, by its number.
export async function column(page, number) {
  return (await cells(page, "rows-table")).map((row) => row[number]);
}

export { assert };
