// axe-core finds nothing in any view, light or dark, wide or narrow; and nothing is wider than a telephone.
import { assert, reads, step, test } from "./stage.mjs";
import { kTask, views } from "./failing_task.mjs";

await test(async (stage) => {
  assert.equal(await stage.run(kTask, "t"), 1);
  await stage.observe();
  for (const dark of [false, true]) {
    for (const width of [1280, 360]) {
      const page = await stage.open("#/", { dark, width });
      for (const [name, hash, selector, text] of views("t")) {
        step(name + ", " + (dark ? "dark" : "light") + ", " + width);
        await page.evaluate((hash) => { location.hash = hash; }, hash);
        await reads(page, selector, text);
        const fold = page.getByText("The same as a list").first();
        if (await fold.isVisible()) await fold.click();
        assert.deepEqual(await stage.violations(page), [], name);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, name + " is " + wide + " wide");
      }
      await page.keyboard.press("?");
      assert.deepEqual(await stage.violations(page), [], "keys");
      await page.context().close();
    }
  }
});
