// What axe-core finds wrong with pages for those who cannot see them: node axe.js MODULES FILE.html…
// The pages are loaded without a screen, so that contrast is not looked at here; the window's own tests hold it.
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const [modules, ...files] = process.argv.slice(2);
const from = createRequire(path.resolve(modules) + "/");
const { JSDOM } = from("jsdom");
const axe = fs.readFileSync(from.resolve("axe-core/axe.min.js"), "utf8");

(async () => {
	for (const file of files) {
		const page = new JSDOM(fs.readFileSync(file, "utf8"), { runScripts: "outside-only", pretendToBeVisual: true });
		page.window.eval(axe);
		const found = await page.window.axe.run(page.window.document, { rules: { "color-contrast": { enabled: false } } });
		for (const v of found.violations) {
			console.log(`${path.basename(file)}: ${v.id}: ${v.help}`);
			process.exitCode = 1;
		}
		console.log(`${path.basename(file)}: ${found.passes.length} rules of axe hold`);
	}
})();
